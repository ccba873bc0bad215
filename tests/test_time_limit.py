"""A limit to the time of a candidate: who reaches it has failed, and nobody else."""

from dataclasses import replace
from pathlib import Path
from time import process_time

import numpy as np
import pytest
from brian2 import NeuronGroup, Synapses, ms

import neurotrain as nt
from neurotrain import catalog
from neurotrain.errors import InvalidInput, TrainingFailed
from neurotrain.tasks import StimulusIntegration
from neurotrain.trials import Trials

# The same on every Python.
pytestmark = pytest.mark.slow

STUB = f"{Path(__file__).with_name('stub_circuit.py')}:linear"
TASK = StimulusIntegration(words=4, channels=4, bin_ms=1.0, decision_ms=1.0)
SMALL = {
    "generations": 4,
    "trials": 8,
    "validation_trials": 20,
    "validation_every": 2,
    "test_trials": 30,
    "optimizer_options": {"population_size": 6},
    "progress": False,
}
NEVER, AT_ONCE = 1e3, 1e-12


def stormy_circuit(n=300):
    """Neurons that reach all others by spikes: the more they fire, the longer it takes."""
    neurons = NeuronGroup(
        n,
        "dv/dt = (bias - v)/(10*ms) : 1\nbias : 1",
        threshold="v > 1",
        reset="v = 0",
        method="euler",
        dt=0.1 * ms,
        name="stormy*",
    )
    synapses = Synapses(neurons, neurons, "weight : 1", on_pre="v_post += 1e-9*weight")
    synapses.connect()
    return nt.Circuit(
        neurons,
        synapses,
        readout=nt.SpikeCountReadout(2),
        train={"neurons.bias": nt.Normal(0.0, 1.0)},
        namespace={},
    )


@pytest.fixture(scope="module")
def circuit():
    return stormy_circuit()


def run(circuit, biases, n_trials=3, duration_ms=40.0, **how):
    trials = Trials(
        np.zeros((n_trials, round(duration_ms), 0)),
        1.0,
        np.zeros(n_trials, dtype=int),
        {"decision": (duration_ms / 2, duration_ms)},
    )
    candidates = np.repeat(np.array(biases, dtype=float)[:, None], circuit.n_neurons, axis=1)
    state = circuit.draw_initial_state(n_trials, np.random.default_rng(1))
    return circuit.simulate(candidates, trials, state, **how)


@pytest.mark.parametrize("execution", ["fused", "fused-float64", "brian2"])
def test_all_or_nobody(circuit, execution):
    how = {"execution": execution, "duration_ms": 8.0, "n_trials": 2}
    free = run(circuit, [0, 1.5], **how)
    assert free.timed_out is None
    within = run(circuit, [0, 1.5], trial_seconds=NEVER, **how)
    assert not within.timed_out.any() and not within.failed.any()
    np.testing.assert_array_equal(free.spike_count, within.spike_count)
    beyond = run(circuit, [0, 1.5], trial_seconds=AT_ONCE, **how)
    assert beyond.timed_out.all() and beyond.failed.all()
    assert beyond.timed_out.shape == (2, 2)
    assert (beyond.spike_count == 0).all() and np.isnan(beyond.readout).all()


def test_trials_shorter_than_the_first_look_are_never_ended(circuit):
    assert not run(circuit, [0], duration_ms=2.0, trial_seconds=AT_ONCE).failed.any()


@pytest.mark.parametrize("threads", [1, 2])
def test_only_who_takes_too_long_fails(circuit, threads):
    """The limit lies between processor times that differ by more than ten times."""
    quiet, storm = 0.0, 400.0
    how, seconds = {"duration_ms": 160.0, "threads": threads}, {}
    for bias in (quiet, storm):
        run(circuit, [bias], **how)
        began = process_time()
        run(circuit, [bias], **how)
        seconds[bias] = process_time() - began
    assert seconds[storm] > 10 * seconds[quiet]
    limit = seconds[storm] / 3 / 4
    got = run(circuit, [quiet, storm, quiet], trial_seconds=limit, **how)
    assert got.timed_out.all(axis=1).tolist() == [False, True, False]
    assert got.failed.any(axis=1).tolist() == [False, True, False]
    free = run(circuit, [quiet, storm, quiet], **how)
    np.testing.assert_array_equal(got.readout[[0, 2]], free.readout[[0, 2]])


