"""Drawn networks: groups, generators, connections, monitors and runs put together."""

from collections.abc import Sequence

from hypothesis import strategies as st

from .cases import Connection, End, Generator, Monitor, Neurons, Structure
from .connections import Wire, connections, wires
from .neurons import SLOTS, Needs, neurons

SCHEDULES = (
    None,
    ("start", "groups", "thresholds", "resets", "synapses", "end"),
    ("start", "synapses", "groups", "thresholds", "resets", "end"),
)
PHASES = (
    ("run",),
    ("run", "run"),
    ("run", "set", "run"),
    ("store", "run", "restore", "run"),
    ("run", "store", "set", "run", "restore", "run"),
    ("run", "idle", "run"),
)


@st.composite
def structures(draw: st.DrawFn) -> Structure:
    """Draw a script but for its numbers."""
    n_groups = draw(st.integers(1, 3))
    n_generators = draw(st.integers(0, 1))
    wired = draw(wires(n_groups, n_generators, most=3))
    stimuli = tuple(draw(st.lists(st.sampled_from(["stimulus", "field"]), max_size=2, unique=True)))
    groups: list[Neurons] = []
    constants = []
    for number in range(n_groups):
        needs = Needs(_must_spike(number, wired), _drives(number, wired), tuple(groups), stimuli)
        group, own = draw(neurons(number, needs))
        groups.append(group)
        constants += own
    generators = [draw(_generator(k, n_groups)) for k in range(n_generators)]
    ends = [*groups, *generators]
    connected = tuple(draw(connections(wire, ends, groups[wire.target])) for wire in wired)
    return Structure(
        neurons=tuple(groups),
        generators=tuple(generators),
        connections=connected,
        monitors=_monitors(draw, ends, connected),
        constants=tuple(constants),
        stimuli=stimuli,
        dt_us=draw(st.sampled_from([100, 100, 50, 125])),
        schedule=draw(st.sampled_from([None, None, *SCHEDULES])),
        phases=draw(st.sampled_from(PHASES)),
    )


def _must_spike(number: int, wired: Sequence[Wire]) -> bool:
    sends = {w.source for w in wired if w.kind in ("on_pre", "stdp", "stp", "clocked")}
    receives = {w.target for w in wired if w.kind in ("on_post", "stdp")}
    return number in sends | receives


def _drives(number: int, wired: Sequence[Wire]) -> tuple[str, ...]:
    return tuple(w.drive for w in wired if w.target == number and w.drive)


@st.composite
def _generator(draw: st.DrawFn, k: int, number: int) -> Generator:
    return Generator(f"generator_{k}", number, draw(st.integers(0, 15)), draw(st.booleans()))


# --- monitors


def _monitors(
    draw: st.DrawFn,
    groups: Sequence[Neurons | Generator],
    connected: Sequence[Connection],
) -> tuple[Monitor, ...]:
    drawn = []
    for group in groups:
        if isinstance(group, Generator) or group.threshold:
            drawn += _spikes(draw, group)
        if isinstance(group, Neurons):
            drawn += _traces(draw, group)
    drawn += [m for one in connected for m in _synaptic(draw, one)]
    return tuple(drawn)


def _spikes(draw: st.DrawFn, group: Neurons | Generator) -> list[Monitor]:
    name, part = group.name, draw(st.sampled_from(group.parts))
    made = [Monitor("SpikeMonitor", f"spikes_{name}", End(name), record="all")]
    kind = draw(st.sampled_from([None, "counts", "rate", "variables", "part"]))
    if kind == "counts":
        made.append(Monitor("SpikeMonitor", f"counts_{name}", End(name), record="none"))
    elif kind == "rate":
        made.append(Monitor("PopulationRateMonitor", f"rate_{name}", End(name, part)))
    elif kind == "part":
        made.append(Monitor("SpikeMonitor", f"part_{name}", End(name, part), record="all"))
    elif kind == "variables" and isinstance(group, Neurons):
        own = (group.variables[0].name,)
        place = _place(draw)
        made.append(
            Monitor("SpikeMonitor", f"at_{name}", End(name), own, "all", None, None, *place)
        )
    return made


def _place(draw: st.DrawFn) -> tuple[str | None, int | None]:
    if draw(st.booleans()):
        return None, None
    return draw(st.sampled_from(SLOTS)), draw(st.sampled_from([None, -1, 1]))


def _traces(draw: st.DrawFn, group: Neurons) -> list[Monitor]:
    name = group.name
    made = []
    if draw(st.integers(0, 3)):
        names = [v.name for v in group.variables]
        names += [q.name for q in group.quantities if q.kind != "float"]
        # A subexpression as well, where there is one.
        names += [line.split()[0] for line in group.equations if line.startswith("s0 =")]
        chosen = draw(st.lists(st.sampled_from(names), min_size=1, max_size=4, unique=True))
        record = draw(st.sampled_from(["all", "some", "one"]))
        every = draw(st.sampled_from([None, None, 2, 5]))
        made.append(
            Monitor(
                "StateMonitor",
                f"trace_{name}",
                End(name, draw(st.sampled_from(group.parts))),
                tuple(chosen),
                record,
                None,
                every,
                *_place(draw),
            )  # fmt: skip
        )
    if group.events and draw(st.booleans()):
        own = (group.variables[-1].name,) * draw(st.integers(0, 1))
        made.append(Monitor("EventMonitor", f"events_{name}", End(name), own, "all", "custom"))
    return made


def _synaptic(draw: st.DrawFn, connection: Connection) -> list[Monitor]:
    if draw(st.booleans()):
        return []
    names = [q.name for q in connection.quantities if q.each]
    chosen = draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True))
    name = f"trace_{connection.name}"
    return [Monitor("StateMonitor", name, End(connection.name), tuple(chosen), "all")]
