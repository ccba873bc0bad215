"""What the figures show is what was measured; they appear whole, and leave pyplot alone."""

import subprocess
import sys
from dataclasses import replace
from io import BytesIO
from xml.etree import ElementTree

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import neurotrain as nt
from neurotrain.analysis import figures as figures_module
from neurotrain.analysis.figures import (
    PNGS,
    delay_condition,
    main_condition,
    run_figures,
    save_figures,
    typical_trials,
)
from neurotrain.analysis.learning_curve import learning_curve
from neurotrain.analysis.psychometric import equal_bins, psychometric, psychometric_curve
from neurotrain.analysis.rasters import before_after, trial_rasters
from neurotrain.analysis.style import new_figure, write_pngs
from neurotrain.analysis.trial_activity import TrialActivity, record_trials, select_trials
from neurotrain.errors import InvalidInput, RunFolderError
from neurotrain.seeding import generator

FIGURES = {*PNGS, "psth", "rates", "trajectories", "weights"}
NAMES = sorted([f"{name}.svg" for name in FIGURES] + [f"{name}.png" for name in PNGS])


def size_of_png(content: bytes) -> tuple[int, ...]:
    """Return the pixels of an image, which must decode to its last byte."""
    from matplotlib.image import imread

    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    return imread(BytesIO(content), format="png").shape


def draws(figure) -> bool:
    """Whether the figure can be drawn, layout included; warnings are errors."""
    image = BytesIO()
    figure.savefig(image, format="png", dpi=50)
    return size_of_png(image.getvalue())[2] == 4


def line_of(axes, label: str) -> np.ndarray:
    """Return (2, point) data of the one line that is called so."""
    (line,) = (line for line in axes.lines if line.get_label().startswith(label))
    return np.array(line.get_data())


# Learning curves.


def metrics_of(generations: int, every: int = 3) -> list[dict]:
    rng = np.random.default_rng(generations)
    metrics = []
    for generation in range(1, generations + 1):
        names = ("loss", "loss_std", "accuracy", "silent_share", "blocked_share", "failed_share")
        one = {name: float(rng.random()) for name in names}
        one |= {"generation": generation, "spikes_per_neuron": 4 * float(rng.random())}
        if generation % every == 0:
            one |= {"validation_loss": rng.random(), "validation_accuracy": rng.random()}
        metrics.append(one)
    return metrics


@pytest.mark.parametrize(
    ("panel", "label", "name"),
    [
        (0, "training", "loss"),
        (0, "validation", "validation_loss"),
        (1, "training", "accuracy"),
        (1, "validation", "validation_accuracy"),
        (2, "spikes", "spikes_per_neuron"),
        (3, "silent", "silent_share"),
        (3, "blocked", "blocked_share"),
        (3, "failed", "failed_share"),
    ],
)
def test_learning_curve_draws_the_metrics(panel, label, name):
    metrics = metrics_of(20)
    axes = learning_curve(metrics).axes[panel]
    known = [each for each in metrics if name in each]
    assert_array_equal(
        line_of(axes, label), [[e["generation"] for e in known], [e[name] for e in known]]
    )
    low, high = axes.get_ylim()
    assert low <= min(e[name] for e in known) <= max(e[name] for e in known) <= high


def test_learning_curve_says_what_is_drawn():
    figure = learning_curve(metrics_of(5), chance=0.25, test=(3, 0.5))
    assert draws(figure)
    loss, accuracy, spikes, shares = figure.axes
    assert loss.get_ylabel() == "loss"
    assert accuracy.get_ylabel() == "accuracy (share of trials)"
    assert spikes.get_xlabel() == shares.get_xlabel() == "generation"
    assert "spikes per" in spikes.get_ylabel()
    assert line_of(accuracy, "test").tolist() == [[3], [0.5]]
    assert [text.get_text() for text in accuracy.texts] == ["chance"]
    assert 0.25 in [line.get_ydata()[0] for line in accuracy.lines]
    named = [text.get_text() for text in figure.legends[0].get_texts()]
    assert named[-1] == "test of the result: 50.0%"
    assert len(named) == 3


def test_learning_curve_shades_one_standard_deviation():
    metrics = metrics_of(4)
    (band,) = learning_curve(metrics).axes[0].collections
    drawn = {tuple(np.round(vertex, 9)) for vertex in band.get_paths()[0].vertices}
    for each in metrics:
        for side in (-1, 1):
            loss = each["loss"] + side * each["loss_std"]
            assert (each["generation"], round(loss, 9)) in drawn


