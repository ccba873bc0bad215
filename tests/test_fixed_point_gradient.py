"""Rules for fixed points on circuits, against simulations that are long enough."""

import numpy as np
import pytest
from brian2 import ms

from neurotrain import models
from neurotrain.errors import InvalidInput
from neurotrain.gradients import FixedPointGradient, loss_and_gradient
from neurotrain.losses import make_loss
from neurotrain.trials import Trials

pytestmark = pytest.mark.usefixtures("compiled_quickly")

pytest.importorskip("torch")

CHANNELS, CLASSES = 4, 3
LOSS = make_loss("cross-entropy")


def steady(n_trials=6, duration_ms=1000.0):
    rng = np.random.default_rng(0)
    return Trials(
        inputs=rng.normal(size=(n_trials, 1, CHANNELS)),
        bin_ms=duration_ms,
        labels=rng.integers(CLASSES, size=n_trials),
        periods={"decision": (duration_ms - 10, duration_ms)},
    )


def circuit(**options):
    return models.rate(10, channels=CHANNELS, classes=CLASSES, gain=0.5, tau=10 * ms, **options)


def test_the_circuit_comes_to_rest_there():
    made, trials = circuit(), steady()
    candidate = made.parameters.draw(np.random.default_rng(1))
    state = made.draw_initial_state(trials.n_trials, np.random.default_rng(2))
    recording = made.simulate(candidate, trials, state, execution="fused-float64")
    points = FixedPointGradient(made, LOSS).points(candidate, trials)
    np.testing.assert_allclose(recording.average["activity"][0], points.activity, atol=1e-8)


@pytest.mark.parametrize("options", [{}, {"nonlinearity": "logistic", "dale": 0.8}])
def test_the_euclidean_rule_is_the_gradient_of_a_long_simulation(options):
    made, trials = circuit(**options), steady()
    candidate = made.parameters.draw(np.random.default_rng(1))
    state = made.draw_initial_state(trials.n_trials, np.random.default_rng(2))
    _, exact = loss_and_gradient(made, candidate[None], trials, state, LOSS)
    told = FixedPointGradient(made, LOSS, "euclidean")(candidate, trials)
    np.testing.assert_allclose(told, exact, rtol=1e-5, atol=1e-7 * abs(exact).max())


def test_the_linearised_rule_changes_recurrent_weights_otherwise():
    made, trials = circuit(), steady()
    candidate = made.parameters.draw(np.random.default_rng(1))
    one, three = (
        FixedPointGradient(made, LOSS, rule)(candidate, trials)[0]
        for rule in ("euclidean", "linearised")
    )
    split = made.parameters.split
    differ = {name for name in split(one) if not np.allclose(split(one)[name], split(three)[name])}
    assert differ == {"recurrent.weight"}


def test_descending_by_it_learns():
    made, trials = circuit(), steady(20)
    candidate = made.parameters.draw(np.random.default_rng(1))
    rule = FixedPointGradient(made, LOSS)
    state = made.draw_initial_state(trials.n_trials, np.random.default_rng(2))

    def loss():
        return LOSS(made.simulate(candidate, trials, state, execution="fused-float64"), trials)[0]

    before = loss()
    for _ in range(30):
        candidate = candidate - 0.3 * rule(candidate, trials)[0]
    assert loss() < 0.6 * before
    assert (rule.abscissae(candidate, trials) < 0).all()


def test_no_gradient_where_nothing_comes_to_rest():
    made, trials = circuit(), steady()
    candidate = made.parameters.draw(np.random.default_rng(1))
    rule = FixedPointGradient(made, LOSS, tolerance=1e-300)
    assert np.isnan(rule(candidate, trials)).all()


def test_inputs_that_change_are_refused():
    made, trials = circuit(), steady()
    moving = Trials(
        np.random.default_rng(0).normal(size=(6, 2, CHANNELS)), 500.0, trials.labels, trials.periods
    )
    with pytest.raises(InvalidInput, match="stay the same during a trial"):
        FixedPointGradient(made, LOSS)(made.parameters.draw(np.random.default_rng(1)), moving)


def test_rules_and_readouts_that_do_not_go_are_refused():
    with pytest.raises(InvalidInput, match="'reparameterised'"):
        FixedPointGradient(circuit(), LOSS, "reparameterised")
    trajectories = circuit(readout="trajectory")
    with pytest.raises(InvalidInput, match="readout 'graded'"):
        FixedPointGradient(trajectories, make_loss("trajectory-error"))
