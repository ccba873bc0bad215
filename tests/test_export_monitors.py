"""Monitors of a plain Brian2 simulation as Neo objects, to the bit."""

import brian2
import brian2.units.allunits
import neo
import numpy as np
import pytest
import quantities
from brian2 import Hz, PopulationRateMonitor, SpikeMonitor, StateMonitor, ms, mV

import neurotrain as nt
from neurotrain.export import from_monitors
from neurotrain.export.units import BASE, si_unit

UNITS = [one for one in vars(brian2.units.allunits).values() if isinstance(one, brian2.Unit)]


@pytest.fixture(scope="module")
def monitors() -> dict:
    neurons = brian2.NeuronGroup(
        6,
        """dv/dt = (E - v)/(10*ms) : volt
        E : volt
        current = E/(10*Mohm)/(2*umetre)**2 : amp/meter**2""",
        threshold="v > 10*mV",
        reset="v = 0*mV",
        method="exact",
        name="cells",
    )
    # The first stays silent.
    neurons.E = np.linspace(5, 30, 6) * mV
    made = {
        "spikes": SpikeMonitor(neurons, variables=["E"]),
        "part": SpikeMonitor(neurons[2:5]),
        "states": StateMonitor(neurons, ["v", "current"], record=[1, 4], dt=0.5 * ms),
        "rate": PopulationRateMonitor(neurons),
        "counts": SpikeMonitor(neurons, record=False),
    }
    network = brian2.Network(neurons, *made.values())
    network.run(30 * ms, namespace={})
    # A second run, as of somebody who looks in between.
    network.run(20 * ms, namespace={})
    return made


def test_spikes_are_those_of_the_monitor_to_the_bit(monitors):
    spikes = monitors["spikes"]
    (segment,) = from_monitors(spikes, seed=3).segments
    trains = segment.spiketrains
    assert len(trains) == 6 and len(trains[0]) == 0 and spikes.num_spikes > 10
    for neuron, train in enumerate(trains):
        its = np.asarray(spikes.i) == neuron
        np.testing.assert_array_equal(train.rescale("s").magnitude, np.asarray(spikes.t_)[its])
        np.testing.assert_array_equal(train.array_annotations["E"].magnitude, spikes.E_[its])
        assert str(train.array_annotations["E"].dimensionality) == "V"
        assert float(train.t_stop.rescale("ms")) == pytest.approx(50)
        assert train.annotations == {"neuron": neuron, "population": "cells"}


def test_a_subgroup_counts_its_own_neurons(monitors):
    block = from_monitors(monitors["spikes"], monitors["part"])
    assert [len(group.spiketrains) for group in block.groups] == [6, 3]
    whole, part = block.segments[0].spiketrains[:6], block.segments[0].spiketrains[6:]
    for train, same in zip(part, whole[2:5], strict=True):
        np.testing.assert_array_equal(train.magnitude, same.magnitude)


def test_states_are_those_of_the_monitor_with_their_units(monitors):
    states = monitors["states"]
    signals = from_monitors(states).segments[0].analogsignals
    assert [signal.annotations["variable"] for signal in signals] == ["v", "current"]
    for signal, unit in zip(signals, ("V", "A/m**2"), strict=True):
        values = getattr(states, f"{signal.annotations['variable']}_")
        np.testing.assert_array_equal(signal.magnitude, np.asarray(values).T)
        assert signal.units == quantities.Quantity(1, unit)
        assert signal.array_annotations["neuron"].tolist() == [1, 4]
        np.testing.assert_allclose(signal.times.rescale("s").magnitude, states.t_, atol=1e-12)


def test_a_population_rate_is_in_hertz(monitors):
    (signal,) = from_monitors(monitors["rate"]).segments[0].analogsignals
    np.testing.assert_array_equal(signal.magnitude[:, 0], monitors["rate"].rate / Hz)
    assert str(signal.dimensionality) == "Hz"


def test_a_step_that_changed_makes_an_irregular_signal():
    neurons = brian2.NeuronGroup(1, "dv/dt = 1/second : 1", method="euler", dt=0.1 * ms)
    states = StateMonitor(neurons, "v", record=True)
    network = brian2.Network(neurons, states)
    network.run(1 * ms)
    neurons.clock.dt = 0.5 * ms
    network.run(2 * ms)
    (signal,) = from_monitors(states).segments[0].irregularlysampledsignals
    np.testing.assert_array_equal(signal.times.rescale("s").magnitude, states.t_)
    np.testing.assert_array_equal(signal.magnitude[:, 0], states.v[0])


def test_what_cannot_be_exported_is_named(monitors):
    with pytest.raises(nt.InvalidInput, match="record=True"):
        from_monitors(monitors["counts"])
    with pytest.raises(nt.InvalidInput, match="got NeuronGroup"):
        from_monitors(brian2.NeuronGroup(1, "v : 1"))
    with pytest.raises(nt.InvalidInput, match="no monitors"):
        from_monitors()


def test_annotations_are_plain():
    block = nt.export.from_monitors(
        SpikeMonitor(brian2.NeuronGroup(1, "v : 1", threshold="v > 1")),
        versions={"brian2": "2.9"},
        none=None,
        shape=(1, 2),
        mixed=[1, "a"],
        number=np.float32(0.5),
    )
    assert block.annotations == {
        "versions_brian2": "2.9",
        "shape": [1, 2],
        "mixed": "[1, 'a']",
        "number": 0.5,
    }
    assert isinstance(block, neo.Block)


def test_every_unit_of_brian2_is_the_same_in_neo():
    assert len(UNITS) > 1000
    for dimension in {unit.dim for unit in UNITS if not unit.dim.is_dimensionless}:
        base = quantities.Quantity(1.0, si_unit(dimension)).simplified
        powers = {unit.symbol: power for unit, power in base.dimensionality.items()}
        expected = dict(zip(BASE, dimension._dims, strict=True))
        assert base.item() == pytest.approx(1)
        assert powers == {name: power for name, power in expected.items() if power}
