"""Spike trains and signals as Neo objects."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import neo


def spike_trains(
    spiked: np.ndarray, starts_ms: np.ndarray, stop_ms: float
) -> "list[neo.SpikeTrain]":
    """Return a spike train for every neuron, also for one that is silent.

    Parameters
    ----------
    spiked : (step, neuron) bool array
        A spike lies at the start of its step, where Brian2 puts it.
    starts_ms : (step,) array
        When steps start.
    stop_ms : float
        When the last step stops.
    """
    import neo
    import quantities

    return [
        neo.SpikeTrain(
            starts_ms[spiked[:, neuron]] * quantities.ms,
            t_stop=stop_ms * quantities.ms,
            name=f"neuron {neuron}",
            neuron=neuron,
        )
        for neuron in range(spiked.shape[1])
    ]


def analog_signal(name: str, values: np.ndarray, period_ms: float) -> "neo.AnalogSignal":
    """Return what channels without a unit do, (time, channel), from time 0 on."""
    import neo
    import quantities

    period = period_ms * quantities.ms
    return neo.AnalogSignal(values, units="dimensionless", sampling_period=period, name=name)
