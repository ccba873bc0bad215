"""One piece of code as C++, for one element and one vector of trials."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from brian2.utils.stringtools import get_identifiers

from neurotrain.executions.fused.render import Renderer
from neurotrain.executions.fused.schedule import written
from neurotrain.executions.fused.sharing import share
from neurotrain.lowering.program import (
    FIRST,
    OWN,
    RANDOM,
    Assignment,
    Code,
    Program,
    Reference,
)

TYPES = {"float": ("T", "V"), "integer": ("I", "VI"), "boolean": ("I", "VI")}


@dataclass
class Block:
    """The lines of one piece of code.

    Parameters
    ----------
    before : list of str
        Once a step.
    by_trial : list of str
        Once a step for each vector of trials: what depends on shared variables.
    lines : list of str
        For every element and vector of trials.
    loads, stores : dict
        The references to arrays of what the lines read and write, by their C++ name.
    """

    before: list[str] = field(default_factory=list)
    by_trial: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    loads: dict[str, Reference] = field(default_factory=dict)
    stores: dict[str, Reference] = field(default_factory=dict)

    @property
    def body(self) -> list[str]:
        """All that is done for an element, in braces, so that its names stay its own."""
        lines = [*self.by_trial, *self.lines]
        return ["{", *(f"  {line}" for line in lines), "}"] if lines else []

    @property
    def stores_shared(self) -> bool:
        """Whether the lines by trial change shared variables."""
        return any(reference.index == FIRST for reference in self.stores.values())


class Blocks:
    """Renders the code of one program.

    `invariants` collects what can be computed before the first step.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.arrays = {array.symbol: array for array in program.arrays}
        self.constants = dict(program.constants)
        self.functions = {one.symbol: one for one in program.functions}
        self.invariants: list[str] = []
        self.n = 0
        self.sites = 0

    def name(self, reference: Reference) -> str:
        """Return the C++ name of what a reference stands for."""
        if "@" in reference.symbol:
            return reference.symbol.replace("@", "_")
        if reference.symbol in self.constants:
            return f"c_{reference.symbol}"
        if reference.index in (OWN, FIRST):
            return f"x_{reference.symbol}"
        return f"x_{reference.symbol}_at_{reference.index}"

    def kind(self, reference: Reference) -> str:
        """Return the kind of what a reference stands for."""
        if "@" in reference.symbol:
            return "integer" if reference.symbol.startswith("step") else "float"
        if reference.symbol in self.constants:
            return self.constants[reference.symbol]
        return self.arrays[reference.symbol].kind

    def site(self) -> int:
        """Return a number that no other call of a random function has."""
        self.sites += 1
        return self.sites

    def render(self, code: Code, mask: str = "", last: str = "", one_lane: bool = False) -> Block:
        """Render a piece of code.

        Parameters
        ----------
        code : Code
        mask : str
            The trials on which anything is written; empty for all.
        last : str
            A line that ends the block, in which ``{name}`` stands for what the code calls so.
        one_lane : bool
            Whether the code is the same for all trials, such as weights.
        """
        self.n += 1
        return _Rendering(self, code, mask, last, one_lane, self.n).block


