"""Reports: their numbers against plain loops, and that figures and tables tell the same."""

import csv
import json
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix as sklearn_confusion

import neurotrain as nt
from neurotrain.analysis import report as report_module
from neurotrain.analysis.chronometric import (
    chronometric_curve,
    chronometric_figure,
    decision_times,
)
from neurotrain.analysis.condition_activity import (
    in_fewer_bins,
    rates_by_condition,
    spikes_by_condition,
)
from neurotrain.analysis.condition_figures import rasters_figure, rates_figure
from neurotrain.analysis.confusion import confusion_figure, confusion_matrix
from neurotrain.analysis.performance import (
    group_values,
    performance_against,
    performance_figure,
    value_text,
)
from neurotrain.analysis.psychometric import psychometric_curve
from neurotrain.analysis.tables import write_csvs
from neurotrain.analysis.trajectories import trajectories_figure, trajectories_table
from neurotrain.cli import main
from neurotrain.errors import InvalidInput, RunFolderError

# The same on every Python.
pytestmark = pytest.mark.slow


def draws(figure) -> bool:
    image = BytesIO()
    figure.savefig(image, format="png", dpi=40)
    return image.getvalue().startswith(b"\x89PNG")


def read(path) -> dict[str, list[str]]:
    with open(path, newline="") as file:
        rows = list(csv.reader(file))
    return {name: [row[k] for row in rows[1:]] for k, name in enumerate(rows[0])}


# Performance.


@pytest.mark.parametrize("values", [[250, 500, 250, 1000, 500, 250], list("abacba"), [True] * 6])
def test_performance_is_the_share_at_each_value(values):
    correct, values = np.array([1, 0, 0, 1, 1, 1], bool), np.array(values)
    performance = performance_against(correct, values)
    for row, value in enumerate(np.unique(values)):
        own = correct[values == value]
        assert performance.value[row] == value
        assert performance.accuracy[row] == own.mean()
        assert performance.n[row] == len(own)
    assert draws(performance_figure(performance, condition="delay (ms)", chance=0.5))


def test_intervals_are_those_of_the_psychometric_curve():
    rng = np.random.default_rng(0)
    correct, values = rng.random(200) < 0.7, rng.integers(0, 3, 200)
    performance = performance_against(correct, values)
    curve = psychometric_curve(correct, values, [-0.5, 0.5, 1.5, 2.5])
    np.testing.assert_array_equal(performance.lower, curve.lower)
    np.testing.assert_array_equal(performance.upper, curve.upper)


@given(values=st.lists(st.integers(0, 40), min_size=1, max_size=80), most=st.integers(2, 12))
def test_groups_hold_every_trial_once_and_neighbors_together(values, most):
    values = np.array(values)
    shown, group = group_values(values, most)
    assert len(shown) <= most
    assert len(group) == len(values)
    for k, value in enumerate(shown):
        assert value == pytest.approx(values[group == k].mean())
    order = np.argsort(values)
    assert (np.diff(group[order]) >= 0).all()


@pytest.mark.parametrize(
    ("correct", "values"), [([], []), ([1, 0], [1]), ([2, 0], [1, 1]), ([1, 0], [1, np.nan])]
)
def test_performance_refuses_what_is_none(correct, values):
    with pytest.raises(InvalidInput):
        performance_against(np.array(correct), np.array(values, dtype=float))
    with pytest.raises(InvalidInput):
        performance_against(np.array([True]), np.array(["a", "b"]))


# Confusion.


def test_confusion_is_that_of_scikit_learn():
    rng = np.random.default_rng(1)
    labels, choices = rng.integers(0, 3, 90), rng.integers(-1, 3, 90)
    matrix = confusion_matrix(choices, labels, 3)
    expected = sklearn_confusion(labels, choices, labels=[0, 1, 2, -1])[:3]
    np.testing.assert_array_equal(matrix.count, expected)
    np.testing.assert_allclose(matrix.share.sum(axis=1), 1)
    table = matrix.table()
    for label, choice, n in zip(table["class"], table["choice"], table["n"], strict=True):
        assert n == ((labels == label) & (choices == choice)).sum()
    assert draws(confusion_figure(matrix))


