"""A structure and its values as the Brian2 script that a person would write."""

from collections.abc import Iterator

from .cases import Code, Connection, End, Generator, Monitor, Neurons, Pathway, Structure
from .values import LARGEST, Quantity, Values, array

CONNECT = {
    "all": "",
    "others": "condition='i != j'",
    "neighbor": "j='(i + 1) % N_post'",
    "range": "j='k for k in range(i % 2, N_post, 2)'",
    "odd": "j='k for k in range(N_post) if (i + k) % 3 != 1'",
    "sample": "j='k for k in sample(N_post, p=0.5)'",
    "probability": "p=0.4",
    "none": "condition='i > 100'",
}
SQUASH = """@implementation('cpp', 'double squash(double x) { return x/(1 + fabs(x)); }')
@check_units(x=1, result=1)
def squash(x):
    return x/(1 + abs(x))"""
PAIRS = 7
PER_SYNAPSE = 5


def write(structure: Structure, values: Values) -> str:
    """Return the script, up to its last run; it leaves its Network in `network`."""
    script = "\n".join(_Script(structure, values).lines())
    return f"{SQUASH}\n{script}" if "squash" in script else script


class _Script:
    def __init__(self, structure: Structure, values: Values) -> None:
        self.structure, self.values = structure, values
        self.sizes = {g.name: values.sizes[g.number] for g in structure.neurons}
        self.sizes |= {g.name: values.sizes[g.number] for g in structure.generators}

    def lines(self) -> Iterator[str]:
        structure = self.structure
        yield f"defaultclock.dt = {structure.dt_us}*us"
        yield "seed(1)"
        for one in structure.constants:
            yield f"{one.name} = {self.values.literal('constants', one)}"
        for name in structure.stimuli:
            yield self._stimulus(name)
        for group in structure.neurons:
            yield from self._neurons(group)
        for generator in structure.generators:
            yield self._generator(generator)
        for connection in structure.connections:
            yield from self._connection(connection)
        for monitor in structure.monitors:
            yield self._monitor(monitor)
        parts = (structure.neurons, structure.generators, structure.connections, structure.monitors)
        names = ", ".join(one.name for part in parts for one in part)
        yield f"network = Network({names})"
        if structure.schedule:
            yield f"network.schedule = {list(structure.schedule)}"
        yield from self._phases()

    def _steps(self, steps: float) -> str:
        return f"{round(steps * self.structure.dt_us, 3):g}*us"

    # --- inputs and groups

    def _stimulus(self, name: str) -> str:
        rng = self.values.stream("stimuli", name)
        dt = self._steps([1, 3, 2.5, 7][rng.integers(4)])
        rows = rng.uniform(-1, 1, (8, LARGEST)).round(2).tolist()
        table = rows if name == "field" else [row[0] for row in rows]
        return f"{name} = TimedArray({table}, dt={dt})"

    def _neurons(self, group: Neurons) -> Iterator[str]:
        equations = "\n    ".join(group.equations)
        options = {name: getattr(group, name) for name in ("threshold", "reset", "method")}
        options["events"] = dict(group.events) or None
        options["order"] = group.order or None
        text = [f"{name}={value!r}" for name, value in options.items() if value is not None]
        text += self._refractory(group)
        text += [f"dt={self._steps(group.every)}"] if group.every else []
        if group.own_constants:
            own = (f"{c.name!r}: {self.values.literal(group.name, c)}" for c in group.own_constants)
            shared = [*self.structure.stimuli, *["squash"] * ("squash" in repr(group))]
            text.append(f"namespace={{{', '.join([*own, *(f'{n!r}: {n}' for n in shared)])}}}")
        n = self.sizes[group.name]
        text.append(f"name={group.name!r}")
        arguments = f"{n}, '''\n    {equations}\n    ''',\n    {', '.join(text)}"
        yield f"{group.name} = NeuronGroup({arguments})"
        yield from self._settings(group.name, group.quantities, n)
        for link in group.links:
            yield self._link(group, link)
        for event, when, order in group.event_slots:
            yield f"{group.name}.set_event_schedule({event!r}, when={when!r}, order={order})"
        for code in group.code:
            yield self._code(group.name, code)

    def _refractory(self, group: Neurons) -> list[str]:
        given = group.refractory
        if isinstance(given, Quantity):
            return [f"refractory={self.values.literal(group.name, given)}"]
        return [f"refractory={given!r}"] if given else []

    def _settings(self, owner: str, quantities: tuple[Quantity, ...], n: int) -> Iterator[str]:
        for one in quantities:
            yield f"{owner}.{one.name} = {self.values.literal(owner, one, n)}"

    def _link(self, group: Neurons, link: object) -> str:
        n, below = self.sizes[group.name], self.sizes[link.source]
        index = ""
        if link.indexed or n != below:
            index = f", index={self.values.indices(f'{group.name}.{link.name}', n, below)}"
        return f"{group.name}.{link.name} = linked_var({link.source}, {link.variable!r}{index})"

    def _code(self, owner: str, code: Code) -> str:
        place = [f", {n}={getattr(code, n)!r}" for n in ("when", "order") if getattr(code, n)]
        if code.event:
            call = f"run_on_event({code.event!r}, {code.statements!r}"
        else:
            every = f", dt={self._steps(code.every)}" if code.every else ""
            call = f"run_regularly({code.statements!r}{every}"
        return f"{owner}.{call}{''.join(place)})"

    def _generator(self, generator: Generator) -> str:
        indices, times, period = self._spikes(generator, generator.name)
        n = self.sizes[generator.name]
        return (
            f"{generator.name} = SpikeGeneratorGroup({n}, {indices}, {times}{period}, "
            f"name={generator.name!r})"
        )

    def _new_spikes(self, generator: Generator) -> str:
        indices, times, period = self._spikes(generator, f"{generator.name} again")
        return f"{generator.name}.set_spikes({indices}, {times}{period})"

    def _spikes(self, generator: Generator, stream: str) -> tuple[list[int], str, str]:
        rng = self.values.stream(stream)
        last = 30 if generator.repeats else 70
        neurons = rng.integers(0, self.sizes[generator.name], generator.spikes)
        spikes = sorted({(int(rng.integers(last)), int(i)) for i in neurons})
        times = [round(step * self.structure.dt_us, 3) for step, _ in spikes]
        period = f", period={self._steps(last + 1)}" if generator.repeats else ""
        return [i for _, i in spikes], f"{array(times)}*us", period

    # --- synapses

    def _end(self, end: End) -> str:
        if end.name not in self.sizes:
            return end.name
        half = self.sizes[end.name] // 2
        part = {"all": "", "head": f"[:{half or 1}]", "tail": f"[{half}:]"}[end.part]
        return f"{end.name}{part}"

    def _size(self, end: End) -> int:
        n = self.sizes[end.name]
        return {"all": n, "head": n // 2 or 1, "tail": n - n // 2}[end.part]

    def _connection(self, connection: Connection) -> Iterator[str]:
        model = "\n    ".join(connection.model)
        options = [f"on_{end}={code}" for end, code in self._events(connection)]
        if connection.events:
            options.append(f"on_event={dict(connection.events)!r}")
        options += [f"delay={self._delay_argument(connection)}"] * self._has_argument(connection)
        for name in ("method", "order"):
            value = getattr(connection, name)
            options += [f"{name}={value!r}"] if value else []
        name = connection.name
        yield (
            f"{name} = Synapses({self._end(connection.source)}, {self._end(connection.target)}, "
            f"'''\n    {model}\n    ''',\n    {', '.join([*options, f'name={name!r}'])})"
        )
        yield f"{name}.connect({self._connect(connection)})"
        for one in connection.quantities:
            value = self.values.literal(name, one, PER_SYNAPSE)
            yield (
                self._per_synapse(f"{name}.{one.name}", value)
                if one.each
                else (f"{name}.{one.name} = {value}")
            )
        for pathway in connection.pathways:
            yield from self._pathway(connection, pathway)
        for code in connection.code:
            yield self._code(name, code)

    @staticmethod
    def _per_synapse(target: str, literal: str) -> str:
        numbers, _, unit = literal.partition("*")
        owner = target.partition(".")[0]
        return f"{target} = resize({numbers}, len({owner}))" + (f"*{unit}" if unit else "")

    @staticmethod
    def _events(connection: Connection) -> Iterator[tuple[str, str]]:
        for end in ("pre", "post"):
            own = {p.name: p.statements for p in connection.pathways if p.end == end}
            if own:
                yield end, repr(own[end] if list(own) == [end] else own)

    @staticmethod
    def _has_argument(connection: Connection) -> bool:
        return any(p.delay == "argument" for p in connection.pathways)

    def _delay_argument(self, connection: Connection) -> str:
        own = [p for p in connection.pathways if p.delay == "argument"]
        texts = {p.name: self._steps(self._delays(connection, p)[0]) for p in own}
        if list(texts) == ["pre"]:
            return texts["pre"]
        return f"{{{', '.join(f'{name!r}: {text}' for name, text in texts.items())}}}"

    def _delays(self, connection: Connection, pathway: Pathway) -> list[float]:
        rng = self.values.stream(connection.name, pathway.name, "delay")
        return rng.uniform(0, 8, PER_SYNAPSE).round(1).tolist()

    def _pathway(self, connection: Connection, pathway: Pathway) -> Iterator[str]:
        target = f"{connection.name}.{pathway.name}"
        delays = self._delays(connection, pathway)
        if pathway.delay == "constant":
            yield f"{target}.delay = {self._steps(delays[0])}"
        elif pathway.delay == "each":
            microseconds = array([round(d * self.structure.dt_us, 3) for d in delays])
            yield f"{target}.delay = resize({microseconds}, len({connection.name}))*us"
        for name in ("when", "order"):
            if getattr(pathway, name) is not None:
                yield f"{target}.{name} = {getattr(pathway, name)!r}"

    def _connect(self, connection: Connection) -> str:
        kind = self.values.connectivity[connection.number]
        if kind in CONNECT:
            return CONNECT[kind]
        rng = self.values.stream(connection.name, "pairs")
        pairs = zip(
            rng.integers(0, self._size(connection.source), PAIRS).tolist(),
            rng.integers(0, self._size(connection.target), PAIRS).tolist(),
            strict=True,
        )
        pairs = list(pairs) if kind == "several" else sorted(set(pairs))
        text = f"i={[i for i, _ in pairs]}, j={[j for _, j in pairs]}"
        return f"{text}, n=2" if kind == "several" else text

    # --- monitors and runs

    def _monitor(self, monitor: Monitor) -> str:
        arguments = [self._end(monitor.source)]
        if monitor.event:
            arguments.append(repr(monitor.event))
        if monitor.variables:
            arguments.append(repr(list(monitor.variables)))
        if monitor.record:
            arguments.append(f"record={self._record(monitor)}")
        if monitor.every:
            arguments.append(f"dt={self._steps(monitor.every)}")
        for name in ("when", "order"):
            if getattr(monitor, name) is not None:
                arguments.append(f"{name}={getattr(monitor, name)!r}")
        return f"{monitor.name} = {monitor.kind}({', '.join(arguments)}, name={monitor.name!r})"

    def _record(self, monitor: Monitor) -> str:
        if monitor.source.name not in self.sizes:
            return "True"
        n = self._size(monitor.source)
        some = sorted(set(self.values.indices(monitor.name, 3, n)))
        return {"all": "True", "none": "False", "one": str(some[0]), "some": str(some)}[
            monitor.record
        ]

    def _phases(self) -> Iterator[str]:
        runs = iter(self.values.steps)
        for phase in self.structure.phases:
            if phase == "run":
                yield f"network.run({self._steps(next(runs))})"
            elif phase == "set":
                yield from self._changes()
            elif phase == "idle":
                resting = (*self.structure.connections, *self.structure.monitors)[:1]
                yield from (f"{one.name}.active = False" for one in resting)
            else:
                yield f"network.{phase}()"

    def _changes(self) -> Iterator[str]:
        """Set anew what users set between runs: the first variable of each, and weights."""
        for group in self.structure.neurons:
            for one in group.quantities[:1]:
                value = self.values.literal(f"{group.name} again", one, self.sizes[group.name])
                yield f"{group.name}.{one.name} = {value}"
        for generator in self.structure.generators:
            yield self._new_spikes(generator)
        for connection in self.structure.connections:
            for one in connection.quantities[:1]:
                value = self.values.literal(f"{connection.name} again", one, PER_SYNAPSE)
                yield self._per_synapse(f"{connection.name}.{one.name}", value)
