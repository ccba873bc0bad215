"""Networks learn the tasks: the default model, small, for seconds, above chance by far."""

import numpy as np
import pytest

import neurotrain as nt
from neurotrain.training.evaluation import evaluate

SMALL = {
    "trials": 32,
    "validation_trials": 200,
    "test_trials": 500,
    "optimizer_options": {"population_size": 32},
    "model_options": {"neurons": 32},
    "progress": False,
}
SHORT = {
    "go-no-go": ({"stimulus_ms": 100.0, "delay_ms": 100.0, "decision_ms": 100.0}, 40, 0.9),
    "two-pool-decision": ({"stimulus_ms": 200.0, "decision_ms": 50.0, "sigma": 1.0}, 40, 0.75),
    "working-memory": ({}, 120, 0.75),
}


@pytest.mark.nightly
@pytest.mark.parametrize("name", SHORT)
def test_default_network_learns(name, tmp_path):
    """One fixed seed; the untrained network, as a control, is at chance within 0.1."""
    options, generations, least = SHORT[name]
    folder = tmp_path / "run"
    result = nt.train(
        "morris-lecar", name, task_options=options, generations=generations, out=folder, **SMALL
    )
    assert least < result.test_accuracy <= result.summary["test_ideal_score"] + 0.05
    loss, starts = result.plan.loss, np.random.default_rng(1)
    untrained = np.stack([result.circuit.parameters.draw(starts) for _ in range(8)])
    scores = evaluate(
        result.circuit, result.task, loss, untrained, n_trials=500, seed=0, purpose="test"
    )
    assert abs(scores.accuracy.mean() - 0.5) < 0.1