def test_confusion_of_a_class_without_trials():
    matrix = confusion_matrix(np.array([0, -1]), np.array([0, 0]), 2)
    assert np.isnan(matrix.share[1]).all()
    assert draws(confusion_figure(matrix))


@pytest.mark.parametrize(
    ("choices", "labels"), [([0, 1], [0]), ([2], [0]), ([-2], [0]), ([0], [2]), ([0], [-1])]
)
def test_confusion_refuses_what_is_no_class(choices, labels):
    with pytest.raises(InvalidInput):
        confusion_matrix(np.array(choices), np.array(labels), 2)


# Decision times.


def times_by_loops(decision, ms, lead):
    times = []
    for trial in decision:
        chosen = int(np.argmax(trial[-1]))
        time = np.nan
        for sample in range(len(ms) - 1, -1, -1):
            others = max(v for k, v in enumerate(trial[sample]) if k != chosen)
            if not trial[sample][chosen] - others > lead:
                break
            time = ms[sample]
        times.append(time)
    return times


@given(seed=st.integers(0, 10**6), lead=st.sampled_from([0.0, 1.0]))
def test_decision_times_are_those_of_a_plain_loop(seed, lead):
    rng = np.random.default_rng(seed)
    decision, ms = rng.integers(0, 4, (12, 9, 3)).astype(float), np.arange(9) * 2.5
    got = decision_times(decision, ms, lead=lead)
    np.testing.assert_array_equal(got, times_by_loops(decision, ms, lead))


def test_a_failed_trial_has_no_decision_time():
    decision = np.full((2, 4, 2), np.nan)
    decision[1] = [1, 0]
    np.testing.assert_array_equal(decision_times(decision, np.arange(4.0)), [np.nan, 0])


def test_decision_times_refuse_other_shapes():
    for decision, ms in ((np.zeros((2, 3, 2)), np.zeros(4)), (np.zeros((2, 3, 1)), np.zeros(3))):
        with pytest.raises(InvalidInput):
            decision_times(decision, ms)


def test_chronometric_curve_is_of_medians():
    times = np.array([1.0, 2.0, 6.0, np.nan, 5.0, np.nan])
    curve = chronometric_curve(times, np.array([1, 1, 1, 1, 2, 3]))
    np.testing.assert_array_equal(curve.median, [2, 5, np.nan])
    np.testing.assert_array_equal(curve.lower, [1.5, 5, np.nan])
    np.testing.assert_array_equal(curve.n, [3, 1, 0])
    correct = np.array([1, 0, 1, 0, 0, 0], bool)
    figure = chronometric_figure(
        times, correct, np.array([1, 1, 1, 1, 2, 3]), condition="margin", decision_period=(0, 5)
    )
    assert draws(figure)
    drawn = {c.get_label(): c.lines[0].get_ydata() for c in figure.axes[0].containers}
    np.testing.assert_array_equal(drawn["correct"], [3.5, np.nan, np.nan])
    np.testing.assert_array_equal(drawn["wrong"], [2, 5, np.nan])
    with pytest.raises(InvalidInput):
        chronometric_curve(times, np.arange(3))


# Activity.

EDGES = np.array([0.0, 2.0, 4.0, 10.0])


def counts_of(n_trials=30, neurons=7):
    return np.random.default_rng(3).poisson(0.4, size=(n_trials, 3, neurons))


