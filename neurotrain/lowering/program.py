"""Program: a Brian2 network lowered to plain data that any execution can run."""

from dataclasses import asdict, dataclass
from hashlib import sha256
from json import dumps


@dataclass(frozen=True)
class Assignment:
    """One statement: ``target op expression``, in Brian2's expression language.

    `kind` ('float', 'integer' or 'boolean') is that of the target; `op` is
    ``:=`` where the target is declared.
    """

    target: str
    op: str
    expression: str
    kind: str


@dataclass(frozen=True)
class Code:
    """Statements in order: `scalar` ones once a step, `vector` ones for each neuron and trial."""

    scalar: tuple[Assignment, ...] = ()
    vector: tuple[Assignment, ...] = ()


@dataclass(frozen=True)
class Variable:
    """An array over neurons.

    `role` is 'state' (evolves), 'parameter' (read only), 'input' (set from the
    input channels) or 'coupled' (summed over synapses).
    """

    name: str
    kind: str
    role: str


@dataclass(frozen=True)
class Term:
    """One product in a summed variable: ``gain(post) * sum_j weight_ij * source(pre_j)``.

    `source` assigns ``_source`` from presynaptic variables; `gain` assigns
    ``_gain`` from postsynaptic ones and is None where there is no such factor;
    `weight` is an expression of synaptic variables; `synapses` says whose, by position.
    """

    synapses: int
    target: str
    weight: str
    source: Code
    gain: Code | None


@dataclass(frozen=True)
class Program:
    """One network for one trial, without its values.

    Parameters
    ----------
    constants : tuple of (str, str)
        Name and kind of every scalar whose value is given at run time.
    variables : tuple of Variable
        Every array over neurons that the statements read or write.
    update, threshold, reset : Code or None
        One step of the neurons; `threshold` assigns ``_cond``.
    uses_refractoriness : bool
        Whether a spike also sets ``lastspike`` and ``not_refractory``.
    terms : tuple of Term
        The dense coupling.
    observables : tuple of (str, Code)
        What may be averaged or traced; each assigns ``_observed``.
    keeps_coupled : bool
        Whether coupled variables keep their value from step to step, so that they can be
        observed and read at the end, as in Brian2.
    """

    constants: tuple[tuple[str, str], ...]
    variables: tuple[Variable, ...]
    update: Code
    threshold: Code | None
    reset: Code | None
    uses_refractoriness: bool
    terms: tuple[Term, ...]
    observables: tuple[tuple[str, Code], ...]
    keeps_coupled: bool = False

    def names(self, role: str) -> tuple[str, ...]:
        """Names of the variables of one role, in order."""
        return tuple(v.name for v in self.variables if v.role == role)

    @property
    def fingerprint(self) -> str:
        """A digest of the structure, the same in every process."""
        return sha256(dumps(asdict(self)).encode()).hexdigest()
