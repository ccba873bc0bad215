"""Objects of the shape of PsychRNN's tasks as tasks; test_task_libraries.py has its own."""

from pathlib import Path

import numpy as np
import pytest
from stand_in_tasks import StandInTask

import neurotrain as nt
from neurotrain.errors import InvalidInput, RunFolderError

STUB = f"{Path(__file__).with_name('stub_circuit.py')}:linear"


def rng(seed=1):
    return np.random.default_rng(seed)


def same(one, other):
    return np.array_equal(one.inputs, other.inputs) and np.array_equal(one.targets, other.targets)


def test_outputs_are_targets_and_the_mask_says_when():
    task = nt.from_psychrnn(StandInTask())
    assert (task.name, task.channels, task.classes, task.outputs) == ("StandInTask", 2, 0, 2)
    trials = task.draw(20, rng())
    assert trials.labels is None
    assert trials.bin_ms == 10
    assert trials.periods == {"decision": (0, 100)}
    assert list(trials.conditions) == ["side", "onset"]
    side = trials.conditions["side"].astype(int)
    assert np.array_equal(trials.targets[:, 0].argmax(axis=1), side)
    assert set(trials.targets.ravel()) == {0.2, 1.0}
    assert np.array_equal(trials.mask, np.tile(np.arange(10) >= 6, (20, 1)))
    # The stimulus is where and when the parameters say.
    times = 10.0 * np.arange(10)
    onset = trials.conditions["onset"][:, None]
    shown = (onset < times) & (times < 60)
    lead = trials.inputs[np.arange(20), :, side] - trials.inputs[np.arange(20), :, 1 - side]
    assert (lead[shown] > 0.3).all()
    assert (lead[~shown] < 0.7).all()


def test_time_is_asked_for_in_ms():
    asked = []

    class Asked(StandInTask):
        def trial_function(self, time, params):
            asked.append(time)
            return super().trial_function(time, params)

    task = nt.from_psychrnn(Asked(dt=25))
    asked.clear()
    task.draw(1, rng())
    assert asked == [0, 25, 50, 75]


def test_drawing_follows_from_the_generator_alone():
    its, state = StandInTask(), np.random.get_state()[1].copy()
    task = nt.from_psychrnn(its)
    first = task.draw(8, rng())
    assert its.n_drawn == 0
    assert np.array_equal(np.random.get_state()[1], state)
    np.random.seed(5)
    task.draw(3, rng(2))
    assert same(first, task.draw(8, rng()))
    # Negative control: it is not the same for every generator.
    assert not same(first, task.draw(8, rng(2)))


class _AllTheSame(StandInTask):
    def generate_trial_params(self, batch, trial):
        np.random.seed(1)
        return super().generate_trial_params(batch, 0)

    def trial_function(self, time, params):
        np.random.seed(int(time))
        return super().trial_function(time, params)


def test_trials_may_all_be_the_same():
    assert not nt.from_psychrnn(_AllTheSame()).varies
    assert nt.from_psychrnn(StandInTask()).varies


def test_score_is_that_of_trajectories():
    task = nt.from_psychrnn(StandInTask())
    trials = task.draw(5, rng())
    outputs = np.stack([trials.targets, 0 * trials.targets])
    np.testing.assert_allclose(task.score(outputs, trials), [1, 0], atol=1e-9)


def test_another_task_has_another_representation():
    """By which a run that goes on tells whether it is given the same one."""
    representations = {repr(nt.from_psychrnn(StandInTask(dt=dt))) for dt in (10, 10, 20)}
    assert len(representations) == 2
    assert all("0x" not in text for text in representations)


def test_a_run_goes_on_with_the_same_task_only(tmp_path):
    task = nt.from_psychrnn(StandInTask())
    few = {"generations": 2, "trials": 4, "validation_trials": 4, "test_trials": 4}
    optimizer = {"optimizer_options": {"population_size": 4}}
    result = nt.train(STUB, task, out=tmp_path / "run", progress=False, **few, **optimizer)
    assert result.summary["loss"] == "trajectory-error"
    (result.folder / "result.json").unlink()
    with pytest.raises(RunFolderError, match="task is not the one of the run"):
        nt.resume(result.folder, task=nt.from_psychrnn(StandInTask(dt=20)))
    nt.resume(result.folder, task=nt.from_psychrnn(StandInTask()), progress=False)


class _WrongShape(StandInTask):
    N_in = 3


class _PerBatch(StandInTask):
    def trial_function(self, time, params):
        x, y, mask = super().trial_function(time, params)
        return x, y, 0.5 * mask


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (3, "3 lacks N_in, N_out, dt, T, generate_trial_params, trial_function"),
        (StandInTask, "lacks dt, T"),
        (StandInTask(dt=30), "of 100 ms is not a whole number of bins of 30 ms"),
        (StandInTask(duration=0), "of 0 ms is not a whole number"),
        (StandInTask(mask=(1, 0)), "mask of StandInTask must be 0 or 1 and the same for all"),
        (_PerBatch(), "mask of _PerBatch must be 0 or 1"),
        (StandInTask(duration=50), "No bin of .* trials of StandInTask counts"),
        (_WrongShape(), r"must give 3 numbers for its inputs at each time, got shape \(2,\)"),
    ],
)
def test_what_cannot_be_a_task_is_refused_in_one_sentence(task, words):
    with pytest.raises(InvalidInput, match=words) as caught:
        nt.from_psychrnn(task)
    assert "\n" not in str(caught.value)