@pytest.mark.parametrize("n_values", [1, 3, 20])
def test_rates_are_means_over_the_trials_of_a_value(n_values):
    counts, values = counts_of(), np.arange(30) % n_values
    rates = rates_by_condition(counts, EDGES, values)
    shown, group = group_values(values, 6)
    assert len(rates.value) == len(shown) <= 6
    for k in range(len(shown)):
        for j, seconds in enumerate((2e-3, 2e-3, 6e-3)):
            by_hand = counts[group == k][:, j].sum(axis=0) / (group == k).sum() / seconds
            np.testing.assert_allclose(rates.rate_hz[k, j], by_hand)
    table = rates.table("delay_ms")
    at = (table["start_ms"] == 4) & (table["neuron"] == 5)
    np.testing.assert_array_equal(table["rate_hz"][at], rates.rate_hz[:, 2, 5])
    assert draws(rates_figure(rates, condition="delay", decision_period=(2, 4)))


def test_spikes_are_all_those_of_the_first_trials_of_each_value():
    counts, values = counts_of(), np.array(["go", "stay"] * 15)
    table = spikes_by_condition(counts, EDGES, values, "cue")
    for cue in ("go", "stay"):
        trials = np.flatnonzero(values == cue)[:12]
        assert (table["cue"] == cue).sum() == counts[trials].sum()
        for trial in trials:
            own = table["trial"] == trial
            per_neuron = np.bincount(table["neuron"][own], minlength=7)
            np.testing.assert_array_equal(per_neuron, counts[trial].sum(axis=0))
    assert set(table["time_ms"]) <= {1.0, 3.0, 7.0}


def test_rasters_draw_the_spikes_of_the_neurons_that_tell_most():
    counts, values = counts_of(), np.arange(30) % 3
    counts[:, :, 2] = 0
    counts[values == 1, :, 2] = 5
    figure = rasters_figure(counts, EDGES, values, condition="class", decision_period=(2, 4))
    assert draws(figure)
    (panel,) = (a for a in figure.axes if "neuron 2" in a.get_ylabel())
    lines = [line for line in panel.lines if str(line.get_label()).startswith("class")]
    assert [len(line.get_xdata()) for line in lines] == [0, 5 * 3 * 10, 0]


def test_activity_without_spikes_is_drawn():
    counts, values = np.zeros((4, 3, 2), int), np.zeros(4)
    assert draws(rates_figure(rates_by_condition(counts, EDGES, values), condition="class"))
    assert draws(rasters_figure(counts, EDGES, values, condition="class"))
    assert len(spikes_by_condition(counts, EDGES, values, "class")["trial"]) == 0


def test_activity_of_other_shapes_is_refused():
    for counts, edges, values in (
        (np.zeros((2, 3)), EDGES, np.zeros(2)),
        (np.zeros((2, 4, 1)), EDGES, np.zeros(2)),
        (np.zeros((2, 3, 1)), EDGES, np.zeros(3)),
        (np.zeros((0, 3, 1)), EDGES, np.zeros(0)),
    ):
        with pytest.raises(InvalidInput, match="Spike counts must be|one value for each of the 2"):
            rates_by_condition(counts, edges, values)


def test_bins_put_together_are_about_equally_long_and_lose_no_spike():
    edges = np.unique(np.concatenate([np.arange(0, 1601, 4), np.arange(1100, 1600, 1.0)]))
    counts = np.random.default_rng(5).poisson(0.1, size=(3, len(edges) - 1, 2))
    binned, kept = in_fewer_bins(counts, edges, 100)
    assert binned.shape[1] == len(kept) - 1 <= 100
    assert np.diff(kept).min() > 10 and np.diff(kept).max() < 22
    np.testing.assert_array_equal(binned.sum(axis=1), counts.sum(axis=1))
    for start, stop, together in zip(kept[:-1], kept[1:], binned.swapaxes(0, 1), strict=True):
        own = (edges[:-1] >= start) & (edges[1:] <= stop)
        np.testing.assert_array_equal(together, counts[:, own].sum(axis=1))


