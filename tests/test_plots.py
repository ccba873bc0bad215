"""Figures on Axes: each returns the Axes it is given, and draws the numbers it is given."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_hex
from numpy.testing import assert_allclose, assert_array_equal

import neurotrain as nt
from neurotrain.analysis.performance import performance_against, performance_figure
from neurotrain.analysis.style import CLASS_COLORS, as_png, as_svg, new_figure
from neurotrain.analysis.trainability import trainability_figure
from neurotrain.analysis.weight_matrices import populations_by_sign, trained_matrices
from neurotrain.errors import InvalidInput

# The same on every Python.
pytestmark = pytest.mark.slow

RNG = np.random.default_rng(0)
EDGES = np.arange(0, 41, 2.0)
VALUES = np.arange(30) % 3
COUNTS = RNG.poisson(0.3 + 0.2 * VALUES[:, None, None] * np.arange(5), (30, 20, 5))
QUANTILES = np.sort(RNG.random((4, 5)) * 20, axis=1)
METRICS = [
    {
        "generation": 5 * k,
        "trial_simulations": 400 * k,
        "validation_accuracy": 0.2 * k,
        "rate_quantiles_hz": QUANTILES[k - 1].tolist(),
    }
    for k in range(1, 5)
]
MAP = [
    {"horizon_ms": h, "gain": g, "backpropagation": b, "evolution": e}
    for h, g, b, e in ((200, 1, 0.9, 0.9), (500, 1, 0.4, 0.8), (200, 3, 0.7, 0.5))
]

# Every public function with arguments that it takes.
CALLS = {
    "learning_curves": (({"es": [METRICS]},), {}),
    "rate_distribution": ((METRICS,), {}),
    "psychometric": ((VALUES > 0, VALUES), {"chance": 0.5}),
    "delay_curve": ((VALUES > 0, VALUES), {"chance": 0.5}),
    "raster": ((COUNTS, EDGES, VALUES), {"neuron": 2}),
    "psth": ((COUNTS, EDGES, VALUES), {}),
    "voltage_traces": ((RNG.normal(-0.05, 0.01, (20, 5)), EDGES[:-1]), {}),
    "pca_trajectories": ((COUNTS, EDGES, VALUES), {"decision_period": (30, 40)}),
    "weight_matrix": ((RNG.normal(size=(4, 6)),), {"pre": list("aabbbb")}),
    "trainability_map": ((MAP, "evolution"), {"chance": 1 / 3}),
}


def given_axes():
    return new_figure(80, 60).subplots()


def line_of(axes, label: str) -> np.ndarray:
    """Return (2, point) data of the one line whose label begins so."""
    (line,) = (line for line in axes.lines if line.get_label().startswith(label))
    return np.array(line.get_data())


def corners_of(collection) -> set[tuple[float, float]]:
    (path,) = collection.get_paths()
    return {tuple(corner) for corner in path.vertices.round(9)}


@pytest.mark.parametrize("name", nt.plots.__all__)
def test_draws_on_the_axes_it_is_given_and_returns_them(name):
    data, how = CALLS[name]
    draw, axes = getattr(nt.plots, name), given_axes()
    assert draw(*data, axes=axes, **how) is axes
    assert axes.has_data()
    assert axes.get_xlabel() and axes.get_ylabel()
    assert len(as_svg(axes.figure)) > 5000


@pytest.mark.parametrize("name", nt.plots.__all__)
def test_makes_a_figure_that_pyplot_does_not_know(name):
    from matplotlib import pyplot, rcParams

    before, size = pyplot.get_fignums(), rcParams["font.size"]
    data, how = CALLS[name]
    axes = getattr(nt.plots, name)(*data, **how)
    assert axes.figure.axes == [axes]
    assert axes.has_data()
    assert axes.xaxis.label.get_fontsize() == 7 < size == rcParams["font.size"]
    assert pyplot.get_fignums() == before


def test_notebooks_show_the_figure_as_they_do_any_object():
    axes = nt.plots.delay_curve(VALUES > 0, VALUES)
    assert axes.figure._repr_png_().startswith(b"\x89PNG")


def test_user_keeps_the_style_of_axes_of_their_own():
    from matplotlib import rc_context

    with rc_context({"legend.fontsize": 17}):
        axes = nt.plots.delay_curve(VALUES > 0, VALUES, axes=given_axes())
    assert axes.get_legend().get_texts()[0].get_fontsize() == 17


# Learning curves of several runs.


def run_of(at, values, name="validation_accuracy") -> list[dict]:
    rows = zip(at, values, strict=True)
    return [{"generation": g, "trial_simulations": 10 * g, name: v} for g, v in rows]


@settings(max_examples=20)
@given(st.integers(1, 6), st.integers(1, 12), st.integers(0, 99))
def test_learning_curves_are_quantiles_over_runs(n_runs, n_points, seed):
    values = np.random.default_rng(seed).random((n_runs, n_points))
    at = np.arange(1, n_points + 1) * 5
    axes = nt.plots.learning_curves({"es": [run_of(at, each) for each in values]})
    assert_allclose(line_of(axes, "es"), [at, np.median(values, axis=0)])
    corners = corners_of(axes.collections[0])
    for k, quartile in enumerate(np.percentile(values, [25, 75], axis=0).T):
        assert all((at[k], round(each, 9)) in corners for each in quartile)


def test_runs_of_other_lengths_are_compared_where_all_have_been():
    runs = [run_of([2, 4, 6, 8], [0, 0.2, 0.4, 0.6]), run_of([3, 5], [0.5, 0.9])]
    axes = nt.plots.learning_curves({"es": runs})
    assert_allclose(line_of(axes, "es (2 runs)"), [[3, 4, 5], [0.3, 0.45, 0.6]])


def test_only_several_runs_have_quartiles():
    run = run_of([1, 2], [0.1, 0.2])
    titles = [nt.plots.learning_curves({"es": runs}).get_title() for runs in ([run], [run, run])]
    assert titles == ["", "median and quartiles"]


def test_curves_against_simulations_leave_out_what_is_missing():
    run = run_of([1, 2, 3, 4], [0.1, None, np.nan, 0.4], "loss")
    how = {"against": "trial_simulations", "measure": "loss"}
    axes = nt.plots.learning_curves({"a": [run], "b": [run]}, **how)
    assert_allclose(line_of(axes, "b (1 run)"), [[10, 40], [0.1, 0.4]])
    assert axes.get_xlabel() == "simulations of a trial" and axes.get_ylabel() == "loss"
    assert [to_hex(line.get_color()).upper() for line in axes.lines] == [*CLASS_COLORS[:2]]


# Rates.


def test_rates_are_drawn_as_they_were_kept():
    lost = {"generation": 30, "rate_quantiles_hz": None}
    axes = nt.plots.rate_distribution([{"generation": 1}, *METRICS, lost])
    assert_allclose(line_of(axes, "median"), [[5, 10, 15, 20], QUANTILES[:, 2]])
    for band, columns in zip(axes.collections, [(0, 4), (1, 3)], strict=True):
        corners = corners_of(band)
        for k, row in enumerate(QUANTILES):
            assert all((5 * (k + 1), round(row[c], 9)) in corners for c in columns)
    assert axes.get_ylim()[0] == 0 and axes.get_ylim()[1] > QUANTILES.max()


def test_rates_of_one_validation_and_of_silence_are_seen():
    axes = nt.plots.rate_distribution([{"generation": 3, "rate_quantiles_hz": [0.0] * 5}])
    assert line_of(axes, "median").tolist() == [[3], [0]]
    assert axes.get_ylim() == (0, 1)


# Rasters and PSTHs.


def test_raster_has_every_spike_of_the_shown_trials_in_order_of_the_condition():
    axes = nt.plots.raster(COUNTS, EDGES, VALUES, neuron=4, condition="class")
    order = np.argsort(VALUES, kind="stable")
    for value in range(3):
        expected = sorted(
            (EDGES[k] + 1, row)
            for row, trial in enumerate(order)
            for k in range(20)
            for _ in range(COUNTS[trial, k, 4])
            if VALUES[trial] == value
        )
        drawn = line_of(axes, f"class {value}").T
        assert sorted(map(tuple, drawn)) == expected


@pytest.mark.parametrize("neuron", [None, 3])
def test_psth_is_the_mean_rate_in_each_bin(neuron):
    period = (30.0, 40.0)
    axes = nt.plots.psth(COUNTS, EDGES, VALUES, neuron=neuron, decision_period=period)
    *stairs, shade = axes.patches
    for value, patch in enumerate(stairs):
        own = COUNTS[value == VALUES] / 2e-3
        mean = own.mean(axis=(0, 2)) if neuron is None else own.mean(axis=0)[:, neuron]
        rates, edges, _ = patch.get_data()
        assert_allclose(rates, mean)
        assert_array_equal(edges, EDGES)
    assert (shade.get_x(), shade.get_width()) == (30, 10)


# Voltages.


def test_voltages_are_drawn_in_mv_one_above_the_other():
    volts, times = RNG.normal(-0.05, 0.01, (20, 3)), np.arange(20) / 5
    axes = nt.plots.voltage_traces(volts, times, neurons=[4, 7, 9])
    for row, line in enumerate(axes.lines[:3]):
        assert_allclose(line.get_data(), [times, 1e3 * volts[:, row] + 110 * row])
    assert [text.get_text() for text in axes.get_yticklabels()] == ["4", "7", "9"]
    assert np.ptp(axes.lines[3].get_ydata()) == 50


def test_voltages_of_a_failed_trial_are_left_out():
    axes = nt.plots.voltage_traces(np.full((5, 2), np.nan), np.arange(5))
    assert len(axes.lines) == 2 and len(as_svg(axes.figure)) > 1000


# Accuracy.


def test_delay_curve_is_that_of_the_report():
    correct, delays = RNG.random(60) < 0.7, np.repeat([100, 200, 500], 20)
    axes = nt.plots.delay_curve(correct, delays, chance=0.5)
    performance = performance_against(correct, delays)
    (report,) = performance_figure(performance, condition="delay (ms)", chance=0.5).axes
    for one in (axes, report):
        (container,) = one.containers
        assert_array_equal(container.lines[0].get_data(), [[100, 200, 500], performance.accuracy])
        low, high = np.array(container.lines[2][0].get_segments())[:, :, 1].T
        assert_allclose([low, high], [performance.lower, performance.upper])
        assert one.get_xlabel() == "delay (ms)"


# Principal components.


@pytest.mark.parametrize("smoothing_ms", [0, 5])
def test_trajectories_are_the_projections_on_the_principal_components(smoothing_ms):
    how = {"smoothing_ms": smoothing_ms, "condition": "class"}
    axes = nt.plots.pca_trajectories(COUNTS, EDGES, VALUES, **how)
    rates = np.stack([COUNTS[k == VALUES].mean(axis=0) / 2e-3 for k in range(3)])
    if smoothing_ms:
        # The Gaussian as its formula says, of what lies within the trial.
        apart = np.subtract.outer(np.arange(20), np.arange(20))
        weight = np.where(abs(apart) > 10, 0, np.exp(-0.5 * (2 * apart / smoothing_ms) ** 2))
        weight /= weight.sum(axis=1, keepdims=True)
        rates = np.einsum("to,voj->vtj", weight, rates)
    samples = rates.reshape(-1, 5) - rates.reshape(-1, 5).mean(axis=0)
    _, singular, components = np.linalg.svd(samples)
    share = singular[:2] ** 2 / (singular**2).sum()
    for k in range(3):
        drawn = line_of(axes, f"class {k}")
        expected = (samples @ components[:2].T)[20 * k : 20 * (k + 1)].T
        sign = np.sign((drawn * expected).sum(axis=1))
        assert_allclose(drawn, sign[:, None] * expected, rtol=1e-9, atol=1e-9 * samples.max())
    assert f"{share[0]:.0%} of the variance" in axes.get_xlabel()
    assert f"{share[1]:.0%}" in axes.get_ylabel()


def test_decision_period_is_thick_and_ends_are_marked():
    axes = nt.plots.pca_trajectories(COUNTS, EDGES, VALUES, decision_period=(30, 40))
    path, decides, first, last = (np.array(line.get_data()) for line in axes.lines[:4])
    assert_array_equal(decides, path[:, 15:])
    assert_array_equal(first, path[:, :1])
    assert_array_equal(last, path[:, -1:])


# Weights.


def test_weights_are_sorted_by_population():
    weights = RNG.normal(size=(4, 5))
    axes = nt.plots.weight_matrix(weights, post=list("baba"), pre=[2, 1, 2, 1, 3])
    assert_array_equal(axes.images[0].get_array(), weights[[0, 2, 1, 3]][:, [0, 2, 1, 3, 4]])
    assert [text.get_text() for text in axes.get_yticklabels()] == ["b", "a"]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["2", "1", "3"]
    assert_array_equal(axes.get_xticks(), [0.5, 2.5, 4])
    lines = [line.get_data() for line in axes.lines]
    assert [x[0] for x, _ in lines[:2]] == [1.5, 3.5]
    assert lines[2][1][0] == 1.5


@pytest.mark.parametrize("largest", [None, 4.0])
def test_white_is_zero(largest):
    axes = nt.plots.weight_matrix(np.array([[1.0, -3], [np.nan, 0]]), largest=largest)
    image = axes.images[0]
    assert image.get_clim() == ((-3, 3) if largest is None else (-4, 4))
    red, white, blue = image.cmap(image.norm([3.0, 0.0, -3.0]))
    assert white[:3] == pytest.approx([0.97] * 3, abs=0.02)
    assert red[0] > red[2] and blue[0] < blue[2]
    assert np.ma.getmaskarray(image.get_array()).tolist() == [[False, False], [True, False]]


def test_populations_follow_from_signs_under_dales_law_only():
    assert populations_by_sign(np.array([[1, -1, 0], [0, -2, 1]])).tolist() == ["E", "I", "E"]
    for mixed in ([[1, -1], [-1, -1]], [[1, 1]], [[0, 0]]):
        assert populations_by_sign(np.array(mixed)) is None


def test_matrices_of_a_circuit_are_to_rows_from_columns():
    circuit = nt.models.morris_lecar(6, channels=4)
    weights = circuit.parameters.draw(np.random.default_rng(0))
    blocks = circuit.parameters.split(weights)
    matrices = trained_matrices(circuit, blocks)
    assert list(matrices) == ["recurrent.weight", "input.weight"]
    circuit.apply(weights)
    recurrent = circuit.objects["recurrent"]
    expected = np.full((6, 6), np.nan)
    for i, j, weight in zip(recurrent.i, recurrent.j, recurrent.weight, strict=True):
        expected[j, i] = weight
    assert_array_equal(matrices["recurrent.weight"], expected)
    assert matrices["input.weight"].shape == (6, 4)


# Maps.


def test_the_map_is_that_of_the_figure():
    figure = trainability_figure(MAP, chance=1 / 3)
    for axes, method in zip(figure.axes, ("backpropagation", "evolution"), strict=False):
        own = nt.plots.trainability_map(MAP, method, chance=1 / 3)
        expected = [[MAP[0][method], MAP[1][method]], [MAP[2][method], np.nan]]
        for one in (axes, own):
            assert_array_equal(one.images[0].get_array().filled(np.nan), expected)
            assert one.images[0].get_clim() == (1 / 3, 1)


# Bad input.


@pytest.mark.parametrize(
    ("name", "data", "how", "said"),
    [
        ("learning_curves", ({"a": []},), {}, "one or more"),
        ("learning_curves", ({"a": [METRICS, []]},), {}, "one or more"),
        ("learning_curves", ({"a": [METRICS]},), {"measure": "los"}, "'los'"),
        ("learning_curves", ({"a": [METRICS]},), {"against": "seconds"}, "seconds"),
        ("learning_curves", ({"a": [METRICS[:1], METRICS[3:]]},), {}, "in common"),
        ("rate_distribution", ([{"generation": 1}],), {}, "earlier versions"),
        ("psychometric", ([True], [1, 2]), {}, "for each trial"),
        ("delay_curve", ([True], [1, 2]), {}, "for each trial"),
        ("raster", (COUNTS, EDGES, VALUES), {"neuron": 5}, "no neuron 5"),
        ("raster", (COUNTS[0], EDGES, VALUES), {"neuron": 0}, "no neuron 0"),
        ("raster", (COUNTS, EDGES[1:], VALUES), {"neuron": 0}, "Spike counts"),
        ("psth", (COUNTS, EDGES, VALUES), {"neuron": -1}, "no neuron -1"),
        ("psth", (COUNTS, EDGES, VALUES[1:]), {}, "each of the 30 trials"),
        ("voltage_traces", (np.zeros((5, 2)), np.arange(4)), {}, "5, 2"),
        ("voltage_traces", (np.zeros((5, 2)), np.arange(5)), {"neurons": [1]}, "1 neurons"),
        ("pca_trajectories", (0 * COUNTS, EDGES, VALUES), {}, "no components"),
        ("pca_trajectories", (COUNTS, EDGES, VALUES), {"smoothing_ms": -1}, "width_ms"),
        ("weight_matrix", (np.zeros(3),), {}, "finite"),
        ("weight_matrix", (np.full((2, 2), np.inf),), {}, "finite"),
        ("weight_matrix", (np.zeros((2, 2)),), {"post": [1]}, "'post'"),
        ("trainability_map", (MAP, "snes"), {"chance": 0.5}, "snes"),
        ("trainability_map", ([], "evolution"), {"chance": 0.5}, "at least one"),
    ],
)
def test_bad_input_is_refused(name, data, how, said):
    with pytest.raises(InvalidInput, match=said):
        getattr(nt.plots, name)(*data, **how)


# Files.


def test_svg_is_the_same_every_time_and_names_no_date():
    data, how = CALLS["pca_trajectories"]
    first, second = (as_svg(nt.plots.pca_trajectories(*data, **how).figure) for _ in range(2))
    assert first == second
    assert b"date" not in first and b"<script" not in first


def test_positive_weights_are_red_and_negative_ones_blue_on_paper():
    from matplotlib.image import imread

    axes = nt.plots.weight_matrix(np.repeat([[1.0] * 5 + [-1.0] * 5], 10, axis=0))
    pixels = imread(BytesIO(as_png(axes.figure)))
    box = axes.get_window_extent()
    middle = pixels[len(pixels) - int(box.y0 + box.height / 2)]
    left, right = (middle[int(box.x0 + part * box.width)] for part in (0.25, 0.75))
    assert_allclose(left[:3], [0.40, 0, 0.12], atol=0.05)
    assert_allclose(right[:3], [0.02, 0.19, 0.38], atol=0.05)
