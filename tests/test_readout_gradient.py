"""The readout by its gradient beside an evolution strategy, without PyTorch."""

from dataclasses import replace

import numpy as np
import pytest
from brian2 import ms

import neurotrain as nt
from neurotrain.losses import CrossEntropy
from neurotrain.tasks import StimulusIntegration
from neurotrain.training import generation
from neurotrain.training.readout_gradient import descends_in_readout

# The same on every Python.
pytestmark = pytest.mark.slow

TASK = StimulusIntegration(words=4, channels=4, bin_ms=2.0, decision_ms=2.0)
READOUT = ["readout.weight", "readout.bias"]
SETTINGS = {
    "optimizer_options": {"population_size": 6},
    "gradient": READOUT,
    "generations": 2,
    "trials": 8,
    "validation_trials": 20,
    "test_trials": 30,
    "threads": 1,
    "progress": False,
}


def circuit(readout="graded"):
    model = nt.models.leaky_integrate_and_fire if readout == "rate" else nt.models.rate
    options = {} if readout == "rate" else {"tau": 10 * ms, "dt": 1 * ms, "gain": 0.9}
    return model(8, channels=4, classes=3, readout=readout, **options)


def trained(tmp_path, readout="graded", **changed):
    return nt.train(circuit(readout), TASK, out=tmp_path / "run", **{**SETTINGS, **changed})


def mean_loss(plan, candidates, values, chosen, trials, state):
    shifted = candidates.copy()
    shifted[:, chosen] = values
    recording = plan.circuit.simulate(shifted, trials, state, execution="fused-float64")
    return plan.loss(recording, trials).mean()


@pytest.mark.parametrize("readout", ["graded", "rate"])
@pytest.mark.parametrize("blocks", [READOUT, READOUT[:1]])
@pytest.mark.parametrize("loss", ["cross-entropy", "0.5*cross-entropy + 0.1*silence"])
def test_it_is_the_slope_of_the_mean_loss_of_the_candidates(readout, blocks, loss, tmp_path):
    how = {"gradient": blocks, "loss": loss, "execution": "fused-float64"}
    plan = trained(tmp_path, readout, **how).plan
    optimizer = plan.make_optimizer()
    candidates = optimizer.ask()
    rng = np.random.default_rng(1)
    trials = TASK.draw(5, rng)
    state = plan.circuit.draw_initial_state(5, rng)
    played = generation.played_generation(plan, optimizer, candidates, trials, state)
    parts = plan.circuit.parameters.blocks
    chosen = np.repeat([part.name in blocks for part in parts], [part.size for part in parts])
    assert (played.gradient[0, ~chosen] == 0).all()
    values, found = optimizer.guess[chosen], played.gradient[0, chosen]
    for k in rng.choice(len(values), 6, replace=False):
        losses = []
        for step in (1e-5, -1e-5):
            moved = values.copy()
            moved[k] += step
            losses.append(mean_loss(plan, candidates, moved, chosen, trials, state))
        assert found[k] == pytest.approx((losses[0] - losses[1]) / 2e-5, abs=1e-8)


def test_nothing_is_simulated_beside_the_candidates(tmp_path, monkeypatch):
    monkeypatch.setattr(generation, "differentiated", None)
    result = trained(tmp_path)
    # Two generations of six candidates, and one validation at the end.
    assert result.summary["trial_simulations"] == 2 * 6 * 8 + 20
    assert not result.plan.uses_torch
    assert [metrics["skipped"] for metrics in result.metrics] == [0, 0]
    chosen = slice(-27, None)
    assert (result.weights[chosen] != result.initial_weights[chosen]).all()


def test_failed_candidates_do_not_count(tmp_path):
    plan = trained(tmp_path).plan
    optimizer = plan.make_optimizer()
    candidates = optimizer.ask().copy()
    rng = np.random.default_rng(1)
    trials = TASK.draw(5, rng)
    state = plan.circuit.draw_initial_state(5, rng)
    candidates[2, 0] = np.nan
    alone = generation.played_generation(plan, optimizer, candidates[[0, 1]], trials, state)
    beside = generation.played_generation(plan, optimizer, candidates[:3], trials, state)
    np.testing.assert_array_equal(beside.gradient, alone.gradient)
    none = generation.played_generation(plan, optimizer, candidates[[2]], trials, state)
    assert np.isnan(none.gradient).all()


@pytest.mark.parametrize(
    ("loss", "blocks"),
    [
        ("cross-entropy", ["input.weight"]),
        ("cross-entropy", [*READOUT, "input.weight"]),
    ],
)
def test_all_else_is_backpropagated(loss, blocks, tmp_path):
    pytest.importorskip("torch")
    plan = trained(tmp_path, loss=loss, gradient=blocks).plan
    assert not descends_in_readout(plan)
    assert plan.uses_torch


def test_a_loss_that_is_made_of_another_has_no_slope(tmp_path):
    class Doubled(CrossEntropy):
        def _per_trial(self, readout, labels):
            return 2 * super()._per_trial(readout, labels)

    assert not descends_in_readout(replace(trained(tmp_path).plan, loss=Doubled()))