class _Rendering:
    def __init__(
        self, blocks: Blocks, code: Code, mask: str, last: str, one_lane: bool, number: int
    ) -> None:
        self.blocks, self.mask, self.one_lane, self.number = blocks, mask, one_lane, number
        self.block = Block()
        self.declared: set[str] = set()
        self.n_shared = 0
        self.references = {r.name: r for r in code.references}
        values = {n: r for n, r in self.references.items() if "@" in r.symbol or self._is_value(r)}
        self.names = {name: blocks.name(reference) for name, reference in values.items()}
        self.arrays = {n: r for n, r in values.items() if r.symbol in blocks.arrays}
        self.renderer = Renderer(
            {name: blocks.kind(reference) for name, reference in values.items()},
            {name for name in values if name not in self.arrays},
            self._functions(),
            blocks.site,
        )
        self._note_arrays(code)
        self._scalars(code.scalar)
        self._vectors(self._shared(code))
        if last:
            self.block.lines.append(self._renamed(last))

    def _is_value(self, reference: Reference) -> bool:
        return reference.symbol in self.blocks.constants or reference.symbol in self.blocks.arrays

    def _functions(self) -> dict[str, tuple[str, str]]:
        """Return C++ name and kind of every function that the code calls by its name there."""
        found = {}
        for name, reference in self.references.items():
            if reference.symbol.startswith("t@"):
                found[f"{name} exactly"] = (reference.symbol.replace("t@", "time_"), "time")
            if "@" in reference.symbol or self._is_value(reference):
                continue
            own = self.blocks.functions.get(reference.symbol)
            found[name] = (reference.symbol, own.kind if own else "standard")
        return found

    def _shared(self, code: Code) -> list[Assignment]:
        """Return the vector statements with what they have in common done once."""
        lines, straight = [], []
        for one in (*code.vector, None):
            if one and not one.cases:
                straight.append(one)
                continue
            lines += share(straight, self._unique, code.scalar)
            straight = []
            lines += [one] if one else []
        return lines

    def _unique(self, stem: str) -> str:
        self.n_shared += 1
        return f"{stem}_{self.n_shared}"

    def _note_arrays(self, code: Code) -> None:
        targets = set(written(code))
        used = targets.copy()
        for one in (*code.scalar, *code.vector):
            used |= get_identifiers(one.expression)
        for name in sorted(used & set(self.arrays)):
            reference = self.arrays[name]
            self.block.loads[self.names[name]] = reference
            if name in targets:
                self.block.stores[self.names[name]] = reference
                condition = self._condition(reference)
                if condition:
                    self.block.loads[self.blocks.name(condition)] = condition

    @staticmethod
    def _condition(reference: Reference) -> Reference | None:
        if not reference.condition:
            return None
        return Reference(reference.condition, reference.condition, reference.index)

    def _scalars(self, assignments: Iterable[Assignment]) -> None:
        shared = {name for name in self.arrays if not self.one_lane}
        random = {n for n, (symbol, kind) in self._functions().items() if _is_random(symbol, kind)}
        by_trial, moving = shared | random, {n for n, r in self.references.items() if _moves(r)}
        for one in assignments:
            identifiers = get_identifiers(one.expression) | {one.target}
            self._declare(one, scalar=not identifiers & by_trial)
            if identifiers & by_trial:
                by_trial.add(one.target)
                self.block.by_trial.append(self._vector(one, "0"))
                continue
            kind = TYPES[one.kind][0]
            value = self.renderer.render(one.expression, one.kind)
            line = self._renamed(f"const {kind} x_{one.target} = {value};")
            if identifiers & moving:
                moving.add(one.target)
                self.block.before.append(line)
            else:
                self.blocks.invariants.append(f"{line} (void){self.names[one.target]};")

    def _declare(self, one: Assignment, scalar: bool) -> None:
        if one.target not in self.arrays:
            self.names.setdefault(one.target, f"y{self.number}_{one.target}")
            self.renderer.declare(one, scalar)

    def _vectors(self, assignments: Iterable[Assignment]) -> None:
        for one in assignments:
            self._declare(one, scalar=self.one_lane)
            self.block.lines.append(self._vector(one))

    def _vector(self, one: Assignment, element: str = "i") -> str:
        self.renderer.element = element
        value = self._value(one)
        scalar, vector = TYPES[one.kind]
        wrapped = value if self.one_lane else f"vec({value})"
        if one.target not in self.arrays and one.target not in self.declared:
            self.declared.add(one.target)
            kind = scalar if self.one_lane else vector
            return self._renamed(f"{kind} x_{one.target} = {wrapped};")
        mask, name, wrapped = self._mask(one.target), self.names[one.target], self._renamed(wrapped)
        return f"{name} = choose({mask}, {wrapped}, {name});" if mask else f"{name} = {wrapped};"

    def _value(self, one: Assignment) -> str:
        if one.cases and not self.one_lane:
            name, *values = one.cases
            true, false = (f"vec({self.renderer.render(value, one.kind)})" for value in values)
            return f"choose(vec({self.renderer.render(name, 'boolean')}), {true}, {false})"
        expression = one.expression
        if one.op not in ("=", ":="):
            expression = f"{one.target} {one.op[:-1]} ({expression})"
        return self.renderer.render(expression, one.kind)

    def _mask(self, target: str) -> str:
        if target not in self.arrays:
            return ""
        condition = self._condition(self.arrays[target])
        parts = [self.mask, self.blocks.name(condition) if condition else ""]
        return " & ".join(filter(None, parts))

    def _renamed(self, line: str) -> str:
        # All at once: the new name of one variable may be the old name of another.
        return re.sub(r"\bx_(\w+)", lambda found: self.names.get(found[1], found[0]), line)


def real_of(code: Code, name: str) -> str:
    """Return what the code assigns to a name as real numbers; truth values as 0 and 1."""
    kinds = {one.target: one.kind for one in (*code.scalar, *code.vector)}
    return f"real(x_{name}{' & I(1)' if kinds[name] == 'boolean' else ''})"


def _moves(reference: Reference) -> bool:
    return "@" in reference.symbol and not reference.symbol.startswith("dt")


def _is_random(symbol: str, kind: str) -> bool:
    return symbol in RANDOM or kind == "binomial"
