"""Rate networks are trained by backpropagation through time, within signs and masks."""

import numpy as np
import pytest
from brian2 import Synapses, ms

import neurotrain as nt

pytestmark = pytest.mark.usefixtures("compiled_quickly")

pytest.importorskip("torch")

BY_GRADIENT = {
    "optimizer": "adam",
    "optimizer_options": {
        "precision": "float32",
        "clip_norm": 1.0,
        "learning_rate": 0.05,
    },
    "validation_trials": 200,
    "threads": 1,
    "progress": False,
}


def test_it_learns_to_integrate_evidence(tmp_path):
    """Chance is 1/3. Of 2000 trials the standard error is 0.005; 0.99 is usual."""
    circuit = nt.models.rate(64, dt=2 * ms)
    result = nt.train(
        circuit, "stimulus-integration", generations=120, out=tmp_path / "run", **BY_GRADIENT
    )
    assert result.test_accuracy >= 0.95


def test_it_learns_delayed_match_to_sample(tmp_path):
    """Chance is 1/2. Shorter periods and a coarser step make it cheap."""
    circuit = nt.models.rate(64, channels=2, classes=2, dt=10 * ms)
    periods = {"fixation_ms": 50.0, "sample_ms": 200.0, "test_ms": 200.0, "decision_ms": 200.0}
    task = nt.tasks.DelayedMatchToSample(**periods, delay_ms=400.0)
    settings = {**BY_GRADIENT, "generations": 80, "validation_every": 40, "test_trials": 1000}
    result = nt.train(circuit, task, out=tmp_path / "run", **settings)
    assert result.test_accuracy >= 0.95
    assert result.summary["test_ideal_score"] == pytest.approx(1, abs=1e-3)


@pytest.mark.nightly
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("task", ["stimulus-integration", "delayed-match-to-sample"])
def test_it_learns_by_name_within_three_minutes(task, seed, tmp_path):
    result = nt.train("rate", task, generations=300, seed=seed, out=tmp_path / "run", **BY_GRADIENT)
    assert result.test_accuracy >= 0.95
    assert result.summary["wall_seconds"] < 180


def masked(density=0.4):
    """Return a network by Dale's law, of whose synapses only some are there."""
    units = nt.models.rate_units(20, nonlinearity="rectified-linear")
    recurrent = Synapses(units, units, "weight : 1\ndrive_post = weight*activity_pre : 1 (summed)")
    recurrent.connect()
    there = np.random.default_rng(0).random((20, 20)) < density
    weight = nt.Parameter(nt.Uniform(0, 0.1), dale=0.8, mask=there)
    return nt.Circuit(
        units,
        recurrent,
        inputs=nt.Input("stimulus", 4),
        readout=nt.GradedReadout("activity", classes=3),
        train={"recurrent.weight": weight, "input.weight": nt.Normal(0, 1)},
        namespace={},
    ), there


def test_signs_and_masks_hold_while_it_learns(tmp_path):
    task = nt.tasks.StimulusIntegration(words=9, channels=4)
    circuit, there = masked()
    settings = {
        **BY_GRADIENT,
        "generations": 60,
        "test_trials": 500,
        "trials": 64,
        "out": tmp_path / "run",
    }
    result = nt.train(circuit, task, **settings)
    assert result.test_accuracy > 0.6
    before, after = (
        circuit.parameters.split(weights[None])["recurrent.weight"][0]
        for weights in (result.initial_weights, result.weights)
    )
    pre, post = (np.array(index) for index in (circuit.synapses[0].i, circuit.synapses[0].j))
    absent = ~there[post, pre]
    assert (after[absent] == 0).all()
    assert (after[~absent] != before[~absent]).mean() > 0.5
    assert (after[pre < 16] >= 0).all()
    assert (after[pre >= 16] <= 0).all()
    assert (after > 0).any() and (after < 0).any()


def test_the_model_has_signs_if_asked(tmp_path):
    circuit = nt.models.rate(10, channels=4, dale=0.8, nonlinearity="logistic")
    task = nt.tasks.StimulusIntegration(words=4, channels=4)
    result = nt.train(circuit, task, generations=5, out=tmp_path / "run", **BY_GRADIENT)
    weight, pre = result.parameters["recurrent.weight"], np.array(circuit.synapses[0].i)
    assert (weight[pre < 8] >= 0).all()
    assert (weight[pre >= 8] <= 0).all()
