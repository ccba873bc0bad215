"""What Brian2's own monitors recorded, as Neo objects."""

from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.export.units import si_unit
from neurotrain.neo_objects import plain_annotations

if TYPE_CHECKING:
    import neo


def from_monitors(*monitors: Any, name: str = "brian2", **annotations: Any) -> "neo.Block":
    """Return what Brian2 monitors recorded as a Block with one Segment.

    Spike times are those of the monitor to the bit, in seconds, and there is a train for every
    neuron that was watched, silent ones too; other variables that a SpikeMonitor or EventMonitor
    recorded are array annotations. A StateMonitor becomes an AnalogSignal for each of its
    variables in SI units, whose channels are annotated with the neuron, or an
    IrregularlySampledSignal where the time step changed; a PopulationRateMonitor one in hertz.
    There is a Group for each group that was watched.

    Parameters
    ----------
    monitors : SpikeMonitor, EventMonitor, StateMonitor or PopulationRateMonitor
        Of one simulation, which has been run. A SpikeMonitor with ``record=False`` has no times.
    name : str
        Of the Block.
    annotations
        Of the Block.

    Raises
    ------
    InvalidInput
        If there is no monitor, something is none, or spikes were counted without their times.

    Examples
    --------
    >>> from brian2 import Network, NeuronGroup, SpikeMonitor, ms
    >>> neurons = NeuronGroup(2, "v : 1", threshold="v > 1", reset="v = 0", dt=0.1 * ms)
    >>> neurons.v = [0, 2]
    >>> spikes = SpikeMonitor(neurons)
    >>> Network(neurons, spikes).run(1 * ms)
    >>> block = from_monitors(spikes)
    >>> [len(train) for train in block.segments[0].spiketrains]
    [0, 1]
    """
    import neo

    if not monitors:
        raise InvalidInput("There are no monitors to export; give those of the simulation.")
    block = neo.Block(name=name, **plain_annotations(annotations))
    segment = neo.Segment(name="simulation", index=0)
    block.segments.append(segment)
    members: dict[str, list[Any]] = {}
    for monitor in monitors:
        found = _converted(monitor)
        members.setdefault(monitor.source.name, []).extend(found)
        for one in found:
            if isinstance(one, neo.SpikeTrain):
                segment.spiketrains.append(one)
            elif isinstance(one, neo.AnalogSignal):
                segment.analogsignals.append(one)
            else:
                segment.irregularlysampledsignals.append(one)
    block.groups.extend([neo.Group(found, name=group) for group, found in members.items()])
    return block


def _converted(monitor: Any) -> list[Any]:
    from brian2 import EventMonitor, PopulationRateMonitor, StateMonitor

    if isinstance(monitor, EventMonitor):
        return _spike_trains(monitor)
    if isinstance(monitor, StateMonitor):
        return _signals(monitor)
    if isinstance(monitor, PopulationRateMonitor):
        rate = np.asarray(monitor.rate_[:])[:, np.newaxis]
        return [_signal("rate", monitor, rate, "Hz", {})]
    raise InvalidInput(
        f"Only Brian2's SpikeMonitor, EventMonitor, StateMonitor and PopulationRateMonitor can be "
        f"exported, got {type(monitor).__name__}."
    )


def _spike_trains(monitor: Any) -> list[Any]:
    import neo
    import quantities

    if not monitor.record:
        raise InvalidInput(
            f"'{monitor.name}' counted spikes without their times; make it with record=True."
        )
    times, neurons = np.asarray(monitor.t_[:]), np.asarray(monitor.i[:])
    others = [one for one in monitor.record_variables if one not in ("i", "t")]
    recorded = {one: _recorded(monitor, one) for one in others}
    source, end = monitor.source, _end(monitor)
    # Stable, so that spikes of a neuron stay in order.
    order = np.argsort(neurons, kind="stable")
    edges = np.searchsorted(neurons[order], np.arange(len(source) + 1))
    trains = []
    for neuron in range(len(source)):
        its = order[edges[neuron] : edges[neuron + 1]]
        trains.append(
            neo.SpikeTrain(
                times[its] * quantities.s,
                t_stop=max(end, times[its].max(initial=0.0)) * quantities.s,
                name=f"{source.name} {neuron}",
                neuron=neuron,
                population=source.name,
                array_annotations={one: values[its] for one, values in recorded.items()},
            )
        )
    return trains


def _recorded(monitor: Any, variable: str) -> Any:
    import quantities

    values = np.asarray(getattr(monitor, f"{variable}_")[:])
    unit = si_unit(monitor.source.variables[variable].dim)
    return values if unit == "dimensionless" else quantities.Quantity(values, unit)


def _signals(monitor: Any) -> list[Any]:
    neuron = {"neuron": np.asarray(monitor.record)}
    found = []
    for name in monitor.record_variables:
        # Brian2 has (neuron, time).
        values = np.asarray(getattr(monitor, f"{name}_")).T
        units = si_unit(monitor.source.variables[name].dim)
        found.append(_signal(name, monitor, values, units, neuron))
    return found


def _signal(name: str, monitor: Any, values: np.ndarray, units: str, channels: dict) -> Any:
    import neo
    import quantities

    times = np.asarray(monitor.t_[:])
    steps, dt = np.diff(times), float(monitor.clock.dt_)
    told = {"name": f"{monitor.source.name} {name}", "array_annotations": channels}
    told |= {"population": monitor.source.name, "variable": name}
    if steps.size and abs(steps - dt).max() > 1e-6 * dt:
        return neo.IrregularlySampledSignal(times * quantities.s, values, units=units, **told)
    start = times[0] if times.size else 0.0
    return neo.AnalogSignal(
        values,
        units=units,
        sampling_period=dt * quantities.s,
        t_start=start * quantities.s,
        **told,
    )


def _end(monitor: Any) -> float:
    """Return when the simulation ended, in s."""
    return float(monitor.source.clock.variables["t"].get_value().item())