@pytest.mark.parametrize("generations", [1, 2])
def test_learning_curve_of_a_run_that_has_just_begun(generations):
    figure = learning_curve(metrics_of(generations, every=10), chance=1 / 3)
    assert draws(figure)
    assert line_of(figure.axes[0], "validation").size == 0
    # One point makes no line, and must be seen all the same.
    assert figure.axes[0].lines[0].get_marker() == "."


@pytest.mark.parametrize("lost", [None, np.nan, np.inf])
def test_learning_curve_leaves_failed_generations_out(lost):
    metrics = metrics_of(12)
    metrics[5] |= dict.fromkeys(["loss", "loss_std", "spikes_per_neuron", "validation_loss"], lost)
    figure = learning_curve(metrics)
    assert draws(figure)
    assert 6 not in line_of(figure.axes[0], "training")[0]
    assert line_of(figure.axes[0], "training").shape == (2, 11)
    assert np.isfinite(figure.axes[2].get_ylim()).all()


def test_learning_curve_when_everything_failed():
    nothing = dict.fromkeys(["loss", "loss_std", "accuracy", "spikes_per_neuron"])
    assert draws(learning_curve([{"generation": 1, **nothing, "failed_share": 1.0}]))


def test_learning_curve_needs_a_generation():
    with pytest.raises(InvalidInput, match="first generation"):
        learning_curve([])


# Rasters.


def activity_of(n_trials: int = 3, neurons: int = 8, **changes) -> TrialActivity:
    rng = np.random.default_rng(0)
    trials = nt.Trials(
        inputs=rng.random((n_trials, 10, 2)),
        bin_ms=2.0,
        labels=np.arange(n_trials) % 3,
        periods={"stimulus": (0.0, 12.0), "decision": (12.0, 20.0)},
        conditions={"margin": np.arange(n_trials) + 1},
    )
    fields = {
        "trials": trials,
        "choices": trials.labels,
        "failed": np.zeros(n_trials, dtype=bool),
        "spike_count": (rng.random((n_trials, 40, neurons)) < 0.1).astype(int),
        "bin_edges_ms": np.arange(41) * 0.5,
        "voltage": rng.normal(-0.05, 0.01, (n_trials, 40, neurons)),
        "voltage_ms": np.arange(40) * 0.5,
        "decision": rng.random((n_trials, 40, 3)),
        "decision_ms": np.arange(1, 41) * 0.5,
        "decision_unit": "a.u.",
        "readout": rng.random((n_trials, 3)),
    }
    return TrialActivity(**fields | changes)


def rows_of(figure, n_columns: int) -> np.ndarray:
    return np.array(figure.axes).reshape(-1, n_columns)


def test_rasters_draw_every_spike_at_its_time():
    activity = activity_of()
    rasters = rows_of(trial_rasters(activity), 3)[1]
    for trial, axes in enumerate(rasters):
        times, neurons = axes.lines[0].get_data()
        given = {
            (0.5 * step + 0.25, neuron)
            for step, neuron in zip(*np.nonzero(activity.spike_count[trial]), strict=True)
        }
        assert set(zip(times, neurons, strict=True)) == given


def test_rasters_trace_the_most_active_neurons_in_mv():
    activity = activity_of(neurons=9)
    activity.spike_count[:, :, [1, 3, 4, 6, 8]] = 1
    voltages = rows_of(trial_rasters(activity), 3)[2]
    for trial, axes in enumerate(voltages):
        traces = [line.get_ydata() for line in axes.lines if len(line.get_xdata()) == 40]
        for row, neuron in enumerate([1, 3, 4, 6, 8]):
            offset = traces[row] - 1e3 * activity.voltage[trial, :, neuron]
            assert_allclose(offset, 110 * row)
    assert [text.get_text() for text in voltages[0].get_yticklabels()] == ["1", "3", "4", "6", "8"]
    assert [text.get_text() for text in voltages[-1].texts] == ["50 mV"]
    (bar,) = (line for line in voltages[-1].lines if len(line.get_xdata()) == 2)
    assert np.ptp(bar.get_ydata()) == 50


def test_rasters_draw_the_decision_of_each_class():
    activity = activity_of()
    for trial, axes in enumerate(rows_of(trial_rasters(activity), 3)[3]):
        for label in range(3):
            expected = [activity.decision_ms, activity.decision[trial, :, label]]
            assert_array_equal(line_of(axes, f"class {label}"), expected)


