"""What tasks of signals share: checks of settings, noise, labels; on the smallest such tasks."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import neurotrain as nt
from neurotrain.errors import InvalidInput


def rng(seed=1):
    return np.random.default_rng(seed)


@dataclass(frozen=True, kw_only=True)
class Side(nt.ChoiceTask):
    """Choose the side that is shown."""

    name: ClassVar[str] = "side"
    signals: ClassVar[int] = 2
    drawn: ClassVar = {"strength": (0, 2)}

    strength: float | tuple[float, ...] | nt.Between = 1.0
    cue_ms: float = 20.0
    decision_ms: float = 30.0
    shift: int = 0

    @property
    def timeline(self):
        return nt.Timeline(self.bin_ms, cue=self.cue_ms, decision=self.decision_ms)

    def draw(self, n_trials, rng):
        signals = self.begin(n_trials)
        labels = rng.integers(2, size=n_trials)
        strength = self.draw_setting("strength", n_trials, rng)
        shown = strength[:, np.newaxis] * np.eye(2)[labels]
        signals[:, self.timeline.bins("cue")] = shown[:, np.newaxis]
        return self.make_trials(signals, labels + self.shift, rng, strength=strength)


@dataclass(frozen=True, kw_only=True)
class Copy(nt.TrajectoryTask):
    """Put out what comes in, at the end only."""

    name: ClassVar[str] = "copy"
    signals: ClassVar[int] = 2
    outputs: ClassVar[int] = 2

    def draw(self, n_trials, rng):
        signals = self.begin(n_trials) + rng.random((n_trials, 1, 2))
        mask = np.zeros(signals.shape[:2], dtype=bool)
        mask[:, self.timeline.bins("decision")] = True
        return self.make_trials(signals, signals.copy(), rng, mask)

    @property
    def timeline(self):
        return nt.Timeline(self.bin_ms, wait=50.0, decision=20.0)


@pytest.mark.parametrize(
    "task",
    [
        Side(),
        Side(strength=(0.5, 1.0), sigma=1.0, encoder="poisson"),
        Side(strength=nt.Between(0.5, 1.0), encoder=nt.PopulationCode(neurons=3)),
        Copy(),
        Copy(sigma=0.1),
    ],
)
def test_own_tasks_keep_the_rules(task):
    nt.check_task(task)
    trials = task.draw(50, rng())
    assert trials.periods == task.periods
    assert trials.n_channels == task.channels


def test_settings_that_are_no_durations_are_drawn_without_steps():
    strength = Side(strength=nt.Between(0.5, 1.0)).draw(200, rng()).conditions["strength"]
    assert len(set(strength)) == 200
    assert 0.5 <= strength.min() < 0.52 and 0.98 < strength.max() <= 1
    assert (Side(strength=(1.0, 2.0)).shortest("strength"), Side().longest("cue_ms")) == (1, 20)


def test_noise_is_only_on_the_inputs_and_drawn_last():
    quiet, noisy = (Copy(sigma=sigma).draw(40, rng()) for sigma in (0.0, 2.0))
    assert np.array_equal(quiet.targets, noisy.targets)
    noise = noisy.inputs - quiet.inputs
    # |z| > 4.5 once in 150 000 seeds.
    assert abs(noise.std() / (2.0 / 10**0.5) - 1) < 4.5 / (2 * noise.size) ** 0.5


class Told(Side):
    def _ideal(self, trials):
        return np.where(trials.conditions["strength"] > 1, 1.0, 0.5)


def test_ideal_observer_is_told_by_the_task_alone():
    trials = Side(strength=(1.0, 2.0)).draw(4, rng(2))
    assert trials.conditions["strength"].tolist().count(2) == 1
    assert Side().ideal_score(trials) is None
    assert Told().ideal_score(trials) == 0.625
    assert Told(encoder="population").ideal_score(trials) == 0.625
    assert Told(encoder="poisson").ideal_score(trials) is None


@pytest.mark.parametrize("shift", [-1, 1])
def test_labels_outside_the_classes_are_refused(shift):
    with pytest.raises(InvalidInput, match="Labels of task 'side' must be 0 to 1, got") as error:
        Side(shift=shift).draw(20, rng())
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"decision_ms": 0.0}, "Task 'side' needs a decision period"),
        ({"decision_ms": 25.0}, "period 'decision' lasts 25 ms, which is not a whole number"),
        ({"cue_ms": -10.0}, "cue_ms must be a finite number of at least 0"),
        ({"cue_ms": (10.0, 20.0)}, "cue_ms must be a finite number"),
        ({"bin_ms": 0}, "bin_ms must be a finite number above 0"),
        ({"bin_ms": 1e9}, "which is not a whole number of bins"),
        ({"sigma": -1}, "sigma must be"),
        ({"sigma": np.nan}, "sigma must be"),
        ({"strength": 3}, "strength must be a finite number of at least 0 and of at most 2, got 3"),
        ({"strength": (1, 3)}, "got 3"),
        ({"strength": {"low": 2, "high": 1}}, "'strength': high must be"),
        ({"encoder": "spikes"}, "no encoder called 'spikes'"),
        ({"encoder": None}, "'encoder' must be an encoder or a list of encoders"),
    ],
)
def test_wrong_settings_are_refused_when_the_task_is_made(settings, said):
    with pytest.raises(InvalidInput, match=said) as error:
        Side(**settings)
    assert "\n" not in str(error.value)


def test_task_without_a_timeline_cannot_be_made():
    class Incomplete(nt.ChoiceTask):
        pass

    with pytest.raises(TypeError, match="abstract"):
        Incomplete()
