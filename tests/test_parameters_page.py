"""The example of docs/parameters.md runs as it stands, but for its length."""

import re
from pathlib import Path

import numpy as np
import pytest

# The same on every Python.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def names(top: Path, tmp_path_factory) -> dict:
    """Return what the example leaves behind, run in a folder of its own."""
    text = (top / "docs" / "parameters.md").read_text()
    found = re.search(r"<!-- example -->\n```python\n(.*?)```\n<!-- /example -->", text, re.DOTALL)
    full, short = "trial_simulations=10**6", "trial_simulations=6500"
    assert found[1].count(full) == 1
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("page"))
        namespace: dict = {"__name__": "page"}
        exec(compile(found[1].replace(full, short), "parameters.md", "exec"), namespace)
    return namespace


def test_constraints_hold_after_training(names):
    values, synapses = names["result"].parameters, names["recurrent"]
    weights, pre, post = values["recurrent.weight"], np.array(synapses.i), np.array(synapses.j)
    assert (weights[pre < 16] >= 0).all() and (weights[pre >= 16] <= 0).all()
    assert (weights[pre == post] == 0).all()
    assert 0.2 < (weights != 0).mean() < 0.4
    assert ((values["neurons.g_L"] > 5e-9) & (values["neurons.g_L"] < 20e-9)).all()
    start = names["circuit"].parameters.split(names["result"].initial_weights)
    np.testing.assert_array_equal(values["input.weight"], start["input.weight"])
    assert (weights != start["recurrent.weight"]).any()


def test_the_rate_and_the_budget_are_those_asked_for(names):
    assert abs(names["found"].rate_hz - 20) <= 2
    assert names["result"].summary["ended_by"] == "trial-simulations"
