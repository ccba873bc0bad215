"""The periods of a trial in ms, and the bins that they are cut into."""

from collections.abc import Mapping

import numpy as np

from neurotrain.errors import InvalidInput, require_number


class Timeline:
    """Periods that follow one another, from the start of the trial to its end.

    Parameters
    ----------
    bin_ms : float
        Duration of a bin, in which inputs are constant, in ms.
    **durations_ms : float
        Duration of each period by its name, in ms and in order. One of 0 ms is left out
        of `periods`. ``'decision'`` is the period in which the readout is taken.

    Raises
    ------
    InvalidInput
        If a duration is negative or not a whole number of bins, or the trial is empty.
    """

    def __init__(self, bin_ms: float, **durations_ms: float) -> None:
        require_number("bin_ms", bin_ms, above=0)
        self.bin_ms = bin_ms
        self._bins: dict[str, slice] = {}
        stop = 0
        for name, duration_ms in durations_ms.items():
            start, stop = stop, stop + whole_bins(duration_ms, bin_ms, f"The period '{name}'")
            self._bins[name] = slice(start, stop)
        self.n_bins = stop
        if not stop:
            raise InvalidInput("All periods of the trial last 0 ms; give one a duration.")

    @property
    def duration_ms(self) -> float:
        """Duration of the trial, in ms."""
        return self.n_bins * self.bin_ms

    @property
    def periods(self) -> Mapping[str, tuple[float, float]]:
        """Start and stop of each period that is not empty, in ms."""
        return {
            name: (bins.start * self.bin_ms, bins.stop * self.bin_ms)
            for name, bins in self._bins.items()
            if bins.stop > bins.start
        }

    @property
    def times_ms(self) -> np.ndarray:
        """The middle of each bin, (bin,), in ms from the start of the trial."""
        return (np.arange(self.n_bins) + 0.5) * self.bin_ms

    def bins(self, period: str) -> slice:
        """Return the bins of a period, to index the axis of bins."""
        return self._bins[period]

    def zeros(self, n_trials: int, n_signals: int) -> np.ndarray:
        """Return (trial, bin, signal) zeros to write signals into."""
        return np.zeros((n_trials, self.n_bins, n_signals))

    def shortened(
        self,
        signals: np.ndarray,
        period: str,
        kept_ms: np.ndarray,
        rest: float | np.ndarray = 0.0,
    ) -> np.ndarray:
        """Return signals in which a period is shorter on some trials, aligned to their end.

        Parameters
        ----------
        signals : (trial, bin, signal) array
            With the full period on every trial.
        period : str
            What is shortened: its first part is cut out, and what comes before it, later.
        kept_ms : (trial,) array
            How much of it stays, in ms.
        rest : float or (signal,) array
            What the signals are before they begin.
        """
        bins = self._bins[period]
        kept = np.array(
            [whole_bins(each, self.bin_ms, f"The period '{period}'") for each in kept_ms]
        )
        cut = (bins.stop - bins.start - kept)[:, np.newaxis]
        if (cut < 0).any():
            raise InvalidInput(
                f"The period '{period}' cannot last longer than the "
                f"{(bins.stop - bins.start) * self.bin_ms:g} ms that the trial has for it."
            )
        if not cut.any():
            return signals
        bin_ = np.arange(self.n_bins)
        source = np.where(bin_ < bins.start + cut, bin_ - cut, bin_)  # (trial, bin)
        moved = np.take_along_axis(signals, source.clip(0)[..., np.newaxis], axis=1)
        return np.where((source >= 0)[..., np.newaxis], moved, rest)


def whole_bins(duration_ms: float, bin_ms: float, what: str) -> int:
    """Return how many bins a duration lasts; `what` it is, for the error.

    Raises
    ------
    InvalidInput
        If it is negative or not a whole number of bins.
    """
    n_bins = duration_ms / bin_ms
    if not n_bins >= 0 or abs(n_bins - round(n_bins)) > 1e-6 * n_bins:
        raise InvalidInput(
            f"{what} lasts {duration_ms:g} ms, which is not a whole number of bins of "
            f"{bin_ms:g} ms; change it, or bin_ms."
        )
    return round(n_bins)