def test_rasters_label_axes_and_shade_the_decision_period():
    rows = rows_of(trial_rasters(activity_of()), 3)
    assert [axes.get_ylabel() for axes in rows[1:, 0]] == [
        "neuron",
        "voltage of neuron",
        "decision variable\n(a.u.)",
    ]
    assert {axes.get_xlabel() for axes in rows[-1]} == {"time (ms)"}
    assert {axes.get_xlim() for axes in rows.flat} == {(0, 20)}
    for axes in rows.flat:
        (shade,) = axes.patches
        assert (shade.get_x(), shade.get_x() + shade.get_width()) == (12, 20)
    names = [text.get_text() for text in rows[0, 0].get_yticklabels()]
    spans = [np.ptp(p.vertices[:, 0]) for p in rows[0, 0].collections[0].get_paths()]
    assert names == ["stimulus", "decision"]
    assert spans == [12]


@pytest.mark.parametrize(
    ("choice", "failed", "said"),
    [
        (0, False, "chose 0, correct"),
        (2, False, "chose 2, wrong"),
        (-1, False, "no choice"),
        (-1, True, "simulation failed"),
    ],
)
def test_title_tells_the_outcome(choice, failed, said):
    activity = activity_of(1, choices=np.array([choice]), failed=np.array([failed]))
    title = trial_rasters(activity, condition="margin").axes[0].title
    assert title.get_text() == f"class 0, margin 1\n{said}"
    assert (title.get_color() == "#222222") == (said == "chose 0, correct")


@pytest.mark.parametrize(
    "changes",
    [
        {"spike_count": np.zeros((1, 40, 8), dtype=int)},
        {"voltage": None},
        {"voltage": np.full((1, 40, 8), np.nan), "decision": np.full((1, 40, 3), np.nan)},
        {"spike_count": np.ones((1, 40, 1), dtype=int), "voltage": np.zeros((1, 40, 1))},
    ],
    ids=["silent", "no voltage", "failed", "one neuron"],
)
def test_rasters_of_unusual_networks(changes):
    figure = trial_rasters(activity_of(1, **changes))
    assert draws(figure)
    assert len(figure.axes) == (3 if changes.get("voltage", 0) is None else 4)


def test_rasters_need_a_trial():
    activity = activity_of(1)
    none, _ = select_trials(activity.trials, {}, slice(0))
    with pytest.raises(InvalidInput, match="at least one trial"):
        trial_rasters(replace(activity, trials=none))


def test_before_and_after_stand_side_by_side():
    before = activity_of(1, choices=np.array([1]))
    figure = before_after(before, activity_of(2), condition="margin")
    assert draws(figure)
    titles = [axes.get_title().split("\n") for axes in rows_of(figure, 2)[0]]
    assert titles == [
        ["before training", "class 0, margin 1", "chose 1, wrong"],
        ["after training", "class 0, margin 1", "chose 0, correct"],
    ]


# What is recorded for rasters.

TASK = nt.tasks.StimulusIntegration(words=9, channels=4)


def simulated(readout: str, n_trials: int = 3, gain: float = 1.0, **how):
    circuit = nt.models.morris_lecar(6, channels=4, readout=readout)
    trials = TASK.draw(n_trials, np.random.default_rng(1))
    state = circuit.draw_initial_state(n_trials, np.random.default_rng(2))
    weights = gain * circuit.parameters.draw(np.random.default_rng(3))
    activity = record_trials(circuit, weights, trials, state, **how)
    return activity, circuit.simulate(weights[None], trials, state)


@pytest.mark.parametrize("readout", ["graded", "spike-count", "rate"])
def test_decision_variable_ends_as_the_readout(readout):
    activity, recording = simulated(readout)
    assert activity.decision_ms[-1] == pytest.approx(TASK.periods["decision"][1])
    assert_allclose(activity.decision[:, -1], recording.readout[0], rtol=1e-5, atol=1e-6)
    assert_array_equal(activity.choices, recording.decisions[0])
    assert activity.decision_unit == {"spike-count": "spikes"}.get(readout, "a.u.")


def test_decision_variable_of_first_spikes_is_the_spikes_of_pools():
    first, _ = simulated("first-spike")
    counts, _ = simulated("spike-count")
    assert_array_equal(first.decision, counts.decision)
    assert first.decision_unit == "spikes"


