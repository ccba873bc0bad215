"""How often checkpoints are written, on a clock that tests set."""

import numpy as np
import pytest

from neurotrain.training import checkpoint_pace
from neurotrain.training.checkpoint_pace import REMEMBERED, SHARE, CheckpointPace


class Clock:
    """Stands still until it is told to go on."""

    seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    for name in ("perf_counter", "thread_time"):
        monkeypatch.setattr(checkpoint_pace, name, clock)
    return clock


def played(clock, pace, generation_seconds, costs):
    """Return after which generations there were checkpoints, which cost so much each."""
    written = []
    for generation, cost in enumerate(costs, start=1):
        clock.seconds += generation_seconds
        if pace.is_due(generation):
            with pace.measured():
                clock.seconds += cost
            written.append(generation)
    return written


def test_long_generations_have_one_each(clock):
    assert played(clock, CheckpointPace(None), 1.0, [0.01] * 50) == [*range(1, 51)]


@pytest.mark.parametrize("generation_seconds", [0.001, 0.01, 0.1])
def test_checkpoints_of_short_generations_take_their_share(clock, generation_seconds):
    cost, n = 0.02, 20_000
    written = played(clock, CheckpointPace(None), generation_seconds, [cost] * n)
    share = cost * len(written) / clock.seconds
    assert 0.8 * SHARE < share < 1.05 * SHARE
    # What a kill loses is bounded by what a checkpoint costs, and the generation in flight.
    lost = np.diff([*written, n]).max() * generation_seconds
    assert lost <= cost / SHARE + generation_seconds


def test_one_that_takes_long_by_chance_changes_nothing(clock):
    pace, costs = CheckpointPace(None), np.full(400, 0.002)
    regular = played(clock, pace, 0.1, costs)
    costs[200] = 60.0
    assert played(clock, pace, 0.1, costs) == regular == [*range(1, 401)]
    assert REMEMBERED > 2


def test_as_often_as_asked_for_whatever_it_costs(clock):
    assert played(clock, CheckpointPace(4), 0.001, [9.0] * 12) == [4, 8, 12]


def test_the_first_one_may_take_longer(clock):
    costs = [5.0, *[0.002] * 20]
    assert played(clock, CheckpointPace(None), 0.1, costs) == [*range(1, 22)]


def test_one_that_failed_does_not_count(clock):
    pace = CheckpointPace(None)
    with pytest.raises(OSError), pace.measured():
        clock.seconds += 60.0
        raise OSError
    clock.seconds += 0.001
    assert pace.is_due(1)
