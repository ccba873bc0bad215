"""What was recorded, written into Brian2's own monitors."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2 import PopulationRateMonitor, StateMonitor

from neurotrain.executions.fused.values import Clock


def write_sample(monitor: StateMonitor, samples: Mapping[str, np.ndarray], clock: Clock) -> None:
    """Add samples (candidate, trial, sample, element) of one trial to a StateMonitor."""
    before = _length(monitor)
    times = np.arange(clock.first, clock.first + clock.ticks) * clock.dt
    monitor.resize(before + clock.ticks)
    monitor.variables["N"].set_value(before + clock.ticks)
    monitor.variables["t"].get_value()[before:] = times
    for name, values in samples.items():
        monitor.variables[name].get_value()[before:] = values[0, 0]


def write_log(monitor: Any, entries: np.ndarray, values: np.ndarray, clock: Clock) -> None:
    """Add the events of one trial to a SpikeMonitor, EventMonitor or PopulationRateMonitor."""
    if isinstance(monitor, PopulationRateMonitor):
        _write_rate(monitor, entries, clock)
        return
    first = int(monitor.variables["_source_start"].get_value())
    elements = entries["element"] - first
    count = monitor.variables["count"].get_value()
    count += np.bincount(elements, minlength=len(count)).astype(count.dtype)
    before = _length(monitor)
    after = before + len(entries)
    monitor.variables["N"].set_value(after)
    monitor.resize(after)
    known = {"i": elements, "t": entries["tick"] * clock.dt}
    for k, name in enumerate(sorted(monitor.record_variables - {"i", "t"})):
        known[name] = values[:, k] if len(entries) else []
    for name in monitor.record_variables:
        monitor.variables[name].get_value()[before:] = known[name]


def _write_rate(monitor: PopulationRateMonitor, entries: np.ndarray, clock: Clock) -> None:
    before = _length(monitor)
    monitor.resize(before + clock.ticks)
    monitor.variables["N"].set_value(before + clock.ticks)
    counts = np.bincount(entries["tick"] - clock.first, minlength=clock.ticks)[: clock.ticks]
    n = int(np.asarray(monitor.variables["_num_source_neurons"].get_value()).item())
    times = np.arange(clock.first, clock.first + clock.ticks) * clock.dt
    monitor.variables["t"].get_value()[before:] = times
    monitor.variables["rate"].get_value()[before:] = counts / clock.dt / n


def _length(monitor: Any) -> int:
    return int(np.asarray(monitor.variables["N"].get_value()).item())