def test_voltage_is_left_out_on_demand():
    activity, _ = simulated("graded", with_voltage=False)
    assert activity.voltage is None


@pytest.mark.parametrize("readout", ["trajectory", "rate-trajectory", "spike-train"])
def test_outputs_are_drawn_with_their_targets(readout):
    activity, recording = simulated(readout)
    assert_array_equal(activity.decision, recording.output[0])
    targets = np.random.default_rng(4).normal(size=activity.decision.shape)
    mask = np.ones(targets.shape[:2], dtype=bool)
    mask[:, :3] = False
    trials = replace(activity.trials, labels=None, targets=targets, mask=mask)
    figure = trial_rasters(replace(activity, trials=trials))
    assert draws(figure)
    rows = rows_of(figure, 3)
    assert rows[0, 1].get_title() == "trial 1"
    assert rows[-1, 0].get_ylabel().startswith("output")
    drawn = line_of(rows[-1, 1], "target 2")[1]
    assert np.isnan(drawn[:3]).all()
    assert_array_equal(drawn[3:], targets[1, 3:, 2])


def test_decision_variable_is_the_readout_of_a_moving_window():
    activity, _ = simulated("spike-count")
    steps = round(TASK.decision_ms / 0.2)
    for sample in (0, 20, 49, 50, 130, 199):
        window = activity.spike_count[:, max(0, sample + 1 - steps) : sample + 1]
        pools = window.sum(axis=1).reshape(3, 3, 2).sum(axis=2)
        assert_array_equal(activity.decision[:, sample], pools)


def test_all_spikes_are_recorded_step_by_step():
    activity, recording = simulated("graded")
    assert activity.spike_count.shape == (3, 200, 6)
    assert activity.spike_count.sum() > 0
    assert_array_equal(activity.spike_count.sum(axis=1), recording.spike_count[0].sum(axis=1))
    # A spike is counted in the step in which the voltage has come to lie above 0 mV.
    for trial, step, neuron in np.argwhere(activity.spike_count[:, :-1]):
        assert activity.voltage[trial, step + 1, neuron] > -1e-3


def test_long_trials_are_sampled_more_coarsely():
    activity, recording = simulated("graded", max_samples=60)
    assert activity.decision.shape == (3, 50, 3)
    assert activity.voltage_ms[1] == pytest.approx(0.8)
    assert_array_equal(activity.spike_count.sum(axis=1), recording.spike_count[0].sum(axis=1))


def test_last_sample_may_be_of_a_short_rest():
    activity, recording = simulated("graded", max_samples=34)
    # 200 steps: 33 samples of 6 steps each, and one of 2.
    assert activity.decision.shape == (3, 34, 3)
    assert activity.voltage.shape[1] == len(activity.voltage_ms) == 34
    assert activity.decision_ms[-1] == pytest.approx(40.0)
    assert_array_equal(activity.spike_count.sum(axis=1), recording.spike_count[0].sum(axis=1))


def test_failed_trials_have_no_traces():
    activity, _ = simulated("graded", n_trials=1, gain=1e32)
    assert activity.failed.all()
    assert np.isnan(activity.voltage).all()
    assert np.isnan(activity.decision).all()
    assert draws(trial_rasters(activity))


def test_variables_without_volts_are_not_drawn_as_voltage():
    circuit = nt.models.morris_lecar(6, channels=4)
    circuit.blocked = nt.Blocked("w", 0.5)
    trials = TASK.draw(1, np.random.default_rng(1))
    state = circuit.draw_initial_state(1, np.random.default_rng(2))
    weights = circuit.parameters.draw(np.random.default_rng(3))
    assert record_trials(circuit, weights, trials, state).voltage is None
    circuit.blocked = None
    assert record_trials(circuit, weights, trials, state).voltage is None


# Psychometric curves.


def test_psychometric_draws_the_curve():
    rng = np.random.default_rng(0)
    stimulus = rng.integers(1, 30, 400)
    correct = rng.random(400) < 0.4 + stimulus / 60
    axes = psychometric(correct, stimulus, condition="margin", chance=1 / 3)
    assert draws(axes.figure)
    assert axes.get_xlabel() == "margin"
    assert axes.get_ylabel() == "accuracy (share of trials)"
    (container,) = axes.containers
    drawn_at, accuracy = container.lines[0].get_data()
    low, high = np.array(container.lines[2][0].get_segments())[:, :, 1].T
    edges = equal_bins(stimulus)
    n = np.histogram(stimulus, edges)[0]
    assert len(n) == 10
    assert n.min() > 20
    curve = psychometric_curve(correct, stimulus, edges)
    assert_array_equal(accuracy, curve.accuracy)
    assert_allclose([low, high], [curve.lower, curve.upper])
    for at, left, right in zip(drawn_at, edges[:-1], edges[1:], strict=True):
        inside = (stimulus >= left) & (stimulus <= right)
        assert at == pytest.approx(stimulus[inside].mean())
    assert axes.get_title() == f"400 trials, {correct.mean():.1%} correct"


