"""Training: what it learns from, what it reports, and that it goes on bit for bit."""

import json
import os
from dataclasses import dataclass, replace
from itertools import combinations, count
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import neurotrain as nt
from neurotrain import catalog
from neurotrain.errors import InvalidInput, RunFolderError, TrainingFailed
from neurotrain.losses import CrossEntropy, make_loss
from neurotrain.optimizers.openai_es import OpenAIES
from neurotrain.recording import Recording
from neurotrain.seeding import generator
from neurotrain.tasks import StimulusIntegration
from neurotrain.training.evaluation import evaluate, rate_quantiles_hz
from neurotrain.training.report import format_summary
from neurotrain.training.training_state import Validated

STUB = f"{Path(__file__).with_name('stub_circuit.py')}:linear"
TASK = StimulusIntegration(words=4, channels=4, bin_ms=1.0, decision_ms=1.0)
SMALL = {
    "generations": 7,
    "trials": 8,
    "validation_trials": 20,
    "validation_every": 2,
    "test_trials": 30,
    "checkpoint_every": 3,
    "optimizer_options": {"population_size": 6},
    "progress": False,
}


def stub(readout="graded", **options):
    return catalog.find("models", STUB)(channels=4, classes=3, readout=readout, **options)


def files(folder: Path) -> dict[str, bytes]:
    """Return the files that must not depend on how often a run was interrupted."""
    return {name: (folder / name).read_bytes() for name in ("metrics.jsonl", "weights.npz")}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Return the result of an uninterrupted run, and its circuit."""
    circuit = stub()
    folder = tmp_path_factory.mktemp("runs") / "whole"
    return nt.train(circuit, TASK, out=folder, seed=3, **SMALL), circuit


def test_training_learns(tmp_path):
    settings = {**SMALL, "generations": 60, "trials": 32, "test_trials": 500}
    result = nt.train(stub(), TASK, out=tmp_path / "run", **settings)
    assert result.test_accuracy > 0.8
    # Negative control, on the same trials: what can be had without training.
    scores = evaluate(
        result.circuit,
        result.task,
        CrossEntropy(),
        np.random.default_rng(1).normal(size=(20, 15)),
        n_trials=500,
        seed=0,
        purpose="test",
    )
    assert np.median(scores.accuracy) < 0.5


def test_candidates_share_trials_and_states(whole):
    circuit = whole[1]
    training = [call for call in circuit.calls if len(call[0]) == 6]
    assert len(training) == 7
    for candidates, trials, state, _ in training:
        assert len(np.unique(candidates, axis=0)) == 6
        assert trials.n_trials == len(state["v"]) == 8


def test_no_trial_and_no_state_is_used_twice(whole):
    # Drawn again and again from one stream, validation would judge what was trained on.
    batches = [(call[1].inputs, call[2]["v"]) for call in whole[1].calls]
    assert len(batches) == 1 + 7 + 4 + 1
    for (inputs, states), (other_inputs, other_states) in combinations(batches, 2):
        assert not set(states.ravel()) & set(other_states.ravel())
        n = min(len(inputs), len(other_inputs))
        assert n == 1 or not np.array_equal(inputs[:n], other_inputs[:n])


def test_metrics_of_each_generation(whole):
    result = whole[0]
    lines = (result.folder / "metrics.jsonl").read_text().splitlines()
    metrics = [json.loads(line, parse_constant=pytest.fail) for line in lines]
    assert metrics == result.metrics
    assert [m["generation"] for m in metrics] == [*range(1, 8)]
    assert [m["generation"] for m in metrics if "validation_loss" in m] == [2, 4, 6, 7]
    candidates, trials, state, _ = [c for c in whole[1].calls if len(c[0]) == 6][4]
    recording = stub().simulate(candidates, trials, state)
    losses = CrossEntropy()(recording, trials)
    assert metrics[4]["loss"] == pytest.approx(losses.mean(), rel=1e-12)
    assert metrics[4]["loss_min"] == losses.min()
    correct = recording.decisions == trials.labels
    assert metrics[4]["accuracy"] == pytest.approx(correct.mean())
    assert metrics[4]["silent_share"] == pytest.approx((np.abs(state["v"]) < 1).mean())


def test_rates_are_those_of_the_guess_in_its_validation(whole):
    result, circuit = whole
    calls = [c for c in circuit.calls if c[1].n_trials == 20]
    validated = [m for m in result.metrics if "validation_loss" in m]
    for metrics, (candidates, trials, state, _) in zip(validated, calls, strict=True):
        recording = stub().simulate(candidates, trials, state)
        total = recording.spike_count[0].sum(axis=(0, 1))
        rates = total / 20 / (1e-3 * np.ptp(recording.bin_edges_ms))
        expected = np.quantile(rates, [0.05, 0.25, 0.5, 0.75, 0.95])
        np.testing.assert_allclose(metrics["rate_quantiles_hz"], expected)
    assert all("rate_quantiles_hz" not in m for m in result.metrics if m not in validated)


@pytest.mark.parametrize("n_failed", [0, 1, 3])
def test_rates_are_those_of_trials_that_did_not_fail(n_failed):
    counts = np.random.default_rng(0).integers(0, 5, (2, 3, 4, 10))
    failed = np.zeros((2, 3), bool)
    failed[1, :n_failed] = True
    recording = Recording(counts, np.linspace(50, 250, 5), np.zeros((2, 3, 2)), failed)
    if n_failed == 3:
        assert rate_quantiles_hz(recording, 1) is None
        return
    rates = counts[1, n_failed:].sum(axis=1).mean(axis=0) / 0.2
    expected = np.quantile(rates, [0.05, 0.25, 0.5, 0.75, 0.95])
    np.testing.assert_allclose(rate_quantiles_hz(recording, 1), expected)


def validation_scores(candidates, generation):
    """Return how candidates do on the trials of a validation."""
    return evaluate(
        stub(),
        TASK,
        CrossEntropy(),
        candidates,
        n_trials=20,
        seed=3,
        purpose="validation",
        index=(generation,),
    )


def test_the_best_is_validated_again_beside_each_guess(whole):
    result, circuit = whole
    calls = [c for c in circuit.calls if c[1].n_trials == 20]
    assert [len(candidates) for candidates, *_ in calls] == [1, 2, 2, 2]
    best, history = None, []
    for generation, (candidates, *_) in zip((2, 4, 6, 7), calls, strict=True):
        scores = validation_scores(candidates, generation)
        found = [*zip(-scores.accuracy, scores.loss, strict=True)]
        if best is not None:
            np.testing.assert_array_equal(candidates[1], best)
        if best is None or found[0] < found[1]:
            best, history, since = candidates[0], [found[0]], generation
        else:
            history.append(found[1])
    np.testing.assert_array_equal(result.weights, best)
    assert result.summary["validated_generation"] == since
    assert result.summary["validations"] == len(history)
    accuracy, loss = np.mean(history, axis=0)
    assert result.validation_accuracy == pytest.approx(-accuracy, rel=1e-12)
    assert result.summary["validation_loss"] == pytest.approx(loss, rel=1e-12)


@pytest.mark.parametrize(
    ("accuracy", "loss", "better"),
    [
        (0.6, 9, True),
        (0.5, 0.9, True),
        (0.5, 1, False),
        (0.5, 2, False),
        (0.4, 0, False),
        (0.9, np.inf, False),
    ],
)
def test_the_best_has_the_highest_accuracy_then_the_lowest_loss(accuracy, loss, better):
    best = Validated(np.zeros(1), 1, 0.5, 1.0)
    other = Validated(np.zeros(1), 2, accuracy, loss)
    assert other.is_better_than(best) is better
    assert other.is_better_than(None)
    assert not Validated(np.zeros(1), 1, 1.0, np.nan).is_better_than(best)
    assert best.is_better_than(Validated(np.zeros(1), 1, 0.9, np.inf))


def test_one_more_validation_is_averaged():
    once = Validated(np.zeros(1), 1, 0.5, 1.0)
    thrice = once.validated_again(0.7, 2.0).validated_again(0.9, 6.0)
    assert (thrice.accuracy, thrice.loss) == (pytest.approx(0.7), pytest.approx(3.0))
    assert (thrice.validations, thrice.generation) == (3, 1)


def test_result_is_the_same_when_loaded(whole):
    result = whole[0]
    loaded = nt.Result.load(result.folder, circuit=stub())
    assert np.array_equal(loaded.weights, result.weights)
    assert loaded.metrics == result.metrics
    assert loaded.summary == result.summary
    assert loaded.parameters["input.weight"].shape == (3, 4)
    again = loaded.evaluate()
    assert again.items() <= {**result.summary}.items()
    assert loaded.evaluate(seed=4)["test_loss"] != again["test_loss"]
    recording, trials = loaded.simulate(5)
    assert recording.readout.shape == (1, 5, 3)
    assert trials.n_trials == 5
    loaded.apply()
    assert loaded.circuit.applied is loaded.weights


def test_accuracy_on_the_trials_of_the_test_is_that_of_the_test(whole):
    result = nt.Result.load(whole[0].folder, circuit=stub())
    settings = result.plan.settings
    trials = result.task.draw(settings.test_trials, generator(settings.seed, "test-trials"))
    assert result.accuracy_on(trials) == result.test_accuracy
    wrong = replace(trials, labels=(trials.labels + 1) % 3)
    assert result.accuracy_on(wrong) <= 1 - result.test_accuracy


def test_trial_simulations_are_counted(whole):
    result, circuit = whole
    probe, *others, test = [len(c[0]) * c[1].n_trials for c in circuit.calls]
    assert (probe, test) == (1, 2 * 30)
    assert result.summary["trial_simulations"] == sum(others)
    assert result.metrics[-1]["trial_simulations"] == sum(others)
    assert [m["trial_simulations"] for m in result.metrics[:3]] == [48, 96 + 20, 144 + 20]


@given(chunk_trials=st.integers(1, 50), n_trials=st.integers(1, 40))
def test_chunks_do_not_change_results(chunk_trials, n_trials):
    candidates = np.random.default_rng(1).normal(size=(2, 15))
    settings = {"n_trials": n_trials, "seed": 1, "purpose": "test"}
    one, other = (
        evaluate(stub(), TASK, CrossEntropy(), candidates, chunk_trials=size, **settings)
        for size in (1000, chunk_trials)
    )
    for name in ("loss", "accuracy", "spikes_per_neuron", "silent_share"):
        assert np.array_equal(getattr(one, name), getattr(other, name))


def test_failed_candidates_lose(tmp_path):
    result = nt.train(stub(fails_above=0.0), TASK, out=tmp_path / "run", **SMALL)
    shares = [m["failed_share"] for m in result.metrics]
    assert 0 < np.mean(shares) < 1
    assert all(m["loss"] is None or np.isfinite(m["loss"]) for m in result.metrics)
    text = (tmp_path / "run" / "metrics.jsonl").read_text()
    assert "NaN" not in text
    assert "Infinity" not in text
    assert result.summary["failed_candidates"] == round(6 * sum(shares)) > 0
    assert result.weights[0] <= 0
    assert result.summary["test_failed_share"] == 0


def test_a_candidate_that_is_blocked_altogether_never_wins(tmp_path):
    circuit, shares = stub(), []

    def blocked_share(recording):
        # The luckiest candidate of each generation, and nearly all neurons of the next one.
        order = CrossEntropy()(recording, circuit.calls[-1][1]).argsort()
        share = np.zeros(len(order))
        if len(order) > 2:
            share[order[:2]] = 1.0, 0.99
            shares.append(share)
        return share

    circuit.blocked_share = blocked_share
    result = nt.train(circuit, TASK, out=tmp_path / "run", **SMALL)
    assert [m["failed_share"] for m in result.metrics] == pytest.approx([1 / 6] * 7)
    assert result.summary["failed_candidates"] == len(shares) == 7
    candidates, trials, state, _ = next(call for call in circuit.calls if len(call[0]) == 6)
    losses = CrossEntropy()(stub().simulate(candidates, trials, state), trials)
    assert result.metrics[0]["loss_min"] == np.sort(losses)[1]


class Runaway(OpenAIES):
    """An optimizer of which some candidates are no numbers."""

    def _sample(self):
        candidates = super()._sample()
        candidates[: 6 if self.generation == 2 else 1, -1] = (np.nan, np.inf)[self.generation % 2]
        return candidates


def test_candidates_that_are_no_numbers_fail_and_do_not_stop_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr("neurotrain.optimizers.openai_es.OpenAIES", Runaway)
    circuit = stub()
    result = nt.train(circuit, TASK, out=tmp_path / "run", **SMALL)
    assert all(np.isfinite(candidates).all() for candidates, *_ in circuit.calls)
    shares = [m["failed_share"] for m in result.metrics]
    assert shares == pytest.approx([1 / 6, 1 / 6, 1, *[1 / 6] * 4])
    assert result.summary["failed_candidates"] == 12
    assert result.metrics[2]["loss"] is None
    assert np.isfinite(result.weights).all()


def test_training_gives_up_when_all_fail(tmp_path):
    circuit = stub(fails_above=-np.inf)
    with pytest.raises(TrainingFailed, match="every candidate failed"):
        nt.train(circuit, TASK, out=tmp_path / "run", **{**SMALL, "generations": 100})
    metrics = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert len(metrics) == 10


class Crash(BaseException):
    """The process is gone."""


def crash_at(monkeypatch, moment: int):
    """Raise `Crash` at the given one of all moments at which something reaches the disk."""
    moments = count()

    def before(function):
        def crashing(*args, **options):
            if next(moments) == moment:
                raise Crash
            return function(*args, **options)

        return crashing

    for name in ("fsync", "link", "replace", "unlink", "truncate"):
        monkeypatch.setattr(os, name, before(getattr(os, name)))
    monkeypatch.setattr(Path, "unlink", before(Path.unlink))


def test_resumed_after_a_crash_anywhere_it_is_the_same_run(whole, tmp_path, monkeypatch):
    expected = files(whole[0].folder)
    for moment in count():
        folder = tmp_path / str(moment)
        with monkeypatch.context() as patch:
            crash_at(patch, moment)
            try:
                nt.train(stub(), TASK, out=folder, seed=3, **SMALL)
                break
            except Crash:
                pass
        if (folder / "config.toml").exists():
            nt.resume(folder, circuit=stub(), progress=False)
        else:
            nt.train(stub(), TASK, out=folder, seed=3, **SMALL)
        assert files(folder) == expected, f"crashed at moment {moment}"
    assert moment > 20


def test_interrupted_it_says_how_to_go_on(whole, tmp_path):
    circuit = stub()
    simulate = circuit.simulate

    def interrupted(*args, **options):
        if len(circuit.calls) == 7:
            raise KeyboardInterrupt
        return simulate(*args, **options)

    circuit.simulate = interrupted
    with pytest.raises(KeyboardInterrupt, match=r"after generation 4.*neurotrain resume"):
        nt.train(circuit, TASK, out=tmp_path / "run", seed=3, **SMALL)
    assert (tmp_path / "run" / "checkpoint-000004.npz").is_file()
    nt.resume(tmp_path / "run", circuit=stub(), progress=False)
    assert files(tmp_path / "run") == files(whole[0].folder)


def test_another_seed_is_another_run(whole, tmp_path):
    other = nt.train(stub(), TASK, out=tmp_path / "run", seed=4, **SMALL)
    assert not np.array_equal(other.weights, whole[0].weights)
    assert other.metrics[0]["loss"] != whole[0].metrics[0]["loss"]


def test_resume_needs_the_same_parts(whole, tmp_path):
    folder = tmp_path / "run"
    circuit = stub(fails_above=-np.inf)
    with pytest.raises(TrainingFailed):
        nt.train(circuit, TASK, out=folder, **{**SMALL, "generations": 20})
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    other = stub("spike-count")
    with pytest.raises(RunFolderError, match="not the one that was trained"):
        nt.resume(folder, circuit=other)
    with pytest.raises(RunFolderError, match="made in Python"):
        nt.resume(folder)
    other_task = StimulusIntegration(words=5, channels=4, bin_ms=1.0, decision_ms=1.0)
    with pytest.raises(RunFolderError, match="task is not the one of the run"):
        nt.resume(folder, circuit=stub(), task=other_task)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_resume_of_a_complete_run_changes_nothing(whole):
    folder = whole[0].folder
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()}
    again = nt.resume(folder, circuit=stub())
    assert np.array_equal(again.weights, whole[0].weights)
    assert {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in folder.iterdir()} == before


def test_the_same_script_again_takes_another_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    short = {**SMALL, "generations": 2}
    folders = [nt.train(stub(), TASK, **short).folder.name for _ in range(2)]
    first = "stimulus-integration-cross-entropy-seed0"
    assert folders == [first, f"{first}-2"]
    assert sorted(path.name for path in Path("runs").iterdir()) == folders


def test_a_result_shows_what_it_came_to(whole):
    result, _ = whole
    assert f"{result}" == repr(result) == format_summary(result.summary, result.folder)


@pytest.mark.parametrize(("accuracy", "told"), [(0.36, True), (0.38, False)])
def test_what_is_no_better_than_guesses_is_told(whole, accuracy, told):
    result, _ = whole
    summary = {**result.summary, "test_accuracy": accuracy, "test_trials": 2000}
    assert ("no better than guesses" in format_summary(summary, result.folder)) == told


@dataclass(frozen=True)
class OwnTask(StimulusIntegration):
    """A task of the user's own, with a name that no folder should have."""

    name: ClassVar[str] = "../my task/\n"


