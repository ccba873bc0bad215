"""Reservoirs that learn to move: the compiled loop against the equations written out, and what
it learns."""

from dataclasses import replace

import numpy as np
import pytest
from brian2 import NeuronGroup, ms
from hypothesis import given
from hypothesis import strategies as st

from neurotrain.benchmarks.reservoir_numpy import NumpyReservoir
from neurotrain.errors import InvalidInput, TrainingFailed
from neurotrain.rate_to_spike import Brian2Neuron
from neurotrain.reservoirs.learners import Learner, force, rmhl, supertrex
from neurotrain.reservoirs.movements import Arm, Pen, butterfly
from neurotrain.reservoirs.readout import Readout
from neurotrain.reservoirs.reservoir import Reservoir
from neurotrain.reservoirs.spiking_reservoir import SpikingReservoir
from neurotrain.reservoirs.training import ReservoirTraining, deviation

# The same on every Python.
pytestmark = pytest.mark.slow

ARM3 = Arm((1.8, 1.2, 0.6), (0.1, 0.05, 0.0))
SMALL = Reservoir(40, connection=0.3)


class Xoshiro:
    """xoshiro256++, as published."""

    def __init__(self, state):
        self.s = [int(one) for one in state]

    def uniform(self):
        full = 2**64 - 1

        def rotated(x, k):
            return ((x << k) | (x >> (64 - k))) & full

        s = self.s
        result = (rotated((s[0] + s[3]) & full, 23) + s[0]) & full
        shifted = (s[1] << 17) & full
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= shifted
        s[3] = rotated(s[3], 45)
        return (result >> 11) * 2.0**-52 - 1

    def uniforms(self, size):
        return np.array([self.uniform() for _ in range(size)])


CASES = {
    "force": (Pen(), force(Pen())),
    "pen": (Pen(), replace(supertrex(Pen()), threshold=2.0)),
    "pen, original": (Pen(), replace(supertrex(Pen(), original=True), threshold=2.0)),
    "arm": (Arm(), replace(supertrex(Arm()), threshold=20.0)),
    "costs": (ARM3, replace(supertrex(ARM3), threshold=20.0)),
    "exploration": (Arm(), rmhl(Arm())),
    "corrupted": (Pen(), replace(rmhl(Pen()), reward_noise=0.3)),
}


