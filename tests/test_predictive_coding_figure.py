"""The figure of predictive coding beside backpropagation, and the page's examples of it."""

import re

import numpy as np
import pytest

from neurotrain.analysis.predictive_coding import updates_figure
from neurotrain.errors import InvalidInput

SWEEPS = np.array([1, 10, 100])
ERRORS = np.linspace(1, 0, 6).reshape(3, 2)


def drawn(expected=ERRORS):
    errors = {"fixed": ERRORS, "strict": ERRORS / 2}
    largest = {0.1: np.array([1, 0.5, 0.2]), 1.0: np.array([1, np.inf, np.nan])}
    losses = {"backpropagation": np.geomspace(2, 0.1, 40), "strict": np.geomspace(2, 0.2, 40)}
    return updates_figure(SWEEPS, errors, expected, largest, losses)


def test_figure_shows_errors_by_layer_and_losses_by_name():
    fixed, strict, steps, training = drawn().axes
    assert np.array_equal(fixed.lines[0].get_ydata(), ERRORS[:, 0])
    # Two layers, and what is expected of both.
    assert len(fixed.lines) == 4
    assert np.array_equal(strict.lines[1].get_ydata(), ERRORS[:, 1] / 2)
    names = [[text.get_text() for text in a.get_legend().get_texts()] for a in (steps, training)]
    assert names == [["step 0.1", "step 1"], ["backpropagation", "strict"]]
    drawn().canvas.draw()


def test_figure_refuses_shapes_that_do_not_go_together():
    with pytest.raises(InvalidInput, match="same sweeps and layers"):
        drawn(ERRORS[:2])


def test_example_of_the_page_runs(top):
    torch = pytest.importorskip("torch")
    page = (top / "docs" / "learning-rules.md").read_text()
    example = next(e for e in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "infer" in e)
    names: dict = {"__name__": "page"}
    with torch.random.fork_rng():
        exec(compile(example, "learning-rules.md", "exec"), names)
    assert len(names["inferred"].beliefs) == len(names["inferred"].errors) == 4
    for name in ("share_of_backpropagation", "PCInfer", *map('"{}"'.format, ("exact", "strict"))):
        assert name in page
