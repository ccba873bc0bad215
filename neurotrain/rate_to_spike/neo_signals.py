"""What was recorded, as signals that a spiking network is to produce."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.rate_smoothing import smooth
from neurotrain.rate_to_spike.signal_checks import in_ms
from neurotrain.rate_to_spike.signals import Signals
from neurotrain.recorded import recorded_signals, recorded_spikes


def signals_from_neo(data: Any, dt: Any, *, names: str | Sequence[str] | None = None) -> Signals:
    """Return AnalogSignals of Neo as signals, for `train`.

    The outputs are the samples in the unit of the first signal, all channels of all signals in
    order. Between samples they are interpolated; filter what was sampled much faster than `dt`.

    Parameters
    ----------
    data : Block, Segment, AnalogSignal, or a sequence of them
        A Segment is a trial; trials may differ in length. The annotations of Segments that are
        numbers, or texts, on all trials are conditions.
    dt : Quantity
        Duration of a step, such as ``1*ms``.
    names : str or sequence of str, optional
        Which signals, by their names, and in what order; by default all.

    Raises
    ------
    InvalidInput
        If `dt` is not a time; `data` is something else, such as a path; a Segment has no signals;
        signals differ in start or stop, in number of channels between trials, or in kind of unit;
        one is shorter than a step; or a sample is not finite.
    """
    dt_ms = _step_ms(dt)
    recorded = recorded_signals(data, dt_ms, names)
    return _joined(recorded.values, dt_ms, recorded.conditions)


def rates_from_neo(
    data: Any, dt: Any, *, smoothing_ms: float = 20.0, kernel: str = "gaussian"
) -> Signals:
    """Return smoothed firing rates of SpikeTrains of Neo as signals in Hz, for `train`.

    Parameters
    ----------
    data : Block, Segment, SpikeTrain, or a sequence of them
        A Segment is a trial; trials may differ in length. The spike trains of all Segments are of
        the same neurons, in order.
    dt : Quantity
        Duration of a step, such as ``1*ms``.
    smoothing_ms : float
        Standard deviation of the Gaussian, or width of the boxcar, that each trial is smoothed by.
    kernel : str
        ``'gaussian'`` or ``'boxcar'``.

    Raises
    ------
    InvalidInput
        If `dt` is not a time; `data` is something else, such as a path; a Segment has no spike
        trains, or not of as many neurons as the others; spike trains of a Segment differ in start
        or stop; or there is no such kernel.
    """
    dt_ms = _step_ms(dt)
    recorded = recorded_spikes(data)
    counts = recorded.counts(dt_ms)
    rates = [smooth(each, smoothing_ms, dt_ms, kernel=kernel) / (dt_ms * 1e-3) for each in counts]
    return _joined(rates, dt_ms, recorded.conditions)


def _step_ms(dt: Any) -> float:
    dt_ms = in_ms(dt)
    if not 0 < dt_ms < np.inf:
        raise InvalidInput(f"dt must be a time above 0, such as 1*ms, got {dt!r}.")
    return dt_ms


def _joined(
    values: Sequence[np.ndarray], dt_ms: float, conditions: dict[str, np.ndarray]
) -> Signals:
    """Return trials (step, channel) one after another."""
    steps = np.array([len(each) for each in values])
    return Signals(np.concatenate(values), steps=steps, dt_ms=dt_ms, conditions=conditions)
