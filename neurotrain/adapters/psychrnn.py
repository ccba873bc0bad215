"""Tasks of the shape that PsychRNN gives them, as tasks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Any, ClassVar

import numpy as np

from neurotrain.adapters.fingerprint import fingerprint
from neurotrain.adapters.randomness import Seeded
from neurotrain.errors import InvalidInput, require_whole
from neurotrain.scoring import score_trajectories
from neurotrain.task import check_task
from neurotrain.trials import Trials

_NEEDED = ("N_in", "N_out", "dt", "T", "generate_trial_params", "trial_function")


@dataclass(frozen=True, kw_only=True)
class PsychRNNTask:
    """A task of PsychRNN: its outputs are the targets, and its mask says which bins count.

    A bin lasts as long as the task's ``dt``; its ``tau`` is that of PsychRNN's own
    networks and of no meaning here. The conditions of a trial are the scalar numbers
    among its parameters.

    Parameters
    ----------
    task
        Any object with ``N_in``, ``N_out``, ``dt`` and ``T`` in ms,
        ``generate_trial_params(batch, trial)`` and ``trial_function(time, params)``; after
        each draw it is as it was before.

    Raises
    ------
    InvalidInput
        If something of this is missing or of the wrong shape, the trial is not a whole
        number of bins, the mask differs between outputs, or the trials do not follow from
        the seed.

    Notes
    -----
    PsychRNN: Ehrlich et al. (2021), DOI 10.1523/ENEURO.0427-20.2020. Its tasks draw from
    NumPy's global generator, which is seeded for them and put back afterwards.
    """

    classes: ClassVar[int] = 0

    task: Any = field(repr=False)
    # By which a run that goes on recognizes its task.
    trials: str = field(init=False)

    def __post_init__(self) -> None:
        missing = [name for name in _NEEDED if not hasattr(self.task, name)]
        if missing or isinstance(self.task, type):
            raise InvalidInput(
                f"task must be an object like the tasks of PsychRNN; {self.task!r:.80} lacks "
                f"{', '.join(missing) or 'an instance'}."
            )
        # A frozen dataclass lets nobody set what follows from its fields.
        vars(self).update(_seeded=Seeded(self.task))
        vars(self).update(trials=fingerprint(self))
        if not self.draw(20, np.random.default_rng(0)).mask.any():
            raise InvalidInput(
                f"No bin of 20 trials of {self.name} counts by its mask; make its T, now "
                f"{self.task.T:g} ms, long enough for a response."
            )
        check_task(self)

    @property
    def name(self) -> str:
        """The class of the task."""
        return type(self.task).__name__

    @property
    def channels(self) -> int:
        """Number of inputs."""
        return int(self.task.N_in)

    @property
    def outputs(self) -> int:
        """Number of outputs."""
        return int(self.task.N_out)

    @property
    def varies(self) -> bool:
        """Whether trials differ from one another."""
        trials = self.draw(20, np.random.default_rng(0))
        return any((part != part[:1]).any() for part in (trials.inputs, trials.targets))

    @property
    def _n_bins(self) -> int:
        n_bins = self.task.T / self.task.dt
        if round(n_bins) < 1 or abs(n_bins - round(n_bins)) > 1e-9 * n_bins:
            raise InvalidInput(
                f"A trial of {self.name} of {self.task.T:g} ms is not a whole number of bins of "
                f"{self.task.dt:g} ms; choose a dt that divides T."
            )
        return round(n_bins)

    def draw(self, n_trials: int, rng: np.random.Generator) -> Trials:
        """Return `n_trials` trials drawn with `rng`; inputs are (trial, bin, channel)."""
        require_whole("n_trials", n_trials)
        with self._seeded.by(rng):
            # PsychRNN counts batches from 1.
            params = [self.task.generate_trial_params(1, trial) for trial in range(n_trials)]
            steps = [self._steps(each) for each in params]
        inputs, targets, masks = (np.stack(part) for part in zip(*steps, strict=True))
        bin_ms = float(self.task.dt)
        return Trials(
            inputs=inputs,
            bin_ms=bin_ms,
            labels=None,
            periods={"decision": (0.0, self._n_bins * bin_ms)},
            conditions=_conditions(params),
            targets=targets,
            mask=self._mask_of_bins(masks),
        )

    def _steps(self, params: Mapping[str, Any]) -> list[np.ndarray]:
        """Return inputs (bin, channel), targets (bin, output) and mask (bin, output) of a trial."""
        times = self.task.dt * np.arange(self._n_bins)
        steps = [self.task.trial_function(time, params) for time in times]
        sizes = (self.channels, self.outputs, self.outputs)
        parts = [np.array(part, dtype=float) for part in zip(*steps, strict=True)]
        for part, size, what in zip(parts, sizes, ("inputs", "outputs", "mask"), strict=True):
            if part.shape != (self._n_bins, size):
                raise InvalidInput(
                    f"The trial_function of {self.name} must give {size} numbers for its {what} "
                    f"at each time, got shape {part.shape[1:]}."
                )
        return parts

    def _mask_of_bins(self, masks: np.ndarray) -> np.ndarray:
        if (masks != masks[..., :1]).any() or not np.isin(masks, (0, 1)).all():
            raise InvalidInput(
                f"The mask of {self.name} must be 0 or 1 and the same for all outputs at a time; "
                "here a bin of a trial counts or does not count as a whole."
            )
        return masks[..., 0] == 1

    def score(self, output: np.ndarray, trials: Trials) -> np.ndarray:
        """Return how well outputs follow the targets, as `score_trajectories` has it."""
        return score_trajectories(output, trials)


def from_psychrnn(task: Any) -> PsychRNNTask:
    """Return a task of PsychRNN, or any object of that shape, as a task.

    Parameters
    ----------
    task
        As for `PsychRNNTask`.

    Raises
    ------
    InvalidInput
        As `PsychRNNTask` does.
    """
    return PsychRNNTask(task=task)


def _conditions(params: list[Mapping[str, Any]]) -> dict[str, np.ndarray]:
    """Return the parameters that are scalar numbers on every trial, each (trial,)."""
    return {
        name: np.array([float(each[name]) for each in params])
        for name in params[0]
        if all(isinstance(each.get(name), Real | np.bool_) for each in params)
    }
