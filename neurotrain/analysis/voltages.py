"""Voltages of a few neurons, one above the other."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.analysis.style import INK, on_axes
from neurotrain.errors import InvalidInput

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OFFSET_MV, SCALE_MV = 110, 50


@on_axes(85, 62)
def voltage_traces(
    voltage: np.ndarray,
    time_ms: np.ndarray,
    *,
    neurons: Sequence[int] | None = None,
    axes: "Axes | None" = None,
) -> "Axes":
    """Draw the voltages of neurons on one trial, the first one lowest, with a scale.

    Parameters
    ----------
    voltage : (time, neuron) array
        In volts. Where it is NaN nothing is drawn.
    time_ms : (time,) array
    neurons : sequence of int, optional
        Numbers to write beside the voltages; by default counted from 0.
    axes : Axes, optional
        By default those of a new figure.

    Raises
    ------
    InvalidInput
        If shapes disagree.
    """
    voltage, time_ms = np.asarray(voltage, dtype=float), np.asarray(time_ms)
    numbers = range(voltage.shape[-1]) if neurons is None else neurons
    if voltage.shape != (len(time_ms), len(numbers)) or len(time_ms) < 2:
        raise InvalidInput(
            f"Voltages must be (time, neuron) with two times or more, one of each for the "
            f"{len(time_ms)} times and {len(numbers)} neurons, got shape {voltage.shape}."
        )
    draw_voltages(axes, voltage, time_ms)
    name_neurons(axes, voltage, numbers)
    if np.isfinite(voltage).any():
        draw_scale(axes)
    axes.set(xlabel="time (ms)", xlim=(time_ms[0], time_ms[-1]))
    return axes


def draw_voltages(axes: "Axes", voltage: np.ndarray, time_ms: np.ndarray) -> None:
    """Draw (time, neuron) volts in mV, each neuron above the one before."""
    for row, volts in enumerate(voltage.T):
        axes.plot(time_ms, volts * 1e3 + OFFSET_MV * row, color=INK, linewidth=0.6)


def name_neurons(axes: "Axes", voltage: np.ndarray, neurons: Sequence[int]) -> None:
    """Write the neurons' numbers to the left of their voltages (..., neuron)."""
    valid = voltage[np.isfinite(voltage)]
    axes.set_ylabel("voltage of neuron")
    if not valid.size:
        axes.set_yticks([])
        return
    middle = np.median(valid) * 1e3
    axes.set_yticks(middle + OFFSET_MV * np.arange(len(neurons)), [str(n) for n in neurons])


def draw_scale(axes: "Axes") -> None:
    """Draw a scale of the voltage to the right."""
    bottom = axes.get_ylim()[0]
    how = {"transform": axes.get_yaxis_transform(), "clip_on": False}
    axes.plot([1.03, 1.03], [bottom, bottom + SCALE_MV], color=INK, linewidth=1.2, **how)
    text = {"rotation": 90, "ha": "left", "va": "bottom", "fontsize": 6.5}
    axes.text(1.05, bottom, f"{SCALE_MV} mV", **text, **how)