@given(n_bins=st.integers(1, 60), most=st.integers(1, 100))
def test_bins_are_at_most_as_many_as_asked_for(n_bins, most):
    counts = np.ones((1, n_bins, 1), int)
    binned, kept = in_fewer_bins(counts, 0.2 * np.arange(n_bins + 1), most)
    assert 1 <= binned.shape[1] == len(kept) - 1 <= most
    assert binned.sum() == n_bins and kept[[0, -1]] == pytest.approx([0, 0.2 * n_bins])


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.12345, "0.123"), (np.float64(1323.4), "1323"), (-12.34, "-12.3"), (7, "7"), ("a", "a")],
)
def test_values_are_written_without_powers_of_ten(value, said):
    assert value_text(value) == said


# Trajectories.


def test_trajectories_beside_their_targets():
    rng = np.random.default_rng(4)
    targets, output = rng.normal(size=(2, 5, 6, 2))
    mask = rng.random((5, 6)) < 0.5
    trials = nt.Trials(
        np.zeros((5, 6, 1)), 2.0, None, {"decision": (0.0, 12.0)}, targets=targets, mask=mask
    )
    ms = np.arange(6) * 2.0 + 1
    table = trajectories_table(output, ms, trials)
    for trial, time, which, value, target, counts in zip(*table.values(), strict=True):
        k = int((time - 1) / 2)
        assert value == output[trial, k, which]
        assert target == targets[trial, k, which]
        assert counts == mask[trial, k]
    figure = trajectories_figure(output, ms, trials)
    assert draws(figure)
    drawn = figure.axes[5].lines[0].get_ydata()  # the second output of the second trial
    np.testing.assert_array_equal(drawn, np.where(mask[1], targets[1, :, 1], np.nan))
    with pytest.raises(InvalidInput, match="as the targets"):
        trajectories_table(output[:, :3], ms, trials)


# Files.


