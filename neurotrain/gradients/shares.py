"""Shares of runs that went wrong: not finite, silent, blocked."""

from dataclasses import dataclass

import numpy as np

from neurotrain.recording import Recording

MOST_DEAD = 0.5


@dataclass(frozen=True)
class RunShares:
    """What became of candidates, each (candidate,).

    Parameters
    ----------
    non_finite : array
        Share of trials in which a state became non-finite.
    silent : array
        Share of neurons without a spike on a trial that are not blocked, of the other trials.
        NaN if there are none.
    blocked : array
        Share of neurons in depolarization block likewise; 0 where the circuit does not say when
        a neuron is.
    """

    non_finite: np.ndarray
    silent: np.ndarray
    blocked: np.ndarray

    @property
    def dead(self) -> np.ndarray:
        """Whether a trial was non-finite, or most neurons were silent or blocked, (candidate,)."""
        return ~(self.silent + self.blocked <= MOST_DEAD) | (self.non_finite > 0)


def run_shares(recording: Recording) -> RunShares:
    """Return how many trials of each candidate were non-finite, and neurons silent or blocked."""
    count = recording.spike_count.sum(axis=2)
    blocked = np.zeros(count.shape, bool) if recording.blocked is None else recording.blocked
    finished = np.broadcast_to(~recording.failed[..., np.newaxis], count.shape)
    total = finished.sum(axis=(1, 2))
    silent, blocked = (
        np.divide(
            (one & finished).sum(axis=(1, 2)),
            total,
            out=np.full(len(total), np.nan),
            where=total > 0,
        )
        for one in ((count == 0) & ~blocked, blocked)
    )
    return RunShares(recording.failed.mean(axis=1), silent, blocked)
