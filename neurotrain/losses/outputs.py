"""What losses of trajectories and spike trains share: outputs beside targets, and what counts."""

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.losses.sums import Summable
from neurotrain.recording import Recording
from neurotrain.trials import Trials


class MeanOverOutputs(Summable):
    """A loss of outputs beside their targets, averaged over trials.

    It is infinite for a candidate that failed on any of them.
    """

    name: str

    def __call__(self, recording: Recording, trials: Trials) -> np.ndarray:
        """Return the loss of each candidate, (candidate,).

        It is infinite where a trial failed or has an output that is not finite.

        Raises
        ------
        InvalidInput
            If there are no targets or no outputs, or they do not belong together.
        """
        output = _checked_output(self.name, recording, trials)
        counts = np.ones(output.shape[1:3], bool) if trials.mask is None else trials.mask
        unusable = recording.failed | ~np.isfinite(output).all(axis=(2, 3))
        usable = np.where(unusable[..., None, None], 0.0, output)
        losses = self._per_trial(usable, trials.targets, counts, trials.bin_ms)
        return np.where(unusable.any(axis=1), np.inf, losses.mean(axis=1))

    def _per_trial(
        self, output: np.ndarray, targets: np.ndarray, counts: np.ndarray, bin_ms: float
    ) -> np.ndarray:
        """Loss of each trial, (candidate, trial).

        Of outputs (candidate, trial, bin, output) beside targets (trial, bin, output), where the
        bins (trial, bin) count.
        """
        raise NotImplementedError


def mean_squared(error: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the mean over outputs and the bins that count, (candidate, trial)."""
    squared = np.where(counts[..., np.newaxis], error**2, 0.0)
    # In one row a trial, whose sum is rounded alike however many trials there are.
    rows = np.ascontiguousarray(squared).reshape(*squared.shape[:2], -1)
    return rows.sum(axis=-1) / np.maximum(counts.sum(axis=-1) * squared.shape[-1], 1)


def _checked_output(name: str, recording: Recording, trials: Trials) -> np.ndarray:
    if trials.targets is None:
        raise InvalidInput(
            f"Loss '{name}' compares outputs with targets, which these trials do not have; take a "
            "loss of choices, such as 'cross-entropy'."
        )
    if recording.output is None:
        raise InvalidInput(
            f"Loss '{name}' compares outputs with targets, but the readout gives decision "
            "variables; use a readout of trajectories."
        )
    output = np.asarray(recording.output, dtype=float)
    if output.ndim != 4 or output.shape[1:] != trials.targets.shape:
        raise InvalidInput(
            f"The outputs are (candidate, trial, bin, output) = {output.shape}, the targets "
            f"(trial, bin, output) = {trials.targets.shape}; they must agree."
        )
    return output