def test_tables_are_read_as_they_were(tmp_path):
    values = np.array([0.1, np.nan, 1e-300, -np.pi])
    write_csvs({"a": {"x": values, "what": np.array(list("pq,r")), "n": np.arange(4)}}, tmp_path)
    table = read(tmp_path / "a.csv")
    assert table["x"][1] == ""
    np.testing.assert_array_equal([float(x or "nan") for x in table["x"]], values)
    assert (table["what"], table["n"]) == (list("pq,r"), list("0123"))


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path):
    (tmp_path / "report").write_text("")
    with pytest.raises(RunFolderError, match="cannot be written"):
        write_csvs({"a": {"x": np.zeros(1)}}, tmp_path / "report")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Return runs of a task of choices and of one of trajectories."""
    small = {
        "generations": 1,
        "trials": 2,
        "validation_trials": 4,
        "validation_every": 1,
        "test_trials": 60,
        "optimizer_options": {"population_size": 2},
        "model_options": {"neurons": 6},
        "progress": False,
    }
    folder = tmp_path_factory.mktemp("runs")
    return {
        "choices": nt.train(
            "morris-lecar",
            "stimulus-integration",
            task_options={"words": 9, "channels": 4},
            out=folder / "choices",
            **small,
        ),
        "trajectories": nt.train(
            "morris-lecar",
            "pattern-generation",
            task_options={"period_ms": 100.0, "cue_ms": 20.0},
            out=folder / "trajectories",
            **{**small, "test_trials": 5},
        ),
    }


PARTS = {
    "choices": (
        "chronometric",
        "confusion",
        "performance-evidence",
        "performance-margin",
        "rasters-class",
        "rasters-margin",
        "rates-class",
        "rates-margin",
    ),
    "trajectories": ("rasters-all", "rates-all", "trajectories"),
}


@pytest.mark.parametrize("kind", PARTS)
def test_a_report_is_figures_and_tables(trained, kind):
    result = trained[kind]
    folder = result.report()
    assert folder == result.folder / "report"
    names = sorted(path.name for path in folder.iterdir())
    assert names == sorted(f"{part}.{end}" for part in PARTS[kind] for end in ("csv", "png"))
    assert all((folder / f"{part}.png").read_bytes().startswith(b"\x89PNG") for part in PARTS[kind])


def test_a_report_tells_what_the_network_does(trained):
    result = trained["choices"]
    folder = result.report()
    recording, trials = result.simulate(60)
    correct = recording.decisions[0] == trials.labels
    performance = read(folder / "performance-margin.csv")
    n, accuracy = (np.array(performance[name], dtype=float) for name in ("n", "accuracy"))
    assert n.sum() == 60
    assert (n * accuracy).sum() == pytest.approx(correct.sum())
    confusion = read(folder / "confusion.csv")
    expected = confusion_matrix(recording.decisions[0], trials.labels, 3)
    assert [int(n) for n in confusion["n"]] == expected.count.ravel().tolist()
    rates = read(folder / "rates-class.csv")
    widths = np.array(rates["stop_ms"], float) - np.array(rates["start_ms"], float)
    assert max(np.array(rates["stop_ms"], float)) == pytest.approx(trials.duration_ms)
    spikes = np.array(rates["rate_hz"], float) * widths * 1e-3
    per_class = [spikes[np.array(rates["class"]) == str(k)].sum() for k in range(3)]
    counts = recording.spike_count[0].sum(axis=(1, 2))
    by_hand = [counts[trials.labels == k].mean() for k in range(3)]
    np.testing.assert_allclose(per_class, by_hand)


def test_decision_times_of_first_spikes_are_latencies(trained):
    result = trained["choices"]
    circuit = nt.models.morris_lecar(6, channels=4, readout="first-spike")
    weights = circuit.parameters.draw(np.random.default_rng(0))
    plan = replace(result.plan, circuit=circuit)
    trials = result.task.draw(20, np.random.default_rng(1))
    state = circuit.draw_initial_state(20, np.random.default_rng(2))
    recorded = report_module._record(replace(result, plan=plan, weights=weights), trials, state)
    decided = recorded.choices >= 0
    assert decided.any()
    assert np.isnan(recorded.times_ms[~decided]).all()
    start = recorded.trials.periods["decision"][0]
    for trial in np.flatnonzero(decided):
        pools = recorded.spike_count[trial].reshape(-1, 3, 2).sum(axis=2)
        after = recorded.bin_edges_ms[:-1] >= start - 1e-6
        spiked = pools[after, recorded.choices[trial]] > 0
        first = recorded.bin_edges_ms[:-1][after][spiked.argmax()]
        # Latencies are told to the ms.
        assert first - 1 < recorded.times_ms[trial] <= first + 1e-6


def test_a_report_does_not_depend_on_chunks(trained, monkeypatch):
    result = trained["choices"]
    before = {path.name: path.read_bytes() for path in result.report().glob("*.csv")}
    monkeypatch.setattr(report_module, "CHUNK_TRIALS", 7)
    after = {path.name: path.read_bytes() for path in result.report().glob("*.csv")}
    assert before == after


def test_a_condition_that_does_not_hold_on_all_trials_is_left_out_there(trained, monkeypatch):
    result = trained["choices"]
    draw = type(result.task).draw

    def with_another(self, n_trials, rng):
        trials = draw(self, n_trials, rng)
        catch = np.where(np.arange(n_trials) < 10, np.nan, np.arange(n_trials) % 2)
        return replace(trials, conditions={**trials.conditions, "catch": catch})

    monkeypatch.setattr(type(result.task), "draw", with_another)
    folder = result.report(condition="catch")
    assert [int(n) for n in read(folder / "performance-catch.csv")["n"]] == [25, 25]
    assert (folder / "rates-catch.png").is_file()


def test_the_command_line_writes_reports(trained, capsys):
    folder = str(trained["choices"].folder)
    assert main(["report", folder, "--trials", "20", "--condition", "evidence", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["folder"] == f"{folder}/report"
    assert "rates-evidence.csv" in told["files"]
    assert main(["report", folder, "--condition", "evidense"]) == 2
    assert "did you mean 'evidence'" in capsys.readouterr().err
    assert main(["report", folder, "--trials", "0"]) == 2
    assert "trials must be a whole number" in capsys.readouterr().err
