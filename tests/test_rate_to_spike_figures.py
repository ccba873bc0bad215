"""Figures of trained spiking networks: what is drawn where, and that they can be written."""

import numpy as np
import pytest

from neurotrain.analysis.rate_to_spike import activity_figure, errors_figure, variance_figure
from neurotrain.analysis.style import write_pngs
from neurotrain.errors import InvalidInput
from neurotrain.rate_to_spike import ShortTraining, train
from neurotrain.rate_to_spike.report import save_figures


def parts(n_steps=40, n_neurons=120):
    rng = np.random.default_rng(0)
    series = [rng.normal(size=(n_steps, n)) for n in (2, 2, 6, 6)]
    return [np.arange(n_steps) * 0.5, *series, rng.random((n_steps, n_neurons)) < 0.1]


def test_activity_shows_all_outputs_some_factors_and_spikes():
    given = parts()
    figure = activity_figure(*given)
    assert len(figure.axes) == 2 + 4 + 1
    wanted, produced = figure.axes[1].get_lines()
    np.testing.assert_array_equal(wanted.get_ydata(), given[1][:, 1])
    np.testing.assert_array_equal(produced.get_ydata(), given[2][:, 1])
    np.testing.assert_array_equal(figure.axes[4].get_lines()[1].get_ydata(), given[4][:, 2])
    (spikes,) = figure.axes[-1].get_lines()
    rows = spikes.get_ydata()
    assert rows.max() < 50
    assert figure.axes[-1].get_ylabel() == "neuron (50 of 120)"
    # The first and the last neuron are among those shown.
    for row, neuron in ((0, 0), (49, 119)):
        expected = given[0][given[5][:, neuron]]
        np.testing.assert_array_equal(spikes.get_xdata()[rows == row], expected)


def test_parts_of_other_times_are_refused():
    given = parts()
    given[2] = given[2][:-1]
    with pytest.raises(InvalidInput, match=r"the same times, got \[39, 40\] steps"):
        activity_figure(*given)


def test_variance_begins_with_the_first_component():
    figure = variance_figure({"a": np.array([0.5, 0.9, 1.0]), "b": np.linspace(0.1, 1, 30)})
    one, other = figure.axes[0].get_lines()
    np.testing.assert_array_equal(one.get_xdata(), [1, 2, 3])
    assert len(other.get_xdata()) == 20


def test_errors_are_joined_by_medians(tmp_path):
    figure = errors_figure(
        {"components": {12: [0.01, 0.02, 0.5], 2: [0.4]}, "neurons": {300: [0.1], 500: [0.2]}}
    )
    line = figure.axes[0].get_lines()[-1]
    np.testing.assert_array_equal(line.get_xdata(), [2, 12])
    np.testing.assert_array_equal(line.get_ydata(), [0.4, 0.02])
    assert figure.axes[1].get_xlabel() == "neurons"
    (path,) = write_pngs({"errors": figure}, tmp_path)
    assert path.stat().st_size > 1000
    with pytest.raises(InvalidInput, match="at least one value"):
        errors_figure({"components": {}})


@pytest.mark.filterwarnings(f"ignore::{ShortTraining.__module__}.ShortTraining")
def test_figures_of_a_network_are_written(tmp_path):
    sizes = {"neurons": 40, "rate_units": 30, "components": 4, "settle_trials": 1}
    counts = {"component_trials": 2, "demean_trials": 2, "test_trials": 2}
    result = train(trials=3, progress=False, **sizes, **counts)
    written = save_figures(result, tmp_path / "figures")
    assert [path.name for path in written] == ["activity.png", "variance.png"]
    assert all(path.stat().st_size > 1000 for path in written)
