"""A spiking network begins where a trained network of rate units ended."""

import numpy as np
import pytest
from brian2 import NeuronGroup, Synapses, ms

import neurotrain as nt
from neurotrain.rate_start import start_from_rates

# The same on every Python.
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("compiled_quickly")]

TASK = nt.tasks.StimulusIntegration(words=9, channels=6)
SIZE, CHANNELS, CLASSES = 8, 6, 3
CENTER, SPREAD, BASELINE, SLOPE = 2.0, 0.7, 0.3, 0.5


def rate(neurons=SIZE, **options):
    return nt.models.rate(neurons, channels=CHANNELS, classes=CLASSES, **options)


def shifted(sign=1, autapses=True):
    """Return rate units whose drives and activity are those of others, shifted and scaled."""
    group = NeuronGroup(
        SIZE,
        """dx/dt = (-x + drive + bias + stimulus)/tau : 1
        activity = baseline + slope*tanh((x - center)/spread) : 1
        drive : 1
        bias : 1
        stimulus : 1""",
        method="euler",
        dt=1 * ms,
        namespace={
            "tau": 100 * ms,
            "baseline": BASELINE,
            "slope": sign * SLOPE,
            "center": CENTER,
            "spread": SPREAD,
        },
    )
    recurrent = Synapses(
        group,
        group,
        "weight : 1\ndrive_post = weight*activity_pre : 1 (summed)",
        namespace=group.namespace,
    )
    recurrent.connect("True" if autapses else "i != j")
    return nt.Circuit(
        group,
        recurrent,
        inputs=nt.Input("stimulus", CHANNELS),
        readout=nt.make_readout("graded", CLASSES, "activity"),
        train={
            "recurrent.weight": nt.Normal(0, 0.3),
            "input.weight": nt.Normal(0, 1),
            "neurons.bias": nt.Normal(0, 0.1),
        },
        initial={"x": nt.Normal(0, 0.1)},
        namespace={},
    )


def test_the_scaling_is_exact_where_activity_is_that_of_the_units():
    """In exact arithmetic the two networks are the same; a wrong sum or sign shows at once."""
    circuit, other, rng = rate(), shifted(), np.random.default_rng(3)
    weights = circuit.parameters.draw(rng)
    how = {"execution": "fused-float64", "threads": 1}
    start = start_from_rates(
        circuit, weights, other, drive=(CENTER - SPREAD, CENTER + SPREAD), **how
    )
    assert (start.center, start.spread) == pytest.approx((CENTER, SPREAD))
    # Of where they began, a part in 20,000 is left after ten time constants.
    assert (start.baseline, start.slope) == pytest.approx((BASELINE, SLOPE), rel=1e-4)
    assert start.explained == pytest.approx(1)
    assert "drive 2 + 0.7*x, activity 0.3 + 0.5*r (100%" in str(start)
    trials, state = TASK.draw(20, rng), circuit.draw_initial_state(20, rng)
    wanted = circuit.simulate(weights[None], trials, state, **how).readout
    of_other = {"x": CENTER + SPREAD * state["x"]}
    begun = other.parameters.join(start.blocks)[None]
    np.testing.assert_allclose(
        other.simulate(begun, trials, of_other, **how).readout, wanted, rtol=0, atol=1e-4
    )
    assert np.std(wanted) > 0.05


@pytest.mark.slow
def test_morris_lecar_neurons_decide_above_chance_before_any_training(tmp_path):
    """Chance is 1/3, with a standard error of 0.021; rates give from 0.5 to 0.8."""
    pytest.importorskip("torch")
    task = nt.tasks.StimulusIntegration()
    trained = nt.train(
        nt.models.rate(64, dt=2 * ms),
        task,
        optimizer="adam",
        optimizer_options={"precision": "float32", "clip_norm": 1.0, "learning_rate": 0.05},
        generations=120,
        validation_trials=200,
        threads=1,
        progress=False,
        out=tmp_path / "rate",
    )
    circuit = nt.models.morris_lecar(64)
    start = start_from_rates(trained.circuit, trained.weights, circuit, threads=1)
    trials = task.draw(500, np.random.default_rng(1))
    state = circuit.draw_initial_state(500, np.random.default_rng(2))
    drawn = circuit.parameters.draw(np.random.default_rng(3))
    both = np.stack([circuit.parameters.join(start.blocks), drawn])
    decisions = circuit.simulate(both, trials, state, threads=1).decisions
    begun, untrained = (decisions == trials.labels).mean(axis=1)
    assert begun > 0.45 > untrained
    result = nt.train(
        circuit,
        task,
        start=start.blocks,
        generations=1,
        trials=4,
        validation_trials=20,
        test_trials=20,
        threads=1,
        progress=False,
        out=tmp_path / "spiking",
    )
    assert np.array_equal(result.initial_weights, both[0])


def test_by_dales_law_neurons_keep_their_signs():
    law = {"dale": 0.75}
    circuit = rate(nonlinearity="logistic", **law)
    other = nt.models.morris_lecar(SIZE, channels=CHANNELS, classes=CLASSES, **law)
    weights = circuit.parameters.draw(np.random.default_rng(0))
    start = start_from_rates(circuit, weights, other, threads=1)
    before = circuit.parameters.split(weights)["recurrent.weight"]
    assert np.array_equal(np.sign(start.blocks["recurrent.weight"]), np.sign(before))
    begun = other.parameters.split(other.parameters.join(start.blocks))
    np.testing.assert_allclose(begun["recurrent.weight"], start.blocks["recurrent.weight"])


@pytest.mark.parametrize(
    ("other", "drive", "told"),
    [
        (lambda: rate(SIZE + 1), (-1, 1), "in the rate network and"),
        (lambda: shifted(autapses=False), (-1, 1), "make both of the same size"),
        (lambda: shifted(sign=-1), (1, 3), "does not increase with their drive"),
        (lambda: shifted(), (1.0, 1.0), "drive must be a finite number above 1"),
        (
            lambda: nt.models.leaky_integrate_and_fire(SIZE, channels=CHANNELS, classes=CLASSES),
            (-1, 1),
            "The spiking network must train recurrent.weight",
        ),
    ],
)
def test_networks_that_do_not_correspond_are_refused(other, drive, told):
    circuit = rate()
    weights = circuit.parameters.draw(np.random.default_rng(0))
    with pytest.raises(nt.InvalidInput, match=told):
        start_from_rates(circuit, weights, other(), drive=drive, threads=1)


def test_activity_of_a_trained_network_on_given_trials(tmp_path):
    result = nt.train(
        rate(),
        TASK,
        generations=2,
        trials=4,
        validation_trials=10,
        test_trials=10,
        optimizer_options={"population_size": 4},
        threads=1,
        progress=False,
        out=tmp_path / "run",
    )
    trials = TASK.draw(5, np.random.default_rng(0))
    activity = result.activity_on(trials, sample_ms=2.0)
    assert activity.shape == (5, trials.duration_ms / 2, SIZE)
    assert np.array_equal(activity, result.activity_on(trials, sample_ms=2.0))
    assert not np.array_equal(activity, result.activity_on(trials, sample_ms=2.0, seed=1))
    np.testing.assert_allclose(
        np.tanh(result.activity_on(trials, "x", sample_ms=2.0)), activity, rtol=1e-4, atol=1e-6
    )
    with pytest.raises(nt.InvalidInput, match="did you mean 'activity'"):
        result.activity_on(trials, "activit")
