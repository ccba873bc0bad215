"""docs/backpropagation.md: its examples run as they stand, and its table of losses is complete."""

import re

import pytest

from neurotrain.gradients import differentiable_losses
from neurotrain.losses import LOSSES
from neurotrain.optimizers import gradient_descent_names, optimizer_options

pytestmark = pytest.mark.usefixtures("compiled_quickly")


@pytest.fixture(scope="module")
def page(top):
    return (top / "docs" / "backpropagation.md").read_text()


def test_examples_run(page, tmp_path, monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    names: dict = {"__name__": "page"}
    for example in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(compile(example, "backpropagation.md", "exec"), names)
    assert names["result"].test_accuracy > 0.8
    assert names["gradient"].shape == (2, names["result"].circuit.parameters.size)
    assert names["hybrid"].summary["skipped_share"] == 0
    begun, start = names["begun"], names["start"]
    assert begun.initial_weights.size == sum(values.size for values in start.blocks.values())
    assert names["components"].shape == (5, 32)
    assert all(metrics["guiding_gradients"] == 1 for metrics in names["guided"].metrics)


def test_all_losses_are_told(page):
    section = page.split("\n## Losses that have a derivative\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([\w-]+)` \| (.*) \|$", section, re.MULTILINE)
    assert {name for name, _ in rows} == set(LOSSES)
    with_one = [name for name, derivative in rows if not derivative.startswith("no")]
    assert sorted(with_one) == differentiable_losses()


def test_options_are_told(page):
    section = page.split("\n## Training by backpropagation\n")[1].split("\n## ")[0]
    for name in gradient_descent_names():
        for option in set(optimizer_options(name)) - {"generations"}:
            assert f"`{option}`" in section, option
