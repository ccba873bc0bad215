"""Training on trajectories, with readouts by name and losses put together, to its report."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

import neurotrain as nt
from neurotrain import catalog
from neurotrain.errors import InvalidInput
from neurotrain.losses import Silence, SpikeCountMargin, TrajectoryError
from neurotrain.readouts import READOUTS
from neurotrain.training.evaluation import evaluate, score
from neurotrain.training.plan import make_plan
from neurotrain.training.report import format_summary
from neurotrain.training.settings import Settings

STUB = f"{Path(__file__).with_name('stub_circuit.py')}:linear"
SMALL = {
    "generations": 40,
    "trials": 8,
    "validation_trials": 20,
    "validation_every": 10,
    "test_trials": 30,
    "optimizer_options": {"population_size": 12},
    "progress": False,
}
SETTINGS = Settings(
    generations=1,
    trials=8,
    validation_trials=8,
    validation_every=1,
    test_trials=8,
    checkpoint_every=1,
    seed=0,
    execution="fused-float64",
)


@dataclass(frozen=True, kw_only=True)
class Follow(nt.TrajectoryTask):
    """Two outputs are to be twice and minus once a random input."""

    name: ClassVar[str] = "follow"
    signals: ClassVar[int] = 1
    outputs: ClassVar[int] = 2

    @property
    def timeline(self):
        return nt.Timeline(self.bin_ms, decision=100.0)

    def draw(self, n_trials, rng):
        signals = self.begin(n_trials)
        signals += rng.normal(size=signals.shape)
        return self.make_trials(signals, signals * [2.0, -1.0], rng)


@dataclass(frozen=True, kw_only=True)
class Sign(nt.ChoiceTask):
    """Whether the input is positive."""

    name: ClassVar[str] = "sign"
    signals: ClassVar[int] = 1

    @property
    def timeline(self):
        return nt.Timeline(self.bin_ms, decision=100.0)

    def draw(self, n_trials, rng):
        labels = rng.integers(2, size=n_trials)
        return self.make_trials(self.begin(n_trials) + labels[:, None, None], labels, rng)


def stub(readout="trajectory", classes=2, **options):
    make = catalog.find("models", STUB)
    return make(channels=1, classes=classes, readout=readout, **options)


def plan_of(circuit, task, loss=None, model_options=(), loss_options=()):
    options = {"model_options": dict(model_options), "loss_options": dict(loss_options)}
    return make_plan(
        circuit,
        task,
        loss,
        "openai-es",
        SETTINGS,
        task_options={},
        optimizer_options={},
        **options,
    )


def test_training_follows_a_trajectory(tmp_path):
    result = nt.train(STUB, Follow(), out=tmp_path / "run", seed=1, **SMALL)
    assert result.plan.loss == TrajectoryError()
    assert result.circuit.readout.outputs == 2
    assert result.test_accuracy > 0.5
    # Negative control: what the untrained weights do, on the same trials.
    untrained = evaluate(
        result.circuit,
        result.task,
        result.plan.loss,
        result.initial_weights[None],
        n_trials=30,
        seed=1,
        purpose="test",
    )
    assert untrained.accuracy < 0.3
    told = format_summary(result.summary, result.folder)
    assert f"test score           {result.test_accuracy:.3f}" in told
    assert nt.Result.load(tmp_path / "run", task=Follow()).evaluate() == {
        **{k: v for k, v in result.summary.items() if not k.startswith("guess_")}
    }


def test_a_failed_candidate_scores_nothing():
    circuit, task = stub(fails_above=0.5), Follow()
    candidates = np.array([[0.0] * 4, [1.0] * 4])
    how = {"n_trials": 5, "seed": 0, "purpose": "test"}
    scores = evaluate(circuit, task, TrajectoryError(), candidates, **how)
    np.testing.assert_array_equal(np.isinf(scores.loss), [False, True])
    np.testing.assert_array_equal(scores.accuracy, [0, 0])
    chunked = evaluate(circuit, task, TrajectoryError(), candidates, chunk_trials=2, **how)
    np.testing.assert_array_equal(chunked.loss, scores.loss)


def test_one_failed_trial_is_enough_to_score_nothing():
    circuit, task = stub(), Follow()
    trials = task.draw(5, np.random.default_rng(0))
    state = circuit.draw_initial_state(5, np.random.default_rng(1))
    recording = circuit.simulate(np.array([[2.0, -1.0, 0.0, 0.0]] * 2), trials, state)
    failed = np.zeros((2, 5), dtype=bool)
    failed[1, 3] = True
    output = np.where(failed[..., None, None], np.nan, recording.output)
    recording = replace(recording, failed=failed, output=output)
    scores = score(circuit, task, TrajectoryError(), recording, trials)
    np.testing.assert_allclose(scores.accuracy, [1, 0])
    np.testing.assert_allclose(scores.loss, [0, np.inf], atol=1e-12)


def test_a_run_with_a_sum_is_named_after_it_and_goes_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = {**SMALL, "generations": 2}
    result = nt.train(
        STUB,
        "stimulus-integration",
        task_options={"words": 4, "channels": 4, "bin_ms": 1.0, "decision_ms": 1.0},
        loss="spike-count-margin + 0.1*silence",
        loss_options={"spike-count-margin.margin": 3.0},
        **settings,
    )
    name = "stimulus-integration-spike-count-margin-0.1-silence-seed0"
    assert result.folder == Path("runs", name)
    assert result.plan.loss == SpikeCountMargin(3.0) + 0.1 * Silence()
    assert nt.Result.load(result.folder).plan.loss == result.plan.loss


def test_a_loss_made_in_python_is_kept_by_name_where_it_can_be(tmp_path):
    loss = SpikeCountMargin(3.0) + 0.1 * Silence()
    circuit = stub("spike-count")
    settings = {**SMALL, "generations": 1}
    nt.train(circuit, Sign(), loss=loss, out=tmp_path / "run", **settings)
    loaded = nt.Result.load(tmp_path / "run", circuit=circuit, task=Sign())
    assert loaded.plan.loss == loss

    def quiet(recording, trials):
        return recording.spikes_per_neuron

    nt.train(circuit, Sign(), loss=loss + quiet, out=tmp_path / "own", **settings)
    with pytest.raises(nt.NeurotrainError, match="made in Python"):
        nt.Result.load(tmp_path / "own", circuit=circuit, task=Sign())
    again = nt.Result.load(tmp_path / "own", circuit=circuit, task=Sign(), loss=loss + quiet)
    assert again.plan.loss.name == "spike-count-margin + 0.1*silence + quiet"


def test_a_loss_from_a_file_is_found_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("own.py").write_text(
        "def calm(recording, trials):\n    return recording.spikes_per_neuron\n"
    )
    settings = {**SMALL, "generations": 1}
    result = nt.train(STUB, Sign(), loss="own.py:calm", out="run", **settings)
    assert result.summary["loss"] == f"{tmp_path}/own.py:calm"
    assert nt.Result.load("run", task=Sign()).plan.loss.name == "calm"


@pytest.mark.parametrize("name", READOUTS)
def test_models_are_built_with_every_readout(name):
    outputs = READOUTS[name](1, "v").outputs
    task = replace(Follow()) if outputs else Sign()
    options = {"neurons": 6, "readout": name}
    plan = plan_of("morris-lecar", task, model_options=options)
    assert plan.circuit.readout == nt.make_readout(name, 2, "activity")
    assert plan.loss.readout == plan.circuit.readout.kind


BAD = {
    "loss of choices": (
        stub(), Follow(), "cross-entropy", "one of choices, but task 'follow' has targets"
    ),
    "loss of trajectories": (
        stub("graded"), Sign(), "trajectory-error", "asks for a choice among 2 classes"
    ),
    "loss without a kind": (stub(), Follow(), "zero-one", "compares choices with labels"),
    "outputs": (stub(classes=3), Follow(), None, "has 2 outputs, the circuit's readout 3"),
    "readout of choices": (
        stub("graded"), Follow(), "silence", "has 2 outputs, the circuit's readout 0"
    ),
    "readout of trajectories": (
        stub(), Sign(), "silence", "has 2 classes, the circuit's readout 0"
    ),
    "sum": (stub(), Follow(), "trajectory-error + 2*cross-entropy", "one readout"),
    "block": (stub(), Follow(), "trajectory-error + depolarization-block", "blocked=Blocked"),
    "class": (stub(), Follow(), TrajectoryError, "A loss must be"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_parts_that_do_not_fit_are_told(case):
    circuit, task, loss, told = BAD[case]
    with pytest.raises(InvalidInput, match=told) as error:
        plan_of(circuit, task, loss)
    assert "\n" not in str(error.value)
