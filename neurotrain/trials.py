"""Trials: what a task presents to a network, and what it expects back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from neurotrain.errors import InvalidInput


@dataclass(frozen=True)
class Trials:
    """A batch of trials in physical time.

    Parameters
    ----------
    inputs : (trial, bin, channel) array
        What each input channel carries, constant within a bin.
    bin_ms : float
        Duration of a bin, in ms.
    labels : (trial,) int array or None
        The correct class of each trial; None where there are only targets.
    periods : mapping of str to (start, stop)
        Named periods in ms from the start of the trial. ``'decision'`` must be
        among them: there the readout is taken.
    conditions : mapping of str to (trial,) array
        What distinguishes the trials, such as their difficulty.
    targets : (trial, bin, output) array or None
        What the outputs should do.
    mask : (trial, bin) bool array or None
        Which bins of the targets count; None is all.

    Raises
    ------
    InvalidInput
        If shapes disagree, or a period does not lie within the trial.
    """

    inputs: np.ndarray
    bin_ms: float
    labels: np.ndarray | None
    periods: Mapping[str, tuple[float, float]]
    conditions: Mapping[str, np.ndarray] = field(default_factory=dict)
    targets: np.ndarray | None = None
    mask: np.ndarray | None = None

    def __post_init__(self) -> None:
        if self.inputs.ndim != 3:
            raise InvalidInput(
                f"Inputs of trials must be (trial, bin, channel), got shape {self.inputs.shape}."
            )
        labels = {} if self.labels is None else {"labels": self.labels}
        per_trial = {**labels, **self.conditions}
        for name, values in per_trial.items():
            if values.shape != (self.n_trials,):
                raise InvalidInput(
                    f"'{name}' must have one value for each of the {self.n_trials} trials, "
                    f"got shape {values.shape}."
                )
        self._check_targets()
        self._check_periods()

    def _check_targets(self) -> None:
        if self.labels is None and self.targets is None:
            raise InvalidInput("Trials need labels or targets; neither was given.")
        per_bin = self.inputs.shape[:2]
        if self.targets is not None and (
            self.targets.ndim != 3 or self.targets.shape[:2] != per_bin
        ):
            raise InvalidInput(
                f"Targets must be (trial, bin, output) with {per_bin} trials and bins, "
                f"got shape {self.targets.shape}."
            )
        if self.mask is not None and self.mask.shape != per_bin:
            raise InvalidInput(
                f"The mask must be (trial, bin) = {per_bin}, got shape {self.mask.shape}."
            )

    def _check_periods(self) -> None:
        if "decision" not in self.periods:
            raise InvalidInput("Trials need a period 'decision', in which the readout is taken.")
        for name, (start, stop) in self.periods.items():
            if not 0 <= start < stop <= self.duration_ms + 1e-9:
                raise InvalidInput(
                    f"Period '{name}' is {start} to {stop} ms, outside the trial "
                    f"of 0 to {self.duration_ms} ms."
                )

    def select(self, chosen: slice | Sequence[int]) -> "Trials":
        """Return the chosen ones of the trials."""
        conditions = {name: values[chosen] for name, values in self.conditions.items()}
        per_trial = {name: getattr(self, name) for name in ("labels", "targets", "mask")}
        given = {name: values[chosen] for name, values in per_trial.items() if values is not None}
        return replace(self, inputs=self.inputs[chosen], conditions=conditions, **given)

    @property
    def n_trials(self) -> int:
        """Number of trials."""
        return self.inputs.shape[0]

    @property
    def n_channels(self) -> int:
        """Number of input channels."""
        return self.inputs.shape[2]

    @property
    def duration_ms(self) -> float:
        """Duration of every trial, in ms."""
        return self.inputs.shape[1] * self.bin_ms
