"""The values of a lowered network, read from its Brian2 objects."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from brian2 import SpikeGeneratorGroup, TimedArray
from brian2.input.timedarray import _find_K

from neurotrain.errors import UnsupportedModel
from neurotrain.executions.fused.values import (
    Chosen,
    Clock,
    Connections,
    Generator,
    Queue,
    Table,
)
from neurotrain.lowering.checks import WAY_OUT
from neurotrain.lowering.network import Lowered
from neurotrain.lowering.operations import whole
from neurotrain.lowering.program import Event

# Part of a step by which a clock may be off, as in Brian2.
_TOLERANCE = 1e-4
# Into how many steps the shortest dt may be cut: in most of them nothing happens, which costs time.
_MOST_PARTS = 50


def clocks(found: Sequence[Any], firsts: Sequence[int], ends: Sequence[int]) -> tuple[Clock, ...]:
    """Return when clocks tick that have ticked `firsts` times and will have `ends` times.

    Raises
    ------
    UnsupportedModel
        Where there is no step of which each clock's dt is a multiple, or only a tiny one.
    """
    every = _steps_per_tick(found)
    # In steps since Brian2's time was 0, when each clock ticks next.
    following = [own * steps for own, steps in zip(firsts, every, strict=True)]
    start = min(following)
    return tuple(
        Clock(clock.dt_, steps, tick - start, own, end - own)
        for clock, steps, tick, own, end in zip(found, every, following, firsts, ends, strict=True)
    )


def _steps_per_tick(found: Sequence[Any]) -> list[int]:
    """Return the dt of each clock in steps, the longest that all of them are multiples of."""
    shortest = min(clock.dt_ for clock in found)
    for parts in range(1, _MOST_PARTS + 1):
        every = [clock.dt_ / shortest * parts for clock in found]
        off = [abs(steps - round(steps)) > _TOLERANCE for steps in every]
        if not any(off):
            return [round(steps) for steps in every]
        if parts == 1:
            name, dt = next((c.name, c.dt_) for c, is_off in zip(found, off, strict=True) if is_off)
    raise UnsupportedModel(
        f"The dt of the clock '{name}', {dt * 1e3:g} ms, and the shortest one, "
        f"{shortest * 1e3:g} ms, are no multiples of a step that is at least 1/{_MOST_PARTS} of "
        f"the latter, which the fused execution needs. {WAY_OUT}"
    )


def sizes(lowered: Lowered) -> tuple[int, ...]:
    """Return the number of elements of each owner; 0 for what has none."""
    return tuple(len(one) if hasattr(type(one), "__len__") else 0 for one in lowered.owners)


def arrays(lowered: Lowered) -> dict[str, np.ndarray]:
    """Return the values that all arrays have now, for all candidates and trials."""
    values = {}
    for array in lowered.program.arrays:
        value = np.array(lowered.arrays[array.symbol].get_value())
        values[array.symbol] = value if array.role == "index" else value[np.newaxis, np.newaxis]
    return values


def tables(lowered: Lowered) -> dict[str, Table]:
    """Return the values of TimedArrays and of binomial distributions."""
    found = {}
    for one in lowered.program.functions:
        function, runner = lowered.functions[one.symbol]
        if isinstance(function, TimedArray):
            factor = _find_K(runner.clock.dt_, function.dt)
            found[one.symbol] = Table(function.values, function.dt / factor, float(factor))
        elif one.kind == "binomial":
            found[one.symbol] = Table(_cumulative(function))
    return found


def _cumulative(function: Any) -> np.ndarray:
    from scipy.stats import binom

    implementation = function.implementations["numpy"].get_code(None)
    known = inspect.getclosurevars(implementation).nonlocals
    if "loc" in known:
        # Where Brian2 approximates by a normal distribution, it keeps only its two moments.
        p = 1 - known["scale"] ** 2 / known["loc"]
        n = round(known["loc"] / p)
    else:
        n, p = int(known["n"]), float(known["p"])
    most = int(min(n, binom.isf(1e-18, n, p) + 1)) if p > 0 else 0
    cumulative = binom.cdf(np.arange(most + 1), n, p)
    cumulative[-1] = 1.0
    return cumulative


def connections(lowered: Lowered) -> tuple[Connections, ...]:
    """Return the synapses of every sum."""
    found = []
    for synapses, side in lowered.tables:
        ends = {"pre": synapses.source, "post": synapses.target}
        indices = {
            name: np.asarray(synapses.variables[f"_synaptic_{name}"].get_value()) for name in ends
        }
        other = "pre" if side == "post" else "post"
        first, n = zip(*(_extent(ends[name]) for name in (other, side)), strict=True)
        found.append(
            Connections(
                indices[other] - first[0], indices[side] - first[1], first[0], n[0], first[1], n[1]
            )
        )
    return tuple(found)


def _extent(group: Any) -> tuple[int, int]:
    return int(getattr(group, "start", 0) or 0), len(group)


def queues(lowered: Lowered) -> tuple[Queue, ...]:
    """Return synapses, delays and what is under way of every pathway."""
    found = []
    for pathway in lowered.queues:
        # Brian2's own queue moves what is under way to another dt.
        pathway.initialise_queue()
        sources = np.array(pathway.synapse_sources.get_value())
        delays = np.asarray(pathway.variables["delay"].get_value())
        # Halves go up, as in Brian2's compiled queue.
        steps = np.floor(delays / pathway.source.clock.dt_ + 0.5).astype(int)
        found.append(
            Queue(
                sources,
                np.broadcast_to(steps, sources.shape),
                len(whole(pathway.source)),
                _pending(pathway.queue),
            )
        )
    return tuple(found)


def _pending(queue: Any) -> np.ndarray:
    """Return step from now and synapse of every spike under way."""
    state = queue._full_state()
    if len(state) == 3:  # Brian2's queue in Python
        return np.asarray(state[1], dtype=int).reshape(-1, 2)
    offset, rows = state
    items = [
        ((slot - offset) % len(rows), synapse) for slot, row in enumerate(rows) for synapse in row
    ]
    return np.array(items, dtype=int).reshape(-1, 2)


def still_pending(queue: Queue, ticks: int, events: np.ndarray, late: bool) -> np.ndarray:
    """Return step from then and synapse of all that is under way after so many ticks.

    Parameters
    ----------
    queue : Queue
        As it was at the beginning.
    ticks : int
    events : structured array
        Tick and element of the last events.
    late : bool
        Whether synapses see an event only a step after it.
    """
    before = queue.pending[queue.pending[:, 0] >= ticks] - np.array([ticks, 0])
    order = np.argsort(queue.sources, kind="stable")
    starts = np.searchsorted(queue.sources[order], np.arange(queue.n_sources + 1))
    items = []
    for event in events[: len(events) if not late else np.sum(events["tick"] < ticks - 1)]:
        synapses = order[starts[event["element"]] : starts[event["element"] + 1]]
        due = event["tick"] + late + queue.delays[synapses] - ticks
        items.append(np.stack([due, synapses], axis=1)[due >= 0])
    return np.concatenate([before, *items])


def restore_pending(pathway: Any, pending: np.ndarray) -> None:
    """Put synapses, each with its step from now, into Brian2's own queue."""
    queue, dt = pathway.queue, pathway.source.clock.dt_
    n_steps = int(pending[:, 0].max()) + 1 if len(pending) else 1
    if len(queue._full_state()) == 3:  # Brian2's queue in Python
        most = int(np.bincount(pending[:, 0]).max()) + 1 if len(pending) else 1
        queue._restore_from_full_state((dt, pending, (n_steps, most)))
        return
    rows = [pending[pending[:, 0] == step, 1].tolist() for step in range(n_steps)]
    queue._restore_from_full_state((0, rows))


