"""What is kept of a script's simulations: everything its monitors recorded, and the last state.

A tape notices every run of every Network. It copies right after each run and keeps no object
alive, since Brian2's magic functions depend on which objects live.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import brian2
import numpy as np
from brian2 import (
    EventMonitor,
    Network,
    NeuronGroup,
    PoissonGroup,
    PopulationRateMonitor,
    Quantity,
    StateMonitor,
    Synapses,
    second,
)
from brian2.core.variables import ArrayVariable
from selection import Extent

MOST_VALUES = 50_000
SETUP_SEED = 7919


class TotalReached(SystemExit):
    """Enough was simulated; the rest of the script is left out."""


class Tape:
    """Records the runs of one script, and cuts them to an extent.

    Before each run Brian2 is seeded from `noise`, and after it from the number of the run, so
    that whatever a script draws between runs is the same for every `noise` and on every device.

    Attributes
    ----------
    arrays : dict
        By ``run/kind/object/variable``: the kinds are events, trace, rate and state.
    runs : list of dict
        Of each run: its duration as asked for and as simulated and its start, in seconds, and
        whether Brian2 drew random numbers while running.
    """

    def __init__(self, extent: Extent, noise: int) -> None:
        self.extent, self.noise = extent, noise
        self.arrays: dict[str, np.ndarray] = {}
        self.runs: list[dict[str, Any]] = []
        self.steps = 0

    def install(self) -> None:
        """Record from now on whatever network runs in this process."""
        original, tape = Network.run, self

        def run(
            self: Network,
            duration: Quantity,
            report: Any = None,
            report_period: Quantity = 10 * second,
            namespace: Any = None,
            profile: bool | None = None,
            level: int = 0,
        ) -> None:
            with tape.recorded(self, duration) as cut:
                original(
                    self,
                    cut,
                    report=report,
                    report_period=report_period,
                    namespace=namespace,
                    profile=profile,
                    level=level + 1,
                )

        Network.run = run

    @contextmanager
    def recorded(self, network: Network, duration: Quantity) -> Iterator[Quantity]:
        """Yield the duration to simulate, then copy what the run recorded."""
        if self.steps >= self.extent.total:
            raise TotalReached
        objects = list(network.sorted_objects)
        dt = min((float(one.clock.dt_) for one in objects), default=float(brian2.defaultclock.dt))
        steps = min(round(float(duration) / dt), self.extent.run)
        cut = min(duration, steps * dt * second)
        lengths = {one.name: _length(one) for one in objects if _is_monitor(one)}
        self._seed(self.noise)
        start, before = float(network.t), np.random.get_state()
        yield cut
        random = not _same_state(before, np.random.get_state())
        self.steps += steps
        for key, values in _contents(objects, lengths):
            self.arrays[f"{len(self.runs):03d}/{key}"] = values
        described = {"asked": float(duration), "duration": float(cut), "start": start}
        self.runs.append(described | {"random": random})
        self._seed(SETUP_SEED)

    def _seed(self, of: int) -> None:
        brian2.seed(100_003 * (of + 1) + len(self.runs))


def _same_state(a: tuple, b: tuple) -> bool:
    return a[2] == b[2] and np.array_equal(a[1], b[1]) and a[3:] == b[3:]


def _is_monitor(one: Any) -> bool:
    return isinstance(one, EventMonitor | StateMonitor | PopulationRateMonitor)


def _length(monitor: Any) -> int:
    return int(np.asarray(monitor.variables["N"].get_value()).item())


def _contents(objects: list[Any], lengths: dict[str, int]) -> Iterator[tuple[str, np.ndarray]]:
    """Yield what each object has to show, under a name that does not depend on Brian2's names."""
    numbers: Counter[str] = Counter()
    for one in sorted(objects, key=lambda each: (len(each.name), each.name)):
        kind = type(one).__name__
        name = f"{kind}{numbers[kind]}"
        numbers[kind] += 1
        yield from _recorded(one, name, lengths.get(one.name, 0))
        if isinstance(one, NeuronGroup | PoissonGroup | Synapses):
            yield from ((f"state/{name}/{key}", values) for key, values in _state(one))


def _recorded(one: Any, name: str, start: int) -> Iterator[tuple[str, np.ndarray]]:
    if isinstance(one, EventMonitor):
        yield from ((f"events/{name}/{key}", values) for key, values in _events(one, start))
    elif isinstance(one, StateMonitor):
        for key in one.record_variables:
            yield f"trace/{name}/{key}", _thin_columns(one.variables[key].get_value()[start:])
        yield f"trace/{name}/t", np.array(one.variables["t"].get_value()[start:])
    elif isinstance(one, PopulationRateMonitor):
        for key in ("rate", "t"):
            yield f"rate/{name}/{key}", np.array(one.variables[key].get_value()[start:])


def _events(monitor: EventMonitor, start: int) -> Iterator[tuple[str, np.ndarray]]:
    """Yield step and neuron of each event, in this order whatever the order within a step."""
    yield "count", np.array(monitor.variables["count"].get_value())
    if not monitor.record:
        return
    recorded = {key: monitor.variables[key].get_value()[start:] for key in monitor.record_variables}
    steps = np.round(recorded["t"] / monitor.clock.dt_).astype(np.int64)
    order = np.lexsort((recorded["i"], steps))
    yield "step", steps[order]
    yield from ((key, values[order]) for key, values in recorded.items())


def _state(group: Any) -> Iterator[tuple[str, np.ndarray]]:
    for key, variable in group.variables.items():
        owned = isinstance(variable, ArrayVariable) and variable.owner.name == group.name
        if owned and (not key.startswith("_") or key.startswith("_synaptic")):
            yield key, _thin(np.atleast_1d(variable.get_value()))
    for pathway in getattr(group, "_pathways", ()):
        delays = np.atleast_1d(pathway.variables["delay"].get_value())
        yield f"{pathway.objname}.delay", _thin(delays)


def _thin(values: np.ndarray) -> np.ndarray:
    """Return a copy of every k-th value, so few that they can be kept."""
    return np.array(values[:: -(-len(values) // MOST_VALUES) or 1])


def _thin_columns(values: np.ndarray) -> np.ndarray:
    """Return a copy of (time, element) with so few elements that they can be kept."""
    return np.array(values[:, :: -(-values.size // MOST_VALUES) or 1])
