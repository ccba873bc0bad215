"""Neo objects as a recording would give them, for tests of what is read from them."""

import neo
import numpy as np
import quantities as pq


def train(times_ms, *, start_ms=0.0, stop_ms=100.0, units="ms", **how) -> neo.SpikeTrain:
    """Return a spike train whose times, start and stop are those in ms, in any unit of time."""
    to_unit = float((1 * pq.ms).rescale(units))
    return neo.SpikeTrain(
        np.asarray(times_ms, dtype=float) * to_unit,
        units=units,
        t_start=start_ms * to_unit,
        t_stop=stop_ms * to_unit,
        **how,
    )


def signal(values, *, period_ms=1.0, start_ms=0.0, units="mV", **how) -> neo.AnalogSignal:
    """Return a signal of (time, channel) values."""
    return neo.AnalogSignal(
        np.asarray(values, dtype=float),
        units=units,
        sampling_period=period_ms * pq.ms,
        t_start=start_ms * pq.ms,
        **how,
    )


def segment(*objects, **annotations) -> neo.Segment:
    """Return a segment with spike trains and signals."""
    made = neo.Segment(**annotations)
    for each in objects:
        is_train = isinstance(each, neo.SpikeTrain)
        (made.spiketrains if is_train else made.analogsignals).append(each)
    return made


def block(*segments) -> neo.Block:
    """Return a block of segments."""
    made = neo.Block()
    made.segments.extend(segments)
    return made
