"""docs/neural-odes.md: its examples run as they stand and come to what is said of them."""

import re

import numpy as np
import pytest

from neurotrain import neural_ode
from neurotrain.neural_ode.descent import GRADIENTS
from neurotrain.neural_ode.kernel import METHODS


@pytest.fixture(scope="module")
def page(top):
    return (top / "docs" / "neural-odes.md").read_text()


def test_examples_run(page):
    names: dict = {"__name__": "page"}
    first, *others = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(compile(first, "neural-odes.md", "exec"), names)
    fit, data = names["fit"], names["data"]
    for training in (names["evolved"], names["descended"]):
        assert fit.loss(training.parameters) < 0.02
        assert np.abs(fit.trajectory(training.parameters) - data).mean() < 0.1
    for example in others:
        exec(compile(example, "neural-odes.md", "exec"), names)
    assert names["short"].history.generations == 5
    assert np.isfinite(names["short"].best_loss)


def test_everything_public_is_told(page):
    for name in set(neural_ode.__all__) - {"Solution", "Training", "History"}:
        assert f"`{name}" in page or f"neural_ode.{name}" in page, name
    for name in (*GRADIENTS, *METHODS):
        assert f'`"{name}"`' in page, name