@pytest.mark.parametrize("stimulus", [[3.0], [3, 3, 3], [1, 2], [0.5, 0.25, 1e9], [-1, 0, 0, 0, 5]])
def test_psychometric_of_few_trials(stimulus):
    axes = psychometric(np.ones(len(stimulus), dtype=bool), np.array(stimulus))
    assert draws(axes.figure)
    drawn_at, accuracy = axes.containers[0].lines[0].get_data()
    assert_array_equal(drawn_at, np.unique(stimulus))
    assert_array_equal(accuracy, 1)


def test_psychometric_refuses_what_its_curve_refuses():
    with pytest.raises(InvalidInput, match="for each trial"):
        psychometric(np.ones(3, dtype=bool), np.arange(2))


@pytest.mark.parametrize(
    ("conditions", "name"),
    [
        ({}, None),
        ({"side": ["left", "right"]}, None),
        ({"side": ["left", "right"], "contrast": [0.1, 0.2]}, "contrast"),
        ({"contrast": [0.1, 0.2], "margin": [1, 2]}, "margin"),
        ({"margin": [2, 2], "contrast": [0.1, 0.2]}, "contrast"),
    ],
)
def test_main_condition_is_numeric_and_differs(conditions, name):
    trials, _ = select_trials(activity_of(2).trials, {}, slice(None))
    values = {key: np.array(value) for key, value in conditions.items()}
    assert main_condition(replace(trials, conditions=values)) == name


@pytest.mark.parametrize(
    ("conditions", "name"),
    [
        ({}, None),
        ({"delay": [1, 2], "delay_ms": [2, 2]}, None),
        ({"margin": [1, 2], "test_delay_ms": [100.0, 50.0]}, "test_delay_ms"),
    ],
)
def test_delays_are_conditions_in_ms_that_differ(conditions, name):
    trials, _ = select_trials(activity_of(2).trials, {}, slice(None))
    values = {key: np.array(value) for key, value in conditions.items()}
    assert delay_condition(replace(trials, conditions=values)) == name


def test_typical_trials_have_the_median_condition_of_all():
    trials = replace(
        activity_of(6).trials,
        labels=np.array([2, 0, 0, 2, 0, 2]),
        # The median is 4.5 of all, 2 of class 0, 9 of class 2.
        conditions={"margin": np.array([9, 1, 2, 4, 5, 9])},
    )
    assert typical_trials(trials, "margin") == [4, 3]
    assert typical_trials(trials, None) == [1, 0]


# Files.


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return nt.train(
        nt.models.morris_lecar(6, channels=4),
        TASK,
        generations=2,
        trials=4,
        validation_trials=10,
        validation_every=1,
        test_trials=60,
        optimizer_options={"population_size": 4},
        threads=1,
        progress=False,
        out=tmp_path_factory.mktemp("runs") / "run",
    )


def test_figures_of_a_run_are_valid_and_the_same_every_time(result, tmp_path):
    first = save_figures(result, tmp_path)
    contents = {path.name: path.read_bytes() for path in first}
    assert sorted(contents) == sorted([*NAMES, "index.html"])
    for name in PNGS:
        height, width, _ = size_of_png(contents[f"{name}.png"])
        assert min(height, width) > 400
    for name in FIGURES:
        picture = ElementTree.fromstring(contents[f"{name}.svg"])
        assert picture.tag.endswith("svg")
        assert len([*picture.iter("{http://www.w3.org/2000/svg}path")]) > 10
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == NAMES
    again = result.plot()
    assert {path.name: path.read_bytes() for path in again.iterdir()} == {
        name: content for name, content in contents.items() if name in NAMES
    }
    assert (result.folder / "index.html").read_bytes() == contents["index.html"]


