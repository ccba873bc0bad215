"""docs/gradient-instruments.md: its examples run as they stand, and its table is complete."""

import re

import numpy as np
import pytest

from neurotrain import gradients

pytestmark = pytest.mark.usefixtures("compiled_quickly")

OF_TRAINING = {
    "differentiate",
    "loss_and_gradient",
    "sweep_learning_rates",
    "differentiable_losses",
}


@pytest.fixture(scope="module")
def page(top):
    return (top / "docs" / "gradient-instruments.md").read_text()


def test_examples_run(page):
    first, *others = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names: dict = {"__name__": "page"}
    exec(compile(first, "gradient-instruments.md", "exec"), names)
    assert names["plane"].losses.shape == (11, 11)
    assert names["exponents"].growth.shape == (10, 16, 1)
    assert np.isfinite(names["smooth"].gradient).all()
    pytest.importorskip("torch")
    for example in others:
        exec(compile(example, "gradient-instruments.md", "exec"), names)
    assert names["agreement"].measured > 0
    assert names["horizon"].norms["recurrent.weight"].shape == (3, 1)


def test_every_instrument_is_told(page):
    functions = {name for name in gradients.__all__ if name.islower()} - OF_TRAINING
    parts = {"cosine", "block_norms"}
    for name in functions - parts:
        assert f"`{name}" in page, name
