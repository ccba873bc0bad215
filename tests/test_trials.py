"""Trials hold together, or say in one sentence what does not."""

import numpy as np
import pytest

from neurotrain.errors import InvalidInput
from neurotrain.trials import Trials


def trials(**changes):
    """Return 3 trials of 4 bins of 10 ms, with 2 channels and 1 output."""
    parts = {
        "inputs": np.zeros((3, 4, 2)),
        "bin_ms": 10.0,
        "labels": np.array([0, 1, 0]),
        "periods": {"decision": (20.0, 40.0)},
        "conditions": {"side": np.array([1, 2, 3])},
        "targets": np.arange(12.0).reshape(3, 4, 1),
        "mask": np.arange(12).reshape(3, 4) % 2 == 0,
    }
    return Trials(**(parts | changes))


@pytest.mark.parametrize("without", [{}, {"labels": None}, {"targets": None, "mask": None}])
def test_select_keeps_what_belongs_to_a_trial(without):
    whole = trials(**without)
    part = whole.select([2, 0])
    assert part.n_trials == 2
    assert part.conditions["side"].tolist() == [3, 1]
    for name in ("inputs", "labels", "targets", "mask"):
        before, after = getattr(whole, name), getattr(part, name)
        assert (after is None) == (before is None)
        assert before is None or np.array_equal(after, before[[2, 0]])


def test_bins_that_count():
    assert np.array_equal(trials().counted, trials().mask)
    assert trials(mask=None).counted.all()
    assert trials(mask=None).counted.shape == (3, 4)


def test_targets_may_be_undefined_where_they_do_not_count():
    targets = np.where(trials().mask[..., None], 1.0, np.nan)
    assert trials(targets=targets).targets is targets


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"inputs": np.zeros((3, 4))}, "Inputs of trials"),
        ({"labels": np.zeros(2, dtype=int)}, "'labels' must have one value for each of the 3"),
        ({"conditions": {"side": np.zeros(2)}}, "'side' must have one value"),
        ({"labels": None, "targets": None}, "labels or targets"),
        ({"targets": np.zeros((3, 4))}, "Targets of trials"),
        ({"targets": np.zeros((3, 5, 1))}, "3 trials and 4 bins"),
        ({"targets": np.zeros((2, 4, 1))}, "3 trials and 4 bins"),
        ({"targets": np.zeros((3, 4, 0))}, "Targets of trials"),
        ({"targets": np.full((3, 4, 1), np.nan)}, "finite in every bin that counts"),
        ({"mask": np.ones((3, 5), dtype=bool)}, "mask of trials"),
        ({"mask": np.ones((3, 4))}, "bool array"),
        ({"periods": {"evidence": (0, 40)}}, "need a period 'decision'"),
        ({"periods": {"decision": (20.0, 40.1)}}, "Period 'decision' is 20.0 to 40.1 ms, outside"),
        ({"periods": {"decision": (-1.0, 40.0)}}, "outside the trial of 0 to 40.0 ms"),
        ({"periods": {"cue": (5.0, 5.0), "decision": (20.0, 40.0)}}, "Period 'cue'"),
    ],
)
def test_what_does_not_hold_together_is_refused(wrong, said):
    with pytest.raises(InvalidInput, match=said) as error:
        trials(**wrong)
    assert "\n" not in str(error.value)


def test_trials_that_start_later_have_lost_what_came_before():
    whole = trials(periods={"sample": (0.0, 10.0), "delay": (10.0, 20.0), "decision": (20.0, 40.0)})
    late = whole.starting_at(10.0)
    assert late.periods == {"delay": (0.0, 10.0), "decision": (10.0, 30.0)}
    assert np.array_equal(late.labels, whole.labels)
    assert np.array_equal(late.conditions["side"], whole.conditions["side"])
    for name in ("inputs", "targets", "mask"):
        assert np.array_equal(getattr(late, name), getattr(whole, name)[:, 1:])
    within = whole.starting_at(30.0)
    assert within.periods == {"decision": (0.0, 10.0)}
    assert trials(targets=None, mask=None).starting_at(10.0).targets is None
    assert whole.starting_at(0).periods == whole.periods


@pytest.mark.parametrize("start_ms", [5.0, -10.0, 40.0, float("nan")])
def test_trials_start_with_a_bin_of_theirs(start_ms):
    with pytest.raises(InvalidInput, match="bin of 10 ms"):
        trials().starting_at(start_ms)