def test_figures_show_both_weights_on_trials_of_their_own_streams(result, monkeypatch):
    shown = []

    def spy(circuit, weights, trials, state, **how):
        shown.append((weights, trials, state))
        return record_trials(circuit, weights, trials, state, **how)

    monkeypatch.setattr(figures_module, "record_trials", spy)
    run_figures(result)
    (weights, trials, state), (initial, trials_before, state_before) = shown
    assert_array_equal(weights, result.weights)
    assert_array_equal(initial, result.initial_weights)
    assert (weights != initial).any()
    assert_array_equal(trials_before.inputs, trials.inputs[:1])
    assert_array_equal(state_before["v"], state["v"][:1])
    drawn = TASK.draw(60, generator(0, "figure-trials"))
    chosen = typical_trials(drawn, "margin")
    assert_array_equal(trials.inputs, drawn.inputs[chosen])
    states = result.circuit.draw_initial_state(60, generator(0, "figure-state"))
    assert_array_equal(state["v"], states["v"][chosen])


def test_choices_do_not_depend_on_chunks(result, monkeypatch):
    trials = TASK.draw(50, np.random.default_rng(0))
    state = result.circuit.draw_initial_state(50, np.random.default_rng(1))
    at_once = result.circuit.simulate(result.weights[None], trials, state).decisions[0]
    monkeypatch.setattr(figures_module, "CHUNK_TRIALS", 7)
    choices = figures_module._choices(result.circuit, result.weights, trials, state, {})
    assert_array_equal(choices, at_once)


def test_figures_of_a_task_without_conditions(result, monkeypatch):
    monkeypatch.setattr(figures_module, "main_condition", lambda trials: None)
    assert set(run_figures(result)) == FIGURES - {"psychometric"}


def test_nothing_is_written_when_one_figure_cannot_be_drawn(tmp_path):
    good, bad = new_figure(30, 30), new_figure(30, 30)
    bad.text(0.5, 0.5, r"$\frac{$")
    with pytest.raises(ValueError, match="frac"):
        write_pngs({"good": good, "bad": bad}, tmp_path / "figures")
    assert not (tmp_path / "figures").exists()


def test_earlier_figure_stays_when_writing_fails(tmp_path, monkeypatch):
    figure = new_figure(30, 30)
    write_pngs({"one": figure}, tmp_path)
    before = (tmp_path / "one.png").read_bytes()

    def disk_is_full(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", disk_is_full)
    figure.text(0, 0, "more")
    with pytest.raises(RunFolderError, match="No space left"):
        write_pngs({"one": figure}, tmp_path)
    assert (tmp_path / "one.png").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["one.png"]


def test_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "figures").write_text("a file")
    with pytest.raises(RunFolderError, match="cannot be written to '.*figures'"):
        write_pngs({"one": new_figure(30, 30)}, tmp_path / "figures")
    assert (tmp_path / "figures").read_text() == "a file"


# Notebooks and batch runs.


def test_figures_take_no_settings_and_leave_none():
    import matplotlib

    plain = learning_curve(metrics_of(3))
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "black"}):
        before = dict(matplotlib.rcParams)
        styled = learning_curve(metrics_of(3))
        assert dict(matplotlib.rcParams) == before
    image, other = BytesIO(), BytesIO()
    plain.savefig(image)
    styled.savefig(other)
    assert image.getvalue() == other.getvalue()


def test_drawing_does_not_import_pyplot(top, tmp_path):
    """Brian2 imports it itself, so only what runs without Brian2 can be looked at."""
    code = """
import sys
import numpy as np
import neurotrain.analysis.figures
import neurotrain.plots
assert "matplotlib" not in sys.modules, "matplotlib is imported early"
from neurotrain.analysis.learning_curve import learning_curve
from neurotrain.analysis.style import write_pngs
from pathlib import Path
drawn = {
    "curve": learning_curve([{"generation": 1, "loss": 1.0}]),
    "psychometric": neurotrain.plots.psychometric(np.array([True]), np.array([1.0])).figure,
}
write_pngs(drawn, Path(sys.argv[1]))
assert "matplotlib.figure" in sys.modules
assert "matplotlib.pyplot" not in sys.modules, "pyplot is imported"
"""
    command = [sys.executable, "-c", code, str(tmp_path)]
    subprocess.run(command, check=True, cwd=top, timeout=60)


def test_pyplot_knows_of_no_figure(result):
    from matplotlib import pyplot

    before = pyplot.get_fignums()
    run_figures(result)
    assert pyplot.get_fignums() == before