def test_own_task_is_trained_and_resumed_with_the_object(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    task = OwnTask(words=4, channels=4, bin_ms=1.0, decision_ms=1.0)
    result = nt.train(STUB, task, **{**SMALL, "generations": 2})
    assert result.folder == Path("runs", "..-my-task--cross-entropy-seed0")
    (result.folder / "result.json").unlink()
    with pytest.raises(RunFolderError, match="task .* was made in Python"):
        nt.resume(result.folder)
    nt.resume(result.folder, task=task, progress=False)


@pytest.mark.parametrize(
    ("readout", "name"), [("graded", "cross-entropy"), ("spike-count", "spike-count-cross-entropy")]
)
def test_the_loss_suits_the_readout(readout, name, tmp_path):
    result = nt.train(stub(readout), TASK, out=tmp_path / "run", **{**SMALL, "generations": 1})
    assert result.summary["loss"] == name


def test_parts_given_by_name(tmp_path):
    options = {"words": 4, "channels": 4, "bin_ms": 1.0, "decision_ms": 1.0}
    result = nt.train(
        STUB,
        "stimulus-integration",
        loss="spike-count-margin",
        task_options=options,
        loss_options={"margin": 1.0},
        out=tmp_path / "run",
        seed=5,
        **{**SMALL, "generations": 2},
    )
    assert result.task == StimulusIntegration(**options, seed=5)
    assert result.circuit.readout.kind == "spike-count"
    loaded = nt.Result.load(tmp_path / "run")
    assert (loaded.task, loaded.plan.loss) == (
        result.task,
        make_loss("spike-count-margin", margin=1.0),
    )


BAD = {
    "generations": ({"generations": 0}, "generations must be a whole number of at least 1, got 0"),
    "trials": ({"trials": -2}, "trials must be"),
    "fraction": ({"validation_every": 2.5}, "validation_every must be .* got 2.5"),
    "text": ({"test_trials": "many"}, "test_trials must be .* got 'many'"),
    "nan": ({"checkpoint_every": np.nan}, "checkpoint_every must be"),
    "seed": ({"seed": -1}, "seed must be a whole number of at least 0"),
    "threads": ({"threads": 0}, "threads must be"),
    "seconds": ({"seconds": 0}, "seconds must be a finite number above 0, got 0"),
    "patience": ({"patience": 0}, "patience must be"),
    "limit": ({"candidate_seconds": -1}, "candidate_seconds must be a finite number above 0"),
    "simulations": ({"trial_simulations": 0.5}, "trial_simulations must be"),
    "too few": ({"trial_simulations": 67}, "at least 68, got 67: one generation simulates 6"),
    "execution": ({"execution": 3}, "execution must be a name"),
    "optimizer": (
        {"optimizer": "openai"},
        "no optimizer called 'openai'; did you mean 'openai-es'",
    ),
    "optimizer class": ({"optimizer": dict}, "optimizer must be a name"),
    "odd population": ({"optimizer_options": {"population_size": 5}}, "must be even, got 5"),
    "sigma": ({"optimizer_options": {"sigma": np.nan}}, "sigma must be"),
    "episodes": (
        {"optimizer": "persistent-es", "optimizer_options": {"episode_length": 2}},
        "simulates whole trials, .* leave the optimizer's episode_length at 1",
    ),
    "option": ({"optimizer_options": {"sigmas": 1}}, "did you mean 'sigma'"),
    "loss": ({"loss": "crossentropy"}, "did you mean 'cross-entropy'"),
    "loss kind": ({"loss": "spike-count-margin"}, "needs a spike-count readout.*graded"),
    "loss option": ({"loss": "zero-one", "loss_options": {"margin": 1}}, "option of loss"),
    "task": ({"task": "stimulus"}, "no task called 'stimulus'; did you mean"),
    "task class": ({"task": StimulusIntegration}, "got the class StimulusIntegration"),
    "task object": ({"task": 3}, "task must be a Task"),
    "task option": ({"task": "stimulus-integration", "task_options": {"word": 3}}, "'words'"),
    "options of an object": ({"task_options": {"words": 3}}, "go with a name"),
    "channels": ({"task": StimulusIntegration(words=4)}, "has 50 input channels, .* has 4"),
    "bins": (
        {"task": StimulusIntegration(words=4, channels=4, bin_ms=1.3, decision_ms=1.3)},
        "no multiple of the circuit's time step of 0.5 ms",
    ),
    "circuit": ({"circuit": 7}, "circuit must be a Circuit or the name of a model, got 7"),
    "model": ({"circuit": "morris"}, "no model called 'morris'; did you mean 'morris-lecar'"),
    "model option": ({"circuit": STUB, "model_options": {"neuron": 3}}, "did you mean 'neurons'"),
    "readout option": (
        {"circuit": STUB, "loss": "spike-count-margin", "model_options": {"readout": "graded"}},
        "needs a spike-count readout",
    ),
    "classes option": ({"circuit": STUB, "model_options": {"classes": 3}}, "task and loss"),
    "failing model": ({"circuit": STUB, "model_options": {"neurons": 0}}, "too few neurons"),
    "out": ({"out": ""}, "name of the run folder is empty"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_before_anything_is_written(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    changes, message = BAD[case]
    arguments = {"circuit": stub(), "task": TASK, "out": "run", **SMALL, **changes}
    with pytest.raises(InvalidInput, match=message) as caught:
        nt.train(arguments.pop("circuit"), arguments.pop("task"), **arguments)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_an_option_that_config_cannot_hold_is_refused(tmp_path):
    options = {"fails_above": np.array([1.0])}
    with pytest.raises(InvalidInput, match="make the circuit or task in Python"):
        nt.train(STUB, TASK, out=tmp_path / "run", model_options=options, **SMALL)
    assert not list(tmp_path.iterdir())


def test_ideal_observer_is_told_beside_the_network(tmp_path):
    settings = {**SMALL, "generations": 1}
    task = nt.tasks.PerceptualDecision(stimulus_ms=100.0, sigma=5.0)
    circuit = catalog.find("models", STUB)(channels=2, classes=2, readout="graded")
    result = nt.train(circuit, task, out=tmp_path / "run", seed=3, **settings)
    trials = task.draw(30, generator(3, "test-trials"))
    assert result.summary["test_ideal_score"] == task.ideal_score(trials)
    assert 0.5 < result.summary["test_ideal_score"] < 0.99
    again = nt.Result.load(result.folder, circuit=circuit)
    assert again.evaluate()["test_ideal_score"] == result.summary["test_ideal_score"]
    other = again.evaluate(n_trials=50, seed=4)["test_ideal_score"]
    assert other == task.ideal_score(task.draw(50, generator(4, "test-trials")))
    assert f"ideal observer       {other:.1%}" in format_summary(
        again.evaluate(n_trials=50, seed=4), result.folder
    )


def test_unknown_ideal_observer_is_not_told(tmp_path):
    settings = {**SMALL, "generations": 1}
    task = nt.tasks.GoNoGo(encoder="poisson")
    circuit = catalog.find("models", STUB)(channels=2, classes=2, readout="graded")
    result = nt.train(circuit, task, out=tmp_path / "run", **settings)
    assert "test_ideal_score" not in result.summary
    assert "ideal observer" not in format_summary(result.summary, result.folder)
