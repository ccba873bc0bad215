"""The lines of C++ of one step: sources, matrix products, then all else, and back again."""

from collections.abc import Iterator
from dataclasses import dataclass

from neurotrain.executions.torch.adjoints import Elementwise
from neurotrain.executions.torch.emission import Loops
from neurotrain.executions.torch.expressions import CLOCK, FIXED, STEP
from neurotrain.executions.torch.source import StepSource
from neurotrain.lowering.program import Program

_LEAVES = ("state", "input", "past", "clock")


@dataclass(frozen=True)
class Slot:
    """What goes from step to step: ('state', symbol) or ('past', event, ticks back)."""

    name: tuple
    owner: int


@dataclass(frozen=True)
class Product:
    """A matrix product: its node, its matrix, and the objects of sources and targets."""

    node: int
    source: int
    matrix: int
    pre: int
    post: int


class KernelLines:
    """Writes what a step does, forth and back, around the loops.

    Attributes
    ----------
    slots : list of Slot
    products : list of Product
    fixed : list of (int, int)
        What is the same in all steps: a node, for the elements of an object.
    """

    def __init__(self, step: StepSource, program: Program, depths: dict[str, int]) -> None:
        self.step, self.program, self.graph = step, program, step.graph
        self.order = self.graph.reachable(step.roots)
        self.owners = {a.symbol: a.owner for a in program.arrays}
        self.owners |= {event.symbol: event.owner for event in program.events}
        n, m = len(step.states), len(step.events)
        self.states = dict(zip(step.states, step.roots[:n], strict=True))
        self.events = dict(zip(step.events, step.roots[n : n + m], strict=True))
        self.records = dict(zip(step.records, step.roots[n + m :], strict=True))
        states = [("state", a.symbol) for a in program.arrays if a.role == "state"]
        past = [("past", e, k) for e, depth in depths.items() for k in range(1, depth + 1)]
        self.slots = [Slot(name, self.owners[name[1]]) for name in (*states, *past)]
        self.products = [self._product(k) for k in self.order if self._op(k) == "matmul"]
        self.fixed: list[tuple[int, int]] = []
        elementwise = Elementwise(self.graph, [], {})
        self.loops = Loops(self.graph, elementwise, self._address, self._gradient)

    def _op(self, number: int) -> str:
        return self.graph.nodes[number].op

    def _product(self, number: int) -> Product:
        node = self.graph.nodes[number]
        source, matrix = node.args
        return Product(number, source, matrix, self._owner(source), node.data)

    def _owner(self, number: int) -> int:
        """Return the object whose elements a node belongs to, -1 for numbers."""
        node = self.graph.nodes[number]
        if node.op == "matmul":
            return node.data
        if node.op == "leaf":
            return self.owners.get(node.data[1], -1)
        return max((self._owner(k) for k in node.args), default=-1)

    def is_covered(self) -> bool:
        """Return whether everything has a counterpart in C++."""
        for number in self.order:
            node = self.graph.nodes[number]
            if self.graph.stages[number] == STEP and node.op != "matmul":
                known = node.data[0] in _LEAVES if node.op == "leaf" else (
                    self.loops.writer.covers(number)
                )  # fmt: skip
                if not known:
                    return False
        changing = (a for a in self.program.arrays if a.role in ("state", "input"))
        return self.program.n_clocks == 1 and not any(a.shared for a in changing)

    # --- addresses

    def _slot(self, name: tuple) -> int:
        return next(k for k, slot in enumerate(self.slots) if slot.name == name)

    def _product_at(self, number: int) -> int:
        """Return the offset after the slots of a product's result; its sources lie before."""
        found = next(k for k, one in enumerate(self.products) if one.node == number)
        return len(self.slots) + 2 * found + 1

    def _address(self, number: int, owner: int) -> str:
        node, stage = self.graph.nodes[number], self.graph.stages[number]
        if stage == CLOCK:
            place = f"step * {len(self.step.times)} + {self.step.times.index(number)}"
            return f"vec(T(run.clocks[{place}]))"
        if stage == FIXED:
            k = self._fixed_at(number, owner)
            return f"run.fixed[{k}] + p * run.fixed_by_candidate[{k}] + v"
        if node.op == "leaf" and node.data[0] == "input":
            return "inputs + at"
        return f"old + run.offsets[{self._offset(number)}] + at"

    def _gradient(self, number: int, owner: int) -> str:
        node = self.graph.nodes[number]
        if self.graph.stages[number] == FIXED:
            k = self._fixed_at(number, owner)
            return f"run.fixed_gradients[{k}] + p * run.fixed_by_candidate[{k}] + v"
        if node.op == "leaf" and node.data[0] == "input":
            return "input_gradients + at"
        return f"to_old + run.offsets[{self._offset(number)}] + at"

    def _fixed_at(self, number: int, owner: int) -> int:
        if (number, owner) not in self.fixed:
            self.fixed.append((number, owner))
        return self.fixed.index((number, owner))

    def _offset(self, number: int) -> int:
        node = self.graph.nodes[number]
        if node.op == "matmul":
            return self._product_at(number)
        name = node.data[:2] if node.data[0] == "state" else node.data
        return self._slot(name)

    # --- lines

    def forward(self) -> Iterator[str]:
        """Yield what a step does."""
        yield from self._begin()
        for k, one in enumerate(self.products):
            at = len(self.slots) + 2 * k
            store = ("store", f"old + run.offsets[{at}] + at", one.source)
            yield from self.loops.forward(one.pre, [store])
            yield (
                f"multiply(n_trials, n_{one.post}, run.sizes[{one.pre}], old + run.offsets[{at}], "
                f"n_{one.pre}, 1, run.matrices[{k}] + p * run.matrices_by_candidate[{k}], "
                f"n_{one.post}, old + run.offsets[{at + 1}], n_{one.post}, false);"
            )
        yield from self._kept("memcpy((void *)(now + {0}), old + {0}, {1} * sizeof(T));")
        for owner, ends in self._ends("now").items():
            stores = [("store", address, number) for address, number in ends]
            stores += [("add_to", "counts + at", n) for n in self._counted(owner)]
            yield from self.loops.forward(owner, stores)
        for condition, how, address in self._recorded():
            stores = [(how, address.format(k), n) for k, n in enumerate(self.records.values())]
            yield f"if ({condition}) {{"
            yield from self.loops.forward(0, stores)
            yield "}"

    def backward(self) -> Iterator[str]:
        """Yield how the gradients of a step go back."""
        yield from self._begin()
        yield from self._kept(
            "for (int64_t i = 0; i < {1}; i++) to_old[{0} + i] = to_new[{0} + i];"
        )
        for owner, ends in self._ends("to_new").items():
            seeds = [(f"load({address})", number) for address, number in ends]
            seeds += [("load(counts + at)", n) for n in self._counted(owner)]
            yield from self.loops.backward(owner, seeds)
        for condition, _, address in self._recorded():
            seeds = [(f"load({address.format(k)})", n) for k, n in enumerate(self.records.values())]
            yield f"if ({condition}) {{"
            yield from self.loops.backward(0, seeds)
            yield "}"
        for k, one in reversed(list(enumerate(self.products))):
            at = len(self.slots) + 2 * k
            yield (
                f"multiply(run.sizes[{one.pre}], n_{one.post}, n_trials, old + run.offsets[{at}], "
                f"1, n_{one.pre}, to_old + run.offsets[{at + 1}], n_{one.post}, "
                f"run.matrix_gradients[{k}] + p * run.matrices_by_candidate[{k}], n_{one.post}, "
                "true);"
            )
            seed = f"load(to_old + run.offsets[{at}] + at)"
            loop = self.loops.backward(one.pre, [(seed, one.source)])
            if loop:
                yield (
                    f"multiply(n_trials, n_{one.pre}, run.sizes[{one.post}], "
                    f"to_old + run.offsets[{at + 1}], n_{one.post}, 1, "
                    f"run.transposed[{k}] + p * run.transposed_by_candidate[{k}], n_{one.pre}, "
                    f"to_old + run.offsets[{at}], n_{one.pre}, false);"
                )
                yield from loop

    def _begin(self) -> Iterator[str]:
        for owner in sorted({slot.owner for slot in self.slots} | {0}):
            yield f"const int64_t n_{owner} = run.padded[{owner}]; (void)n_{owner};"
        if self.program.inputs:
            place = "p * run.inputs_by_candidate + run.input_bins[step] * run.inputs_by_bin"
            yield f"const T *const inputs = run.inputs + {place}; (void)inputs;"
            yield f"T *const input_gradients = run.input_gradients + {place};"
            yield "(void)input_gradients;"
        place = "p * run.counts_by_candidate + run.count_bins[step] * run.recorded"
        yield f"T *const counts = run.counts + {place}; (void)counts;"

    def _ends(self, frame: str) -> dict[int, list[tuple[str, int]]]:
        """Return by object where the results of a step lie, and their nodes."""
        found: dict[int, list[tuple[str, int]]] = {}
        for k, slot in enumerate(self.slots):
            number = self._result(slot.name)
            if number is not None:
                address = f"{frame} + run.offsets[{k}] + at"
                found.setdefault(slot.owner, []).append((address, number))
        counted = self.program.counted
        if counted in self.events:
            found.setdefault(self.owners[counted], [])
        return found

    def _counted(self, owner: int) -> list[int]:
        counted = self.program.counted
        is_here = counted in self.events and self.owners[counted] == owner
        return [self.events[counted]] if is_here else []

    def _result(self, name: tuple) -> int | None:
        if name[0] == "state":
            return self.states.get(name[1])
        return self.events.get(name[1]) if name[2] == 1 else None

    def _kept(self, line: str) -> Iterator[str]:
        """Yield what hands on what a step does not change."""
        for k, slot in enumerate(self.slots):
            if self._result(slot.name) is None:
                size = f"n_trials * n_{slot.owner}"
                if slot.name[0] == "state":
                    yield line.format(f"run.offsets[{k}]", size)
                elif slot.name[2] > 1:
                    # What happened a tick ago has happened two ticks ago then.
                    yield self._shifted(line, k, size)

    @staticmethod
    def _shifted(line: str, slot: int, size: str) -> str:
        to, of = f"run.offsets[{slot}]", f"run.offsets[{slot - 1}]"
        if "now" in line:
            return f"memcpy((void *)(now + {to}), old + {of}, {size} * sizeof(T));"
        return f"memcpy((void *)(to_old + {of}), to_new + {to}, {size} * sizeof(T));"

    def _recorded(self) -> Iterator[tuple[str, str, str]]:
        """Yield when something is recorded, how, and where the k-th of it goes."""
        if self.records:
            n = len(self.records)
            yield (
                "run.averaged[step]",
                "add_to",
                f"run.totals + (p * {n} + {{0}}) * run.recorded + at",
            )
            yield (
                "run.samples[step] >= 0",
                "store",
                f"run.sampled + ((p * {n} + {{0}}) * run.n_samples + run.samples[step]) * "
                "run.recorded + at",
            )
