"""Signals: trials one after another, and what is refused."""

import numpy as np
import pytest
from brian2 import ms, mV, second
from hypothesis import given
from hypothesis import strategies as st

from neurotrain.errors import InvalidInput
from neurotrain.rate_to_spike.given_signals import GivenSignals
from neurotrain.rate_to_spike.signals import Signals, join

LENGTHS = st.lists(st.integers(1, 6), min_size=1, max_size=5)


def numbered(steps, currents=False):
    """Return signals whose every value is another number, with hints or with currents."""
    n = sum(steps)
    more = 0.5 + np.arange(n)[:, np.newaxis]
    return Signals(
        np.arange(2.0 * n).reshape(n, 2),
        -np.arange(1.0, n + 1)[:, np.newaxis],
        None if currents else more,
        np.arange(n) % 2 == 0,
        steps,
        0.5,
        {"which": np.arange(len(steps))},
        more if currents else None,
    )


def same(one, other):
    names = ("outputs", "inputs", "hints", "scored", "steps", "currents")
    for name in names:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert one.dt_ms == other.dt_ms
    assert one.conditions.keys() == other.conditions.keys()


@given(LENGTHS, st.booleans())
def test_parts_of_trials_joined_are_the_whole(steps, currents):
    signals = numbered(steps, currents)
    assert [len(part) for part in signals.split(signals.outputs)] == steps
    np.testing.assert_array_equal(np.concatenate(signals.split(signals.hints)), signals.hints)
    same(join([signals.select([trial]) for trial in range(len(steps))]), signals)


@given(LENGTHS, st.data())
def test_selected_trials_come_in_the_order_asked_for(steps, data):
    signals = numbered(steps)
    order = data.draw(st.lists(st.integers(0, len(steps) - 1), min_size=1, max_size=6))
    chosen = signals.select(order)
    parts = signals.split(signals.outputs)
    np.testing.assert_array_equal(chosen.outputs, np.concatenate([parts[i] for i in order]))
    np.testing.assert_array_equal(chosen.conditions["which"], order)
    of_other = numbered(steps, currents=True)
    parts = of_other.split(of_other.currents)
    expected = np.concatenate([parts[i] for i in order])
    np.testing.assert_array_equal(of_other.select(order).currents, expected)
    assert chosen.duration_ms == 0.5 * sum(steps[i] for i in order)


def test_arrays_in_physical_time_become_trials():
    outputs = np.arange(24.0).reshape(2, 4, 3)
    signals = Signals.from_array(outputs, 0.002 * second, inputs=outputs[..., :1])
    assert (signals.dt_ms, signals.n_trials, signals.n_steps) == (2.0, 2, 8)
    np.testing.assert_array_equal(signals.split(signals.outputs)[1], outputs[1])
    np.testing.assert_array_equal(signals.split(signals.inputs)[1], outputs[1, :, :1])
    with_currents = Signals.from_array(outputs, 1 * ms, currents=outputs[..., 1:])
    np.testing.assert_array_equal(with_currents.currents, outputs[..., 1:].reshape(8, 2))
    assert Signals.from_array(np.arange(5.0), 1 * ms).outputs.shape == (5, 1)
    assert Signals.from_array(outputs[0], 1 * ms).outputs.shape == (4, 3)


def test_what_is_kept_is_a_copy_that_cannot_be_written_to():
    mine = np.ones((3, 1))
    signals = Signals(mine)
    mine[:] = 5
    assert (signals.outputs == 1).all()
    for array in (signals.outputs, signals.inputs, signals.hints, signals.scored, signals.steps):
        with pytest.raises(ValueError, match="read-only"):
            array[:1] = 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"outputs": np.ones(3)}, r"outputs must have shape \(time, channel\)"),
        ({"outputs": [["a"], ["b"]]}, "outputs must be an array of numbers"),
        ({"outputs": [[1.0], [np.nan], [2.0]]}, r"outputs must be finite, got nan at \(1, 0\)"),
        ({"outputs": np.ones((0, 1))}, "at least one step"),
        ({"outputs": np.ones((3, 0))}, "at least one step and one channel"),
        ({"inputs": np.ones((2, 1))}, "inputs must have as many steps as the outputs, 3, got 2"),
        ({"hints": np.ones((4, 1))}, "hints must have as many steps"),
        ({"currents": np.ones((4, 1))}, "currents must have as many steps"),
        ({"hints": np.ones((3, 1)), "currents": np.ones((3, 1))}, "Hints are for a driven rate"),
        ({"scored": [1, 0, 1]}, "scored must have one truth value for each of 3 steps"),
        ({"scored": [True]}, "scored must have one truth value"),
        ({"steps": [1, 1]}, "The trials last 2 steps together, but the outputs 3"),
        ({"steps": [3, 0]}, "one whole number above 0"),
        ({"steps": [1.5, 1.5]}, "one whole number above 0"),
        ({"dt_ms": 0}, "dt_ms must be a finite number above 0"),
        ({"conditions": {"a": [1, 2]}}, "Condition 'a' must have one value for each of 1 trials"),
    ],
)
def test_wrong_signals_are_refused(change, message):
    with pytest.raises(InvalidInput, match=message):
        Signals(**{"outputs": np.ones((3, 1)), **change})


@pytest.mark.parametrize("dt", [1.0, 1 * mV, [1, 2] * ms])
def test_dt_must_be_a_time(dt):
    with pytest.raises(InvalidInput, match="dt must be a time with a unit, such as 1"):
        Signals.from_array(np.ones((3, 1)), dt)


def test_what_does_not_fit_together_is_refused():
    with pytest.raises(InvalidInput, match="as many trials and steps as the outputs"):
        Signals.from_array(np.ones((2, 3, 1)), 1 * ms, inputs=np.ones((3, 1)))
    with pytest.raises(InvalidInput, match="must have the same dt"):
        join([numbered([2]), Signals(np.ones((2, 2)))])
    with pytest.raises(InvalidInput, match="must have the same dt"):
        join([Signals(np.ones((2, 2))), Signals(np.ones((2, 2)), currents=np.ones((2, 1)))])
    with pytest.raises(InvalidInput, match="Join at least one"):
        join([])
    with pytest.raises(InvalidInput, match="There is no trial 2, only 0 to 1"):
        numbered([2, 1]).select([2])
    with pytest.raises(InvalidInput, match="at least one trial"):
        numbered([2, 1]).select([])
    with pytest.raises(InvalidInput, match="must have 3 steps, got 2"):
        numbered([2, 1]).split(np.ones(2))


@given(st.integers(1, 20), st.integers(0, 5))
def test_given_trials_come_equally_often(n_trials, seed):
    task = GivenSignals(numbered([2, 1, 3]))
    drawn = task.draw(n_trials, np.random.default_rng(seed))
    counts = np.bincount(drawn.conditions["which"], minlength=3)
    assert counts.sum() == n_trials
    assert counts.max() - counts.min() <= 1
    assert (task.n_inputs, task.n_outputs, task.n_hints, task.dt_ms) == (1, 2, 1, 0.5)
    np.testing.assert_array_equal(task.score(drawn.outputs, drawn), 1)
