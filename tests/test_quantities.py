"""Options of models as texts with units."""

import pytest
from brian2 import cm, ms, uA

from neurotrain import catalog
from neurotrain.errors import InvalidInput
from neurotrain.quantities import with_quantities


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("0.5*ms", 0.5 * ms),
        ("-2 * ms", -2 * ms),
        ("39.9*uA/cm**2", 39.9 * uA / cm**2),
        ("1/(15*ms)", 1 / (15 * ms)),
        ("3", 3),
    ],
)
def test_texts_that_begin_with_a_number_are_quantities(text, quantity):
    assert with_quantities({"tau": text}) == {"tau": quantity}


def test_all_else_stays_as_it_is():
    options = {"neurons": 8, "parameter_set": "snlc", "dale": 0.8, "method": "rk2"}
    assert with_quantities(options) == options


@pytest.mark.parametrize("text", ["0.5*msec", "0.5 ms", "1*ms.__class__", "2*(", "3*open('x')"])
def test_what_is_none_is_told_with_its_name(text):
    with pytest.raises(InvalidInput, match=r"'dt' must be a number times units, such as 0\.5\*ms"):
        with_quantities({"dt": text})


def test_models_take_them():
    circuit = catalog.build("models", "rate", neurons=4, channels=3, classes=2, dt="5*ms")
    assert circuit.dt_ms == 5
    with pytest.raises(InvalidInput, match="Units do not agree"):
        catalog.build("models", "morris-lecar", g_Ca="4*mV")
