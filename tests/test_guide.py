"""Gradients of the user's own that guide a training."""

import json
from pathlib import Path

import numpy as np
import pytest

import neurotrain as nt
from neurotrain import catalog
from neurotrain.cli import main
from neurotrain.errors import InvalidInput, RunFolderError
from neurotrain.tasks import StimulusIntegration

STUB = f"{Path(__file__).with_name('stub_circuit.py')}:linear"
TASK = StimulusIntegration(words=4, channels=4, bin_ms=1.0, decision_ms=1.0)
SMALL = {
    "generations": 7,
    "trials": 8,
    "validation_trials": 20,
    "validation_every": 2,
    "test_trials": 30,
    "checkpoint_every": 3,
    "optimizer": "guided-es",
    "optimizer_options": {"population_size": 6, "sigma": 0.3},
    "progress": False,
}


def stub(**options):
    return catalog.find("models", STUB)(channels=4, classes=3, readout="graded", **options)


def exact(weights, trials):
    """Return the gradient of the cross-entropy of the stub, whose readout is linear."""
    drive = trials.inputs.mean(axis=1)
    readout = drive @ weights[:12].reshape(3, 4).T + weights[12:]
    share = np.exp(readout - readout.max(axis=1, keepdims=True))
    share /= share.sum(axis=1, keepdims=True)
    apart = share - np.eye(3)[trials.labels]
    return np.concatenate([(apart.T @ drive).ravel(), apart.sum(axis=0)]) / len(drive)


def wrong(weights, trials):
    """Return a direction that no loss falls along."""
    return np.ones_like(weights)


def test_a_guide_quickens_learning(tmp_path):
    """The median loss at the end over 5 seeds, beside that of a useless guide."""
    settings = {**SMALL, "generations": 15, "trials": 32}
    losses = {}
    for guide in (exact, wrong):
        folders = [tmp_path / guide.__name__ / str(k) for k in range(5)]
        runs = [
            nt.train(stub(), TASK, guide=guide, seed=k, out=folder, **settings)
            for k, folder in enumerate(folders)
        ]
        losses[guide] = np.median([run.metrics[-1]["loss"] for run in runs])
        assert all(m["guiding_gradients"] == 1 for run in runs for m in run.metrics)
    assert losses[exact] < losses[wrong] - 0.02


def test_a_guide_sees_guess_and_trials_of_the_generation(tmp_path):
    seen, circuit = [], stub()

    def guide(weights, trials):
        seen.append((np.array(weights), trials))
        return np.stack([weights + 1, exact(weights, trials)])

    result = nt.train(circuit, TASK, guide=guide, out=tmp_path / "run", **SMALL)
    training = [call for call in circuit.calls if len(call[0]) == 6]
    # The first call is a trial, before anything is written.
    assert len(seen) == 1 + len(training) == 8
    for (weights, trials), (candidates, simulated, *_) in zip(seen[1:], training, strict=True):
        assert trials is simulated
        np.testing.assert_allclose(candidates.mean(axis=0), weights)
    assert {m["guiding_gradients"] for m in result.metrics} == {2}


def test_gradients_that_exploded_stop_nothing_and_are_counted(tmp_path):
    calls = []

    def guide(weights, trials):
        calls.append(0)
        gradients = np.stack([exact(weights, trials), np.ones_like(weights)])
        gradients[: len(calls) % 3, 0] = [np.nan, np.inf][len(calls) % 2]
        return gradients

    result = nt.train(stub(), TASK, guide=guide, out=tmp_path / "run", **SMALL)
    assert [m["guiding_gradients"] for m in result.metrics] == [0, 2, 1, 0, 2, 1, 0]


def test_a_guided_run_resumes_bit_for_bit_with_its_guide(tmp_path):
    whole = nt.train(stub(), TASK, guide=exact, out=tmp_path / "whole", **SMALL)
    left = [5]

    def interrupts(weights, trials):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return exact(weights, trials)

    cut = tmp_path / "cut"
    with pytest.raises(KeyboardInterrupt, match="generation 4"):
        nt.train(stub(), TASK, guide=interrupts, out=cut, **SMALL)
    with pytest.raises(RunFolderError, match=r"made in Python.*resume\(folder, guide=...\)"):
        nt.resume(cut, circuit=stub(), progress=False)
    nt.resume(cut, circuit=stub(), guide=exact, progress=False)
    for name in ("metrics.jsonl", "weights.npz"):
        assert (cut / name).read_bytes() == (whole.folder / name).read_bytes()
    # To look at a result, no guide is needed.
    assert nt.Result.load(cut, circuit=stub()).test_accuracy == whole.test_accuracy


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "guided-es needs gradients to follow.*guide="),
        ({"guide": exact, "optimizer": "pgpe"}, "pgpe takes no guide; choose guided-es"),
        ({"guide": 3}, "guide must be a function"),
        ({"guide": lambda weights, trials: weights[:2]}, r"shape \(15,\) or \(k, 15\), got \(2,\)"),
        ({"guide": lambda weights, trials: 0.0}, r"got \(\)"),
    ],
)
def test_wrong_guides_are_refused_before_anything_is_written(settings, words, tmp_path):
    with pytest.raises(InvalidInput, match=words):
        nt.train(stub(), TASK, out=tmp_path / "run", **{**SMALL, **settings})
    assert not (tmp_path / "run").exists()


def test_noise_alike_in_all_directions_needs_no_guide(tmp_path, capsys):
    arguments = ["train", "stimulus-integration", "--model", STUB, "--generations", "2"]
    arguments += ["--trials", "8", "--population", "6", "--optimizer", "guided-es", "--json"]
    out = ["--out", str(tmp_path / "run")]
    assert main([*arguments, *out]) == 2
    assert "guided-es needs gradients" in capsys.readouterr().err
    assert main([*arguments, *out, "--option", "optimizer.alpha=1"]) == 0
    assert json.loads(capsys.readouterr().out)["optimizer"] == "guided-es"
