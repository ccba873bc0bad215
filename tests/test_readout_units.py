"""Readouts of variables with a unit, which Brian2 keeps in base units."""

import warnings

import brian2
import pytest
from brian2 import NeuronGroup, ms

import neurotrain as nt

# The same on every Python.
pytestmark = pytest.mark.slow


def group(unit):
    return NeuronGroup(
        4,
        f"""
        dx/dt = -x/(10*ms) + drive*one/ms : {unit}
        drive : 1
        """,
        dt=1 * ms,
        namespace={"one": 1 if unit == "1" else getattr(brian2, unit), "ms": ms},
    )


def make(neurons, readout, start=None):
    return nt.Circuit(
        neurons,
        inputs=nt.Input("drive", channels=2),
        readout=readout,
        train={"input.weight": nt.Normal(0, 1), **(start or {})},
    )


@pytest.mark.parametrize("readout", [nt.GradedReadout("x", 2), nt.TrajectoryReadout("x", 1)])
@pytest.mark.parametrize(
    ("unit", "told"),
    [
        ("amp", "takes 'x' in A, of which 1 pA is 1e-12"),
        ("volt", "'x_read = x/mV : 1'"),
        ("siemens", "'x_read = x/nS : 1'"),
        ("metre", "takes 'x' in m, of which 1 m is 1"),
    ],
)
def test_weights_of_plain_numbers_for_a_variable_with_a_unit_are_told(readout, unit, told):
    neurons = group(unit)
    # Not pytest.warns, which gives those of other modules on as this one's.
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        make(neurons, readout)
    [one] = [each for each in caught if each.category is UserWarning]
    assert told in str(one.message)
    assert one.filename == __file__


@pytest.mark.parametrize(
    ("readout", "unit", "start"),
    [
        (nt.GradedReadout("x", 2), "1", None),
        (nt.GradedReadout("x", 2, nt.Normal(0, 1e9)), "amp", None),
        (nt.GradedReadout("x", 2), "amp", {"readout.weight": nt.Normal(0, 1e9)}),
    ],
)
def test_numbers_and_weights_that_are_meant_for_a_unit_are_not(readout, unit, start):
    make(group(unit), readout, start)
