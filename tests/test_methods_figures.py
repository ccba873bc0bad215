"""Figures that compare methods: what is drawn where, and that they can be written."""

import numpy as np
import pytest

from neurotrain.analysis.learning_costs import learning_costs_figure
from neurotrain.analysis.methods import methods_figure
from neurotrain.analysis.ode_curves import ode_curves_figure
from neurotrain.analysis.style import write_pngs
from neurotrain.analysis.trainability import trainability_figure

CHANCE = 1 / 3


def write(figure, tmp_path):
    """Return how large the image is that a figure becomes."""
    (path,) = write_pngs({"figure": figure}, tmp_path)
    return path.stat().st_size


def test_methods_have_a_color_each_and_a_range(tmp_path):
    rows = [
        {"method": method, "test_accuracy": a, "lowest": a - 0.1, "highest": a + 0.05}
        for method, a in (("a", 0.8), ("b", 0.5), ("a", 0.6))
    ]
    figure = methods_figure(rows, ["x", "y", "z"], chance=CHANCE)
    (axes,) = figure.axes
    lines = axes.get_lines()
    np.testing.assert_allclose(lines[0].get_xdata(), [0.7, 0.85])
    assert lines[1].get_xdata() == [0.8]
    assert lines[0].get_color() == lines[4].get_color() != lines[2].get_color()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["x", "y", "z"]
    assert write(figure, tmp_path) > 1000


def test_curves_show_medians_over_trainings(tmp_path):
    one = {"seconds": [1.0, 2.0], "trial_simulations": [10, 20]}
    curves = {"a": [{**one, "accuracy": [x, x]} for x in (0.2, 0.5, 0.6)]}
    figure = learning_costs_figure(curves, chance=CHANCE)
    for axes, at in zip(figure.axes, ([1, 2], [10, 20]), strict=True):
        median = axes.get_lines()[3]
        np.testing.assert_allclose(median.get_xdata(), at)
        np.testing.assert_allclose(median.get_ydata(), 0.5)
        assert axes.get_xscale() == "log"
    assert write(figure, tmp_path) > 1000


def test_medians_end_with_the_shortest_training_and_methods_without_one_are_left_out():
    one = {"seconds": [1.0, 2.0], "trial_simulations": [10, 20], "accuracy": [0.4, 0.6]}
    short = {name: values[:1] for name, values in one.items()}
    figure = learning_costs_figure({"a": [one, short], "b": []}, chance=CHANCE)
    lines = figure.axes[0].get_lines()
    assert [len(line.get_xdata()) for line in lines[:3]] == [2, 1, 1]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a"]


@pytest.mark.parametrize("missing", [0, 1])
def test_maps_have_numbers_in_cells_and_frames_where_a_method_is_better(missing, tmp_path):
    rows = [
        {"horizon_ms": h, "gain": g, "backpropagation": bp, "evolution": es}
        for h, g, bp, es in (
            (200.0, 1.0, 0.9, 0.9),
            (1000.0, 1.0, 0.4, 0.8),
            (200.0, 10.0, 0.7, 0.5),
            (1000.0, 10.0, 0.0, 0.36),
        )
    ][: 4 - missing]
    figure = trainability_figure(rows, chance=CHANCE)
    bp, es, _ = figure.axes
    shown = {(t.get_position()): t.get_text() for t in bp.texts}
    assert shown[1, 0] == "0.40" and shown[0, 1] == "0.70" and shown[0, 0] == "0.90"
    assert len(shown) == 4 - missing
    assert len(bp.patches) == 1
    assert len(es.patches) == 2 - missing
    assert [label.get_text() for label in bp.get_xticklabels()] == ["200", "1000"]
    assert write(figure, tmp_path) > 1000


def test_losses_of_neural_odes_are_running_means(tmp_path):
    loss = np.r_[np.ones(40), np.inf, np.full(39, 0.5)]
    one = {"loss": loss, "generation": np.arange(1, 81), "seconds": 0.1 * np.arange(1, 81)}
    figure = ode_curves_figure(
        {"published": {"a": [one, one]}, "equal": {"b": [one]}}, ("generation", "seconds")
    )
    left, right = figure.axes
    assert [line.get_color() for line in left.get_lines()] == [left.get_lines()[0].get_color()] * 2
    assert right.get_lines()[0].get_color() != left.get_lines()[0].get_color()
    shown = left.get_lines()[0].get_ydata()
    # Means over two points: the one that failed is left out.
    np.testing.assert_allclose(shown[[0, 39, 40, 41, 42]], [1, 1, 1, 0.5, 0.5])
    np.testing.assert_allclose(right.get_lines()[0].get_xdata()[-1], 8.0)
    assert left.get_xlabel() == "generation, or step" and right.get_xlabel().startswith("seconds")
    assert write(figure, tmp_path) > 1000
