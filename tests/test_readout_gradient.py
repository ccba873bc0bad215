"""The readout by its gradient beside an evolution strategy, without PyTorch."""

import numpy as np
import pytest
from brian2 import ms

import neurotrain as nt
from neurotrain.tasks import StimulusIntegration
from neurotrain.training import generation

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
def test_it_is_the_slope_of_the_mean_loss_of_the_candidates(readout, blocks, tmp_path):
    plan = trained(tmp_path, readout, gradient=blocks, execution="fused-float64").plan
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
        moved = np.zeros_like(values)
        moved[k] = 1e-5
        both = (
            mean_loss(plan, candidates, values + sign * moved, chosen, trials, state)
            for sign in (1, -1)
        )
        assert found[k] == pytest.approx(-np.subtract(*reversed([*both])) / 2e-5, abs=1e-8)
