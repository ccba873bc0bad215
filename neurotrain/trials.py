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
        The correct class of each trial; None if there are targets instead.
    periods : mapping of str to (start, stop)
        Named periods in ms from the start of the trial. ``'decision'`` must be
        among them: there the readout is taken.
    conditions : mapping of str to (trial,) array
        What distinguishes the trials, such as their difficulty.
    targets : (trial, bin, output) float array or None
        What the outputs of the network should do.
    mask : (trial, bin) bool array or None
        Which bins count; None if all do.

    Raises
    ------
    InvalidInput
        If shapes disagree, a period does not lie within the trial, there is neither a
        label nor a target, or a target is not finite where it counts.
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
        self._check_per_trial()
        self._check_targets()
        self._check_periods()

    def _check_per_trial(self) -> None:
        per_trial = {} if self.labels is None else {"labels": self.labels}
        for name, values in (per_trial | dict(self.conditions)).items():
            if values.shape != (self.n_trials,):
                raise InvalidInput(
                    f"'{name}' must have one value for each of the {self.n_trials} trials, "
                    f"got shape {values.shape}."
                )

    def _check_targets(self) -> None:
        if self.labels is None and self.targets is None:
            raise InvalidInput("Trials need labels or targets; otherwise nothing can be learned.")
        n_bins = self.inputs.shape[1]
        if self.mask is not None and (
            self.mask.shape != (self.n_trials, n_bins) or self.mask.dtype != bool
        ):
            raise InvalidInput(
                f"The mask of trials must be a bool array (trial, bin) = "
                f"{(self.n_trials, n_bins)}, got {self.mask.dtype} {self.mask.shape}."
            )
        if self.targets is None:
            return
        shape = self.targets.shape
        if len(shape) != 3 or shape[:2] != (self.n_trials, n_bins) or not shape[2]:
            raise InvalidInput(
                f"Targets of trials must be (trial, bin, output) with {self.n_trials} trials and "
                f"{n_bins} bins, got shape {shape}."
            )
        if not np.isfinite(self.targets[self.counted]).all():
            raise InvalidInput("Targets of trials must be finite in every bin that counts.")

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
        fields = {name: getattr(self, name) for name in ("inputs", "labels", "targets", "mask")}
        return replace(
            self,
            **{name: None if array is None else array[chosen] for name, array in fields.items()},
            conditions={name: values[chosen] for name, values in self.conditions.items()},
        )

    def starting_at(self, start_ms: float) -> "Trials":
        """Return the trials without what comes before `start_ms`, as if they began there.

        A network that is simulated on them from its initial state knows nothing of what came
        before: the control for what it remembers.

        Raises
        ------
        InvalidInput
            If `start_ms` is not the start of a bin before the decision period ends.
        """
        starts = np.arange(self.inputs.shape[1]) * self.bin_ms
        end_ms = self.periods["decision"][1]
        is_start = (abs(starts - start_ms) < 1e-6 * self.bin_ms) & (starts < end_ms)
        if not is_start.any():
            raise InvalidInput(
                f"Trials can only start with a bin of {self.bin_ms:g} ms, before the decision "
                f"period ends at {end_ms:g} ms; got {start_ms!r} ms."
            )
        arrays = {name: getattr(self, name) for name in ("inputs", "targets", "mask")}
        periods = {
            name: (max(0.0, begin - start_ms), end - start_ms)
            for name, (begin, end) in self.periods.items()
            if end > start_ms
        }
        cut = {
            name: None if array is None else array[:, is_start.argmax() :]
            for name, array in arrays.items()
        }
        return replace(self, **cut, periods=periods)

    @property
    def counted(self) -> np.ndarray:
        """Which bins count, (trial, bin) bool: the mask, or all of them."""
        return np.ones(self.inputs.shape[:2], dtype=bool) if self.mask is None else self.mask

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
