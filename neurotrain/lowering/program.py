"""Program: a Brian2 network lowered to plain data that any execution can run."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from json import dumps

OWN, FIRST = "own", "first"
RANDOM = {"rand", "randn", "poisson"}


@dataclass(frozen=True)
class Assignment:
    """One statement: ``target op expression``, in Brian2's expression language.

    `kind` ('float', 'integer' or 'boolean') is that of the target; `op` is
    ``:=`` where the target is declared. Where it is cheaper, `cases` has the name of a truth
    value and the expressions for true and for false, which give the same.
    """

    target: str
    op: str
    expression: str
    kind: str
    cases: tuple[str, str, str] | None = None


@dataclass(frozen=True)
class Reference:
    """What a name in a piece of code stands for.

    Parameters
    ----------
    name : str
    symbol : str
        Of an array, constant, function or clock value of the program.
    index : str
        How an element of an array is found: 'own' for that of the element at hand, 'first' for
        the only one of a shared variable, or the symbol of an array of positions. Empty for all
        but arrays.
    condition : str
        The truth value without which nothing is written, or empty. ``(unless refractory)``.
    """

    name: str
    symbol: str
    index: str = ""
    condition: str = ""


@dataclass(frozen=True)
class Code:
    """Statements in order: `scalar` ones once a step, `vector` ones for each element and trial."""

    scalar: tuple[Assignment, ...] = ()
    vector: tuple[Assignment, ...] = ()
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True)
class Array:
    """One number for each element of a Brian2 object.

    `role` is 'state' (changes in time, one for each trial), 'input' (set from the input
    channels), 'parameter' (a real number or truth value that does not change) or 'index'
    (whole numbers that do not change). `shared` ones have one element. `owner` tells apart the
    objects that arrays belong to.
    """

    symbol: str
    kind: str
    role: str
    owner: int
    shared: bool = False


@dataclass(frozen=True)
class Function:
    """A function that belongs to the network.

    `kind` is 'table' (a TimedArray of `columns`, 0 for one dimension), 'binomial' (a
    distribution given by its cumulative probabilities) or 'user' (C++ `code` of the user's).
    """

    symbol: str
    kind: str
    columns: bool = False
    code: str = ""


@dataclass(frozen=True)
class Event:
    """Something that happens to single elements of `owner`, such as a spike."""

    symbol: str
    owner: int


@dataclass(frozen=True)
class Update:
    """Code for every element of `owner`."""

    owner: int
    code: Code
    clock: int


@dataclass(frozen=True)
class Threshold:
    """Where ``_cond`` holds, the event happens; `refractory` symbols are then set."""

    owner: int
    code: Code
    clock: int
    event: str
    refractory: tuple[str, str] | None


@dataclass(frozen=True)
class Generator:
    """Events at given steps."""

    owner: int
    clock: int
    event: str


@dataclass(frozen=True)
class Reaction:
    """Code for every element that the event has just happened to."""

    owner: int
    code: Code
    clock: int
    event: str


@dataclass(frozen=True)
class Propagation:
    """Code for every synapse that an event reaches after its delay."""

    owner: int
    code: Code
    clock: int
    event: str
    queue: int


@dataclass(frozen=True)
class Term:
    """One product in a summed variable: ``gain(post) * sum_j weight_ij * source(pre_j)``.

    `source` assigns ``_source`` for a presynaptic element; `gain` assigns ``_gain`` for a
    postsynaptic one and is None where there is no such factor; `weight` assigns ``_weight`` for
    a synapse.
    """

    source: Code
    weight: Code
    gain: Code | None


@dataclass(frozen=True)
class Sum:
    """A summed variable `target` of the object `post`, over the synapses of `owner`.

    A sum of `terms` over sources in the object `pre`, in one of the `layout`s 'dense' (a matrix
    product) and 'sparse' (compressed rows); or, without terms, of whatever `code` assigns to
    ``_synaptic_var`` for each synapse. `table` is the position of its connections; `whole` says
    whether all of `post` is summed, or a part.
    """

    owner: int
    clock: int
    target: str
    table: int
    pre: int
    post: int
    whole: bool
    layout: str
    terms: tuple[Term, ...] = ()
    code: Code | None = None


@dataclass(frozen=True)
class Log:
    """Note every event of a range of elements, and what `code` assigns to ``_to_record_*``."""

    owner: int
    code: Code
    clock: int
    event: str
    log: int
    values: tuple[str, ...]


@dataclass(frozen=True)
class Sample:
    """Note what `code` assigns to ``_to_record_*`` for chosen elements of `owner`."""

    owner: int
    code: Code
    clock: int
    sample: int
    values: tuple[str, ...]


Operation = Update | Threshold | Generator | Reaction | Propagation | Sum | Log | Sample


@dataclass(frozen=True)
class Program:
    """One network for one trial, without its values.

    Parameters
    ----------
    constants : tuple of (str, str)
        Symbol and kind of every scalar whose value is given at run time.
    arrays : tuple of Array
    functions : tuple of Function
    events : tuple of Event
    operations : tuple of Operation
        What happens in a step, in Brian2's order.
    n_clocks, n_owners, n_queues, n_tables, n_logs, n_samples : int
        How many of each there are.
    inputs : tuple of str
        Symbols of the arrays that the input channels set at the beginning of a step.
    counted : str
        Symbol of the event that is counted in bins, or empty.
    averaged : int
        Which sample is averaged too, or -1.
    """

    constants: tuple[tuple[str, str], ...]
    arrays: tuple[Array, ...]
    functions: tuple[Function, ...]
    events: tuple[Event, ...]
    operations: tuple[Operation, ...]
    n_clocks: int
    n_owners: int
    n_queues: int
    n_tables: int
    n_logs: int
    n_samples: int
    inputs: tuple[str, ...] = ()
    counted: str = ""
    averaged: int = -1

    def symbols(self, *roles: str) -> tuple[str, ...]:
        """Symbols of the arrays of these roles, in order."""
        return tuple(array.symbol for array in self.arrays if array.role in roles)

    @property
    def is_stochastic(self) -> bool:
        """Whether random numbers are drawn."""
        used = {r.symbol for one in self.operations for r in _references(one)}
        binomial = {one.symbol for one in self.functions if one.kind == "binomial"}
        return bool(used & (RANDOM | binomial))

    @property
    def fingerprint(self) -> str:
        """A digest of the structure, the same in every process."""
        named = [(type(one).__name__, asdict(one)) for one in self.operations]
        return sha256(dumps([asdict(self), named]).encode()).hexdigest()


def _references(operation: Operation) -> Iterator[Reference]:
    codes = [getattr(operation, "code", None)]
    for term in getattr(operation, "terms", ()):
        codes += [term.source, term.weight, term.gain]
    for code in codes:
        yield from code.references if code else ()
