"""Weights by Dale's law: at the constrained minimum, as another solver finds it."""

from dataclasses import replace

import numpy as np
import pytest

from neurotrain.errors import InvalidInput
from neurotrain.rate_to_spike.fit import fit
from neurotrain.rate_to_spike.four_sines import FourSines
from neurotrain.rate_to_spike.settings import Settings
from neurotrain.rate_to_spike.simulation import Simulation
from neurotrain.rate_to_spike.spiking_network import Connections, SpikingNetwork

NEURONS, FACTORS, STEPS = 50, 4, 600
SMALL = Settings(
    neurons=60,
    rate_units=40,
    components=4,
    inhibition_mv=0.0,
    excitatory=0.8,
    connections=0.5,
    pool=1.0,
    traces="slow",
    settle_trials=1,
    component_trials=2,
    demean_trials=2,
    training_trials=3,
    test_trials=1,
)


def teacher_forced(signs: np.ndarray, n_sources: int, alpha: float = 2.0, seed: int = 0):
    """Return a network that has learned, its regressors at the updates, and what was wanted."""
    rng = np.random.default_rng(seed)
    sources = np.array([rng.permutation(NEURONS)[:n_sources] for _ in range(NEURONS)])
    network = SpikingNetwork(
        encoders=rng.normal(0, 3, (NEURONS, FACTORS)),
        input_weights=np.zeros((NEURONS, 0)),
        bias=np.full(NEURONS, 1.0),
        inhibition=0.0,
        pool=np.arange(NEURONS),
        connections=Connections(sources, signs),
    )
    time = np.arange(STEPS)[:, None] / 150
    wanted = np.sin(2 * np.pi * time * [1, 1, 2, 3, 1] + [0, 1, 0, 2, 0])
    learns = rng.random(STEPS) < 0.5
    simulation = Simulation(network, 1, 1.0, rng.uniform(-65, -55, NEURONS), alpha)
    seen = []
    for k in range(STEPS):
        one = slice(k, k + 1)
        simulation.advance(np.zeros((1, 0)), wanted[one], teach=True, learns=learns[one])
        if learns[k]:
            seen.append(simulation.traces)
    goals = wanted[learns, :FACTORS] @ network.encoders.T
    return simulation, np.array(seen), goals


def squared_error(weights, traces, goals, alpha):
    return ((traces @ weights - goals) ** 2).sum() + alpha * (weights**2).sum()


def test_weights_are_at_the_constrained_minimum():
    from scipy.optimize import nnls

    signs = np.where(np.arange(NEURONS) < 40, 1.0, -1.0)
    simulation, traces, goals = teacher_forced(signs, 30, alpha=2.0)
    weights, excess = simulation.recurrent, []
    assert (weights * signs >= 0).all()
    for i, sources in enumerate(simulation.network.connections.sources):
        # The constant may have either sign.
        ones = np.ones((len(traces), 1))
        design = np.hstack([traces[:, sources] * signs[sources], ones, -ones])
        design = np.vstack([design, np.sqrt(2) * np.eye(32)])
        best, _ = nnls(design, np.concatenate([goals[:, i], np.zeros(32)]))
        values = np.append(best[:30] * signs[sources], best[30] - best[31])
        own = np.append(weights[i, sources], simulation.constant[i])
        seen = np.hstack([traces[:, sources], ones])
        lowest = squared_error(values, seen, goals[:, i], 2.0)
        here = squared_error(own, seen, goals[:, i], 2.0)
        assert here >= lowest * (1 - 1e-9)
        excess.append(here / lowest - 1)
    # Weights that are to be released wait for their turn.
    assert np.median(excess) < 1e-3 and max(excess) < 0.05


def test_free_signs_give_the_regression():
    simulation, traces, goals = teacher_forced(np.zeros(NEURONS), 30, alpha=2.0)
    for i, sources in enumerate(simulation.network.connections.sources):
        seen = np.hstack([traces[:, sources], np.ones((len(traces), 1))])
        expected = np.linalg.solve(2 * np.eye(31) + seen.T @ seen, seen.T @ goals[:, i])
        np.testing.assert_allclose(simulation.recurrent[i, sources], expected[:-1], atol=1e-8)
        assert simulation.constant[i] == pytest.approx(expected[-1], abs=1e-8)


def test_learning_goes_on_exactly_from_its_state():
    signs = np.where(np.arange(NEURONS) < 40, 1.0, -1.0)
    simulation, _, _ = teacher_forced(signs, 30)
    wanted = np.ones((100, FACTORS + 1))
    other = Simulation(simulation.network, 1, 1.0, simulation.voltage, alpha=2.0)
    other.load_state_dict(simulation.state_dict())
    ran = [
        each.advance(np.zeros((100, 0)), wanted, learns=np.ones(100))
        for each in (simulation, other)
    ]
    assert (ran[0].factors == ran[1].factors).all()
    assert (simulation.recurrent == other.recurrent).all()


def test_closed_loop_reads_out_what_it_feeds_back():
    simulation, _, _ = teacher_forced(np.zeros(NEURONS), NEURONS)
    simulation.close_loop()
    stretch = simulation.advance(np.zeros((1, 0)), np.zeros((1, FACTORS + 1)))
    fed_back = simulation.recurrent @ simulation.traces + simulation.constant
    expected = np.linalg.pinv(simulation.network.encoders) @ fed_back
    np.testing.assert_allclose(stretch.factors[0], expected, atol=1e-10)


def test_trained_network_keeps_the_law_and_its_connections():
    result = fit(FourSines(period_ms=200), SMALL)
    weights = result.recurrent_weights()["slow"]
    assert (weights[:, :48] >= 0).all() and (weights[:, 48:] <= 0).all()
    assert (weights[:, :48] > 0).any() and (weights[:, 48:] < 0).any()
    assert ((weights != 0).sum(axis=1) <= 30).all()
    sources = result.network.connections.sources
    assert sources.shape == (60, 30)
    outside = np.ones_like(weights, dtype=bool)
    np.put_along_axis(outside, sources, False, axis=1)
    assert not weights[outside].any()


@pytest.mark.parametrize("what", ["inhibition_mv", "random_slow_mv", "random_fast_mv"])
def test_other_weights_that_break_the_law_are_refused(what):
    with pytest.raises(InvalidInput, match=what):
        replace(SMALL, **{what: 1.0})


def test_without_inhibitory_neurons_nothing_inhibits():
    with pytest.raises(InvalidInput, match="none of 60 neurons inhibits"):
        replace(SMALL, excitatory=1.0, inhibition_mv=-60.0)


@pytest.mark.parametrize("what", [{"excitatory": 0}, {"excitatory": 1.1}, {"connections": 0}])
def test_parts_must_be_parts(what):
    with pytest.raises(InvalidInput, match=next(iter(what))):
        replace(SMALL, **what)


@pytest.mark.parametrize(
    ("sources", "signs"),
    [([[0, 0]], [1, 1]), ([[0, 2]], [1, 1]), ([[-1]], [1]), ([[0]], [0.5]), ([[]], [1])],
)
def test_connections_refuse_what_makes_no_sense(sources, signs):
    with pytest.raises(InvalidInput):
        Connections(np.array(sources), np.array(signs))
