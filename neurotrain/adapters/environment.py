"""Trials of a NeuroGym environment, or of any object of that shape."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from neurotrain.adapters.randomness import Seeded
from neurotrain.errors import InvalidInput

# After this many trials in a row that are not admitted it is no chance.
MOST_DRAWN_AGAIN = 500

_NEEDED = ("new_trial", "action_space", "dt", "start_ind", "end_ind")


@dataclass(frozen=True)
class EnvironmentTrial:
    """What an environment presents in one trial.

    Parameters
    ----------
    observation : (bin, channel) array
    ground_truth : (bin,) int or (bin, output) float array
        The right action in each bin.
    periods : mapping of str to (start, stop)
        In bins; one that was not long enough for a bin is empty.
    conditions : mapping of str to float
        The scalar numbers among what the environment tells of the trial.
    """

    observation: np.ndarray
    ground_truth: np.ndarray
    periods: Mapping[str, tuple[int, int]]
    conditions: Mapping[str, float]

    @property
    def n_bins(self) -> int:
        """Duration of the trial."""
        return len(self.observation)

    def equals(self, other: "EnvironmentTrial") -> bool:
        """Whether `other` shows the same and asks for the same."""
        return np.array_equal(self.observation, other.observation) and np.array_equal(
            self.ground_truth, other.ground_truth
        )

    def duration(self, period: str) -> int:
        """Return the duration of a period in bins."""
        start, stop = self.periods[period]
        return stop - start

    def right_actions(self, period: str) -> np.ndarray:
        """Return the ground truth of each bin of a period."""
        return self.ground_truth[slice(*self.periods[period])]


class Environment:
    """An environment whose trials follow from a generator.

    Parameters
    ----------
    env
        A NeuroGym environment, also one that is wrapped, or an object with the same
        attributes. After each draw it is as it was before.
    """

    def __init__(self, env: Any) -> None:
        self._env = env
        missing = [name for name in _NEEDED if not hasattr(self._core, name)]
        if missing or isinstance(env, type):
            raise InvalidInput(
                f"env must be a NeuroGym environment or its id; {env!r:.80} lacks "
                f"{', '.join(missing) or 'an instance'}."
            )
        self._layers = _layers(env)
        for layer in self._layers:
            _require_trial_wise(layer)
        self._seeded = Seeded(*self._layers)

    @property
    def name(self) -> str:
        """The class of the environment itself, without what is wrapped around it."""
        return type(self._core).__name__

    @property
    def bin_ms(self) -> float:
        """Duration of a bin."""
        return float(self._core.dt)

    @property
    def action_space(self) -> Any:
        """What actions there are."""
        return self._core.action_space

    @property
    def _core(self) -> Any:
        return getattr(self._env, "unwrapped", self._env)

    @property
    def _outermost(self) -> Any:
        """The outermost layer that knows trials."""
        return next(layer for layer in self._layers if hasattr(type(layer), "new_trial"))

    def draw(
        self,
        n_trials: int,
        rng: np.random.Generator,
        admits: Callable[[EnvironmentTrial], bool] = lambda trial: True,
    ) -> list[EnvironmentTrial]:
        """Return trials that follow from `rng` and from nothing before.

        Parameters
        ----------
        admits
            Which trials may be among them; others are drawn again.

        Raises
        ------
        InvalidInput
            If the environment cannot draw one, or does not say what would have been right.
        """
        with self._seeded.by(rng):
            return [self._next_admitted(admits) for _ in range(n_trials)]

    def _next_admitted(self, admits: Callable[[EnvironmentTrial], bool]) -> EnvironmentTrial:
        for _ in range(MOST_DRAWN_AGAIN):
            trial = self._next()
            if admits(trial):
                return trial
        raise InvalidInput(
            f"Trials of NeuroGym's {self.name} become longer and longer; give it a timing that "
            "does not change in the course of trials."
        )

    def _next(self) -> EnvironmentTrial:
        # What is known of periods may be of another trial, which had more of them.
        for layer in self._layers:
            for known in ("start_ind", "end_ind"):
                vars(layer).get(known, {}).clear()
        try:
            told = self._outermost.new_trial()
        except Exception as error:
            raise InvalidInput(
                f"NeuroGym's {self.name} cannot draw a trial: {type(error).__name__}: {error}"
            ) from error
        env = self._core
        # A trial that sets no ground truth leaves that of an earlier one behind.
        if getattr(env, "gt", None) is None or not getattr(env, "_has_gt", True):
            raise InvalidInput(
                f"NeuroGym's {self.name} has no ground truth, so that nobody can tell which "
                "action is right; choose a task that is tagged 'supervised'."
            )
        observation = np.array(env.ob, dtype=float)
        return EnvironmentTrial(
            observation=observation.reshape(len(observation), -1),
            ground_truth=np.array(env.gt),
            periods={name: (env.start_ind[name], env.end_ind[name]) for name in env.start_ind},
            conditions=_scalars(told or {}),
        )


def _layers(env: Any) -> list[Any]:
    """Return an environment and all that it wraps."""
    # What Gymnasium's wrappers pass on is not asked for: it warns.
    within = [*vars(env).get("envs", ()), vars(env).get("env")]
    layers = [env, *(layer for each in within if each is not None for layer in _layers(each))]
    return list({id(layer): layer for layer in layers}.values())


def _require_trial_wise(layer: Any) -> None:
    """Raise `InvalidInput` for a wrapper that does to steps what it would have to do to trials."""
    kind = type(layer)
    is_wrapper = "env" in vars(layer) and not kind.__module__.startswith("gymnasium")
    if is_wrapper and "step" in vars(kind) and "new_trial" not in vars(kind):
        raise InvalidInput(
            f"The wrapper {kind.__name__} acts on single steps, of which training knows nothing; "
            "give the environment without it."
        )


def _scalars(told: Mapping[str, Any]) -> dict[str, float]:
    # The ground truth is told by the labels already.
    return {
        name: float(value)
        for name, value in told.items()
        if isinstance(value, Real | np.bool_) and name != "ground_truth"
    }
