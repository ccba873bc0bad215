"""What a drawn script consists of, as plain data; `script` writes it down.

Strings are Brian2's own: equations, statements, conditions. Numbers are `Quantity`s, so that one
structure serves for many sizes and values.
"""

from dataclasses import dataclass

from .values import Quantity


@dataclass(frozen=True)
class Variable:
    """A variable of a group: its name and the unit in which it is of order 1."""

    name: str
    unit: str = ""
    kind: str = "float"

    def ref(self, suffix: str = "") -> str:
        """Return an expression without a unit for it, as in `(v_pre/mV)`."""
        name = f"{self.name}{suffix}"
        if self.kind == "boolean":
            return f"int({name})"
        return f"({name}/{self.unit})" if self.unit else name

    def times_unit(self, expression: str) -> str:
        """Return an expression in the variable's unit."""
        return f"({expression})*{self.unit}" if self.unit else f"({expression})"


# Parts of a group that synapses and monitors see; most often all of it.
PARTS = ("all", "all", "all", "head", "tail")


@dataclass(frozen=True)
class Code:
    """Statements that run on their own: at an event or every so many steps."""

    statements: str
    event: str | None = None
    every: int | None = None
    when: str | None = None
    order: int | None = None


@dataclass(frozen=True)
class Link:
    """A variable that is another group's, by position or by drawn indices."""

    name: str
    source: str
    variable: str
    indexed: bool


@dataclass(frozen=True)
class Neurons:
    """A NeuronGroup; `number` says which of the drawn sizes it has."""

    name: str
    number: int
    equations: tuple[str, ...]
    quantities: tuple[Quantity, ...] = ()
    variables: tuple[Variable, ...] = ()
    method: str | None = "euler"
    threshold: str | None = None
    reset: str | None = None
    refractory: str | Quantity | None = None
    events: tuple[tuple[str, str], ...] = ()
    event_slots: tuple[tuple[str, str, int], ...] = ()
    code: tuple[Code, ...] = ()
    links: tuple[Link, ...] = ()
    order: int = 0
    every: int | None = None
    own_constants: tuple[Quantity, ...] = ()

    @property
    def parts(self) -> tuple[str, ...]:
        """Return what of the group may be used; Brian2 knows no parts of linked variables."""
        return PARTS[:1] if self.links else PARTS


@dataclass(frozen=True)
class Generator:
    """A SpikeGeneratorGroup."""

    name: str
    number: int
    spikes: int
    repeats: bool
    parts: tuple[str, ...] = PARTS[:1]


@dataclass(frozen=True)
class End:
    """One end of a connection: a group, its first half or its second."""

    name: str
    part: str = "all"


@dataclass(frozen=True)
class Pathway:
    """Statements at an event of one end; `delay` is None, "constant", "each" or "argument"."""

    name: str
    end: str
    statements: str
    delay: str | None = None
    when: str | None = None
    order: int | None = None


@dataclass(frozen=True)
class Connection:
    """Synapses; `number` says which of the drawn connectivities they have."""

    name: str
    number: int
    kind: str
    source: End
    target: End
    model: tuple[str, ...]
    quantities: tuple[Quantity, ...] = ()
    pathways: tuple[Pathway, ...] = ()
    events: tuple[tuple[str, str], ...] = ()
    method: str | None = None
    order: int = 0
    code: tuple[Code, ...] = ()


@dataclass(frozen=True)
class Monitor:
    """A monitor of Brian2: its class, what it watches, and its further arguments as text.

    `record` is None where the class has none, or "all", "some", "one", "none".
    """

    kind: str
    name: str
    source: End
    variables: tuple[str, ...] = ()
    record: str | None = None
    event: str | None = None
    every: float | None = None
    when: str | None = None
    order: int | None = None


@dataclass(frozen=True)
class Structure:
    """A whole script but for its numbers.

    `phases` is a sequence of "run", "set", "store", "restore" and "idle", which lets the first
    connection or monitor rest.
    """

    neurons: tuple[Neurons, ...]
    generators: tuple[Generator, ...] = ()
    connections: tuple[Connection, ...] = ()
    monitors: tuple[Monitor, ...] = ()
    constants: tuple[Quantity, ...] = ()
    stimuli: tuple[str, ...] = ()
    dt_us: int = 100
    schedule: tuple[str, ...] | None = None
    phases: tuple[str, ...] = ("run",)