@pytest.mark.parametrize("phase_input", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_trials_are_those_of_the_equations(name, phase_input):
    movement, learner = CASES[name]
    reservoir = replace(SMALL, phase_input=phase_input)
    training = ReservoirTraining(movement, learner, reservoir, steps=60, seed=3)
    random = Xoshiro(training.simulation.arrays["random"])
    oracle = NumpyReservoir(training, random.uniforms)
    for _ in range(2):
        trial = training.learn()
        outputs, errors = oracle.trial()
        np.testing.assert_allclose(trial.outputs, outputs, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(trial.error, errors, rtol=1e-6, atol=1e-9)
    assert abs(outputs).max() > 1e-3


def test_only_what_learns_has_changed():
    def weights(learner):
        training = ReservoirTraining(Pen(), learner, SMALL, steps=100)
        training.learn()
        arrays = training.simulation.arrays
        return arrays["mastery_weights"].any(), arrays["exploration_weights"].any()

    assert weights(force(Pen())) == (True, False)
    assert weights(rmhl(Pen())) == (False, True)
    assert weights(replace(supertrex(Pen()), threshold=5.0)) == (True, True)
    assert weights(replace(supertrex(Pen()), threshold=0.0)) == (False, True)


def test_a_test_changes_nothing():
    one, other = (ReservoirTraining(Pen(), supertrex(Pen()), SMALL, steps=200) for _ in range(2))
    for training in (one, other):
        training.learn()
    one.test(2)
    one.test(2, closed_loop=True)
    np.testing.assert_array_equal(one.learn().outputs, other.learn().outputs)


def test_seeds_differ_and_repeat():
    outputs = [
        ReservoirTraining(Pen(), supertrex(Pen()), SMALL, steps=100, seed=seed).learn().outputs
        for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(outputs[0], outputs[1])
    assert not np.allclose(outputs[0], outputs[2])


def test_a_teacher_is_followed_best_and_exploration_alone_forgets():
    reservoir, found = Reservoir(200), {}
    for learner in (force(Pen()), replace(supertrex(Pen()), threshold=0.015), rmhl(Pen())):
        training = ReservoirTraining(Pen(), learner, reservoir, steps=5000)
        for _ in range(8):
            training.learn()
        found[learner.name] = deviation(training.test(2))
    assert found["force"] < 0.5 * found["supertrex"]
    assert found["supertrex"] < 0.5 * found["rmhl"]


def spiking(units=60, **options):
    """Return integrate-and-fire neurons as a reservoir."""

    def build(neurons):
        group = NeuronGroup(
            neurons,
            """dv/dt = (1 + drive - v)/(20*ms) : 1 (unless refractory)
            drive : 1""",
            threshold="v > 1",
            reset="v = 0",
            refractory=5 * ms,
            method="exact",
            dt=0.5 * ms,
            namespace={},
        )
        group.v = np.random.default_rng(0).random(neurons)
        return group

    return SpikingReservoir(Brian2Neuron(build, "drive", 1.0), units, **options)


def test_the_readout_in_numpy_is_the_compiled_one():
    movement = ARM3
    learner = replace(supertrex(movement), threshold=1e3, amplitude=0.0)
    rng = np.random.default_rng(0)
    training = ReservoirTraining(movement, learner, SMALL, steps=40)
    oracle = NumpyReservoir(training, lambda size: np.zeros(size))
    readout = Readout(movement, SMALL.units, rng)
    for weights in (readout._state["exploration_weights"], oracle.w2):
        weights[:] = np.random.default_rng(1).normal(size=weights.shape) / 5
    for t in range(40):
        error = oracle._step(t)
        told, masters = readout.step(oracle.r, training.target[t], learner, True, t)
        assert masters == (t % 10 == 0)
        np.testing.assert_allclose(readout.output, oracle.z, rtol=1e-9, atol=1e-12)
        assert told == pytest.approx(error, rel=1e-9)


def test_spiking_neurons_learn_to_draw():
    found = {}
    for learner in (force(Pen()), replace(supertrex(Pen()), threshold=0.015), rmhl(Pen())):
        training = ReservoirTraining(Pen(), learner, spiking(150), steps=3000)
        for _ in range(5):
            training.learn()
        found[learner.name] = deviation(training.test(1))
    assert found["force"] < found["supertrex"] < 0.7 * found["rmhl"]


def test_a_test_of_spiking_neurons_changes_nothing():
    learner = replace(supertrex(Pen()), threshold=5.0)
    one, other = (ReservoirTraining(Pen(), learner, spiking(), steps=200) for _ in range(2))
    for training in (one, other):
        training.learn()
    one.test(2)
    one.test(1, closed_loop=True)
    np.testing.assert_allclose(one.learn().outputs, other.learn().outputs, rtol=1e-9, atol=1e-12)


def test_spiking_neurons_that_explode_say_so():
    learner = replace(rmhl(Pen()), exploration_rate=1e6)
    training = ReservoirTraining(Pen(), learner, spiking(), steps=500)
    with pytest.raises(TrainingFailed, match="no longer finite"):
        for _ in range(5):
            training.learn()


def test_lesions_take_a_pathway_away():
    arm = Arm()
    training = ReservoirTraining(arm, supertrex(arm), Reservoir(200), steps=5000)
    for _ in range(8):
        training.learn()
    intact = deviation(training.test(2))
    without = deviation(training.test(2, learner=training.learner.lesioned(mastery=False)))
    assert without > 3 * intact
    # What mastery has learned goes on without exploration.
    training.learner = training.learner.lesioned(exploration=False)
    assert deviation(training.test(2)) == intact


@given(angles=st.lists(st.floats(-2, 2), min_size=1, max_size=5))
def test_the_hand_is_where_the_segments_take_it(angles):
    arm = Arm((0.7,) * len(angles))
    x, y, turned = 0.0, -2.0, 0.0
    for angle in angles:
        turned += np.pi * angle
        x, y = x + 0.7 * np.sin(turned), y + 0.7 * np.cos(turned)
    np.testing.assert_allclose(arm.position(np.array(angles)), [x, y], atol=1e-12)


def test_the_butterfly_is_within_reach():
    curve = butterfly(1000)
    assert curve.shape == (1000, 2)
    np.testing.assert_allclose(np.hypot(*curve[0]), 10 / 14.4734)
    assert 0.9 < np.hypot(*curve.T).max() < 1.1
    assert np.hypot(*(curve - Arm.ORIGIN).T).max() < 3.6


def test_deviation_is_the_root_of_a_constant_error():
    training = ReservoirTraining(Pen(), force(Pen()), SMALL, steps=100)
    trial = replace(training.learn(), error=np.full(20_000, 0.04))
    assert deviation([trial]) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: force(Arm()), "known for a Pen only"),
        (lambda: Arm(()), "at least one segment"),
        (lambda: Arm((1.0, -1.0)), "length of a segment"),
        (lambda: Arm((1.0, 1.0), (0.1,)), "needs as many costs"),
        (lambda: Learner("none", mastery=False, exploration=False), "no output"),
        (lambda: Learner("fast", reward_low_pass=2.0), "reward_low_pass"),
        (lambda: Reservoir(0), "units"),
        (lambda: Reservoir(connection=0), "connection"),
        (lambda: spiking(rate_hz=0), "rate_hz"),
        (lambda: ReservoirTraining(Pen(), force(Pen()), SMALL, steps=0), "steps"),
    ],
)
def test_what_makes_no_sense_is_refused(make, told):
    with pytest.raises(InvalidInput, match=told):
        make()
