"""docs/rate-to-spike.md: its examples run as they stand, and everything public is told."""

import re
from dataclasses import replace

import numpy as np
import pytest

from neurotrain import rate_to_spike
from neurotrain.rate_to_spike.tasks import task_names

# The same on every Python.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def page(top):
    return (top / "docs" / "rate-to-spike.md").read_text()


def run_examples(page, torch):
    """Run the examples that need torch, or the others, and return the names that they made."""
    names: dict = {"__name__": "page"}
    for example in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        if ("adam" in example) == torch:
            exec(compile(example, "rate-to-spike.md", "exec"), names)
    return names


def test_examples_run(page):
    names = run_examples(page, torch=False)
    assert names["measured"].nmse < 0.05
    assert names["own"].nmse < 0.05
    assert names["recorded"].nmse < 0.05
    assert names["forced"].nmse < 0.08
    assert names["first"].test_nmse.shape == (2,)
    exported = names["exported"].recorded.z.T
    assert rate_to_spike.nmse(exported, names["result"].test().signals).max() < 0.05
    assert rate_to_spike.measure(names["muscles"], 5).factor_nmse < 0.02


def test_spiking_neurons_choose_as_well_as_the_rate_network(page, tmp_path, monkeypatch):
    """Chance is 1/3; the standard error of a share of 0.95 in 200 trials is 0.015."""
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    names = run_examples(page, torch=True)
    share, of_rates = names["share"], names["of_rates"]
    assert of_rates > 0.9
    assert share > of_rates - 0.06
    # Not the answer to another trial's question.
    signals, task = names["shown"].signals, names["task"]
    others = replace(signals, conditions={"label": np.roll(signals.conditions["label"], 1)})
    assert task.score(names["shown"].stretch.outputs, others).mean() < 0.55


def test_everything_public_is_told(page):
    for name in set(rate_to_spike.__all__) - {"RateToSpike"}:
        assert re.search(rf"`{name}[`(]|rate_to_spike\.{name}\b", page), name
    for name in (*rate_to_spike.preset_names(), *task_names()):
        assert f"`{name}`" in page, name