def test_who_is_not_finite_has_not_timed_out(circuit):
    got = run(circuit, [-1e39, 0.0], trial_seconds=AT_ONCE)
    assert got.failed.all()
    assert got.timed_out.all(axis=1).tolist() == [False, True]


@pytest.mark.parametrize("limit", [0, -1, np.nan, np.inf, "long", True])
def test_wrong_limits_are_refused(circuit, limit):
    with pytest.raises(InvalidInput, match="trial_seconds must be a finite number above 0"):
        run(circuit, [0], trial_seconds=limit)


def limited(slow):
    """Return a stub of which candidates with the given property time out, if there is a limit."""
    circuit = catalog.find("models", STUB)(channels=4, classes=3, readout="graded")
    simulate, circuit.limits = circuit.simulate, []

    def with_limit(candidates, trials, state, *, trial_seconds=None, **how):
        recording = simulate(candidates, trials, state, **how)
        circuit.limits.append(trial_seconds)
        if trial_seconds is None:
            return recording
        timed_out = np.broadcast_to(slow(candidates)[:, None], recording.failed.shape)
        return replace(recording, failed=recording.failed | timed_out, timed_out=timed_out)

    circuit.simulate = with_limit
    return circuit


def test_candidates_that_time_out_stop_nothing_are_counted_and_never_win(tmp_path):
    def slow(candidates):
        return candidates[:, 0] > 0

    circuit = limited(slow)
    result = nt.train(circuit, TASK, out=tmp_path / "run", candidate_seconds=4.0, seed=2, **SMALL)
    assert set(circuit.limits[1:]) == {0.5}
    shares = [m["timed_out_share"] for m in result.metrics]
    assert shares == pytest.approx([m["failed_share"] for m in result.metrics])
    training = [call[0] for call in circuit.calls if len(call[0]) == 6]
    assert shares == [slow(candidates).mean() for candidates in training]
    assert 0 < sum(shares) < len(shares)
    assert result.summary["failed_candidates"] == round(6 * sum(shares))
    assert not slow(result.weights[None])[0]
    assert result.summary["test_timed_out_share"] == 0


def test_without_a_limit_nothing_is_said_of_it(tmp_path):
    circuit = limited(lambda candidates: candidates[:, 0] > 0)
    result = nt.train(circuit, TASK, out=tmp_path / "run", **SMALL)
    assert not any("timed_out_share" in m for m in result.metrics)
    assert set(circuit.limits) == {None}
    again = limited(lambda candidates: np.zeros(len(candidates), bool))
    other = nt.train(again, TASK, out=tmp_path / "other", candidate_seconds=9.0, **SMALL)
    np.testing.assert_array_equal(result.weights, other.weights)


def test_a_run_in_which_all_time_out_ends_with_the_reason(tmp_path):
    circuit = limited(lambda candidates: np.ones(len(candidates), bool))
    settings = {**SMALL, "generations": 30}
    with pytest.raises(TrainingFailed, match="longer than candidate_seconds"):
        nt.train(circuit, TASK, out=tmp_path / "run", candidate_seconds=1e-3, **settings)


def test_a_real_circuit_is_limited_in_training(tmp_path):
    task = StimulusIntegration(words=2, channels=4)
    settings = {**SMALL, "generations": 30, "trials": 2, "validation_trials": 2}
    circuit = nt.models.morris_lecar(4, channels=4)
    with pytest.raises(TrainingFailed, match="candidate_seconds"):
        nt.train(circuit, task, out=tmp_path / "run", candidate_seconds=1e-9, **settings)