def generators(lowered: Lowered) -> dict[str, Generator]:
    """Return what gives events, by event."""
    names = [one.name for one in lowered.clocks]
    return {
        event: _generator(group, names.index(group.clock.name))
        for event, group in lowered.generators.items()
    }


def _generator(group: SpikeGeneratorGroup, clock: int) -> Generator:
    values = group.variables
    return Generator(
        ticks=np.array(values["_timebins"].get_value(), dtype=np.int64),
        elements=np.array(values["neuron_index"].get_value(), dtype=np.int64),
        period=int(np.asarray(values["_period_bins"].get_value()).item()),
        clock=clock,
    )


def generated(given: Mapping[str, Generator], found: tuple[Clock, ...]) -> dict[str, np.ndarray]:
    """Return tick, from the beginning, and element of all events of generators."""
    return {event: one.events(found[one.clock]) for event, one in given.items()}


def mark_generated(lowered: Lowered, found: tuple[Clock, ...]) -> None:
    """Let generators of events know how far they have come."""
    for group in lowered.generators.values():
        clock = found[[one.name for one in lowered.clocks].index(group.clock.name)]
        bins = np.asarray(group.variables["_timebins"].get_value())
        period = int(np.asarray(group.variables["_period_bins"].get_value()).item())
        last = clock.first + clock.ticks - 1
        done = np.searchsorted(bins, last % period if period else last, side="right")
        group.variables["_lastindex"].set_value(done)
        group._spikes_changed = False


def before(lowered: Lowered) -> dict[str, np.ndarray]:
    """Return the elements that each event happened to in the last step."""
    return {
        event.symbol: (space := _event_space(lowered, event))[: space[-1]]
        for event in lowered.program.events
    }


def restore_events(lowered: Lowered, happened: Mapping[str, np.ndarray]) -> None:
    """Let Brian2 know the elements that events happened to in the last step.

    Only those of generators; it forgets those of thresholds at the end of a run.
    """
    for event in lowered.program.events:
        space = _event_space(lowered, event)
        elements = happened.get(event.symbol, ()) if event.symbol in lowered.generators else ()
        space[: len(elements)] = elements
        space[-1] = len(elements)


def _event_space(lowered: Lowered, event: Event) -> np.ndarray:
    name = event.symbol.rpartition("_")[0]
    return lowered.owners[event.owner].variables[f"_{name}space"].get_value()


def logged(lowered: Lowered) -> tuple[tuple[int, int], ...]:
    """Return which elements each log notes."""
    return tuple(
        tuple(int(monitor.variables[f"_source_{end}"].get_value()) for end in ("start", "stop"))
        for monitor in lowered.logs
    )


def chosen(lowered: Lowered, found: tuple[Clock, ...]) -> tuple[Chosen, ...]:
    """Return what every StateMonitor samples."""
    names = [one.name for one in lowered.clocks]
    return tuple(
        Chosen(np.asarray(m.record), 1, found[names.index(m.clock.name)].ticks)
        for m in lowered.samples
    )
