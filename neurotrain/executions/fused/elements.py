"""The C++ around the code of one element: what it loads and stores."""

from collections.abc import Iterable

from neurotrain.executions.fused.blocks import TYPES, Block, Blocks
from neurotrain.lowering.program import FIRST, OWN, Program, Reference

PLACE = "const size_t at = i * TILE + b; (void)at;"
INLINED = "__attribute__((always_inline))"


def indented(lines: Iterable[str], times: int = 1) -> list[str]:
    """Return lines with two spaces more, so many times."""
    return ["  " * times + line for line in lines]


class Memory:
    """The arrays that a tile of trials needs; `room` has type and size of each, in order."""

    def __init__(self) -> None:
        self.room: list[tuple[str, str]] = []

    def raw(self, kind: str, name: str, size: str, how: str = "raw") -> str:
        """Return the line that makes an array of `size` items."""
        self.room.append((kind, size))
        return f"{kind} *const {name} = space.{how}<{kind}>({size}); (void){name};"

    def zeros(self, kind: str, name: str, size: str) -> str:
        """Return the line that makes an array of zeros."""
        return self.raw(kind, name, size, "zeros")


class Elements:
    """What all nodes of a program share.

    Parameters
    ----------
    program : Program
    blocks : Blocks
        Renders the code.
    listed : set of str
        Events that keep a list of the elements they happen to.
    """

    def __init__(self, program: Program, blocks: Blocks, listed: set[str]) -> None:
        self.program, self.blocks, self.listed = program, blocks, listed
        self.memory = Memory()
        self.positions = {array.symbol: k for k, array in enumerate(program.arrays)}

    def load(self, name: str, reference: Reference) -> str:
        """Return the line that reads an array for the element ``i`` and trials ``b``."""
        kind, value = self.read(reference)
        constant = "" if kind in ("V", "VI") else "const "
        return f"{constant}{kind} {name} = {value}; (void){name};"

    def read(self, reference: Reference) -> tuple[str, str]:
        """Return type and value of what a reference stands for."""
        array = self.blocks.arrays[reference.symbol]
        scalar, vector = TYPES[array.kind]
        if array.role in ("state", "input"):
            return vector, f"s_{array.symbol}[{address(reference)}]"
        if array.role == "parameter":
            return scalar, f"p_{array.symbol}[{_element(reference)}]"
        return "I", f"I(q_{array.symbol}[{_element(reference)}])"

    def load_once(self, name: str, reference: Reference) -> str:
        """Return the line that reads a parameter from where the caller holds it."""
        array = self.blocks.arrays[reference.symbol]
        if array.role == "index":
            return self.load(name, reference)
        read = "truth_at" if array.kind == "boolean" else "real_at"
        kind, k = TYPES[array.kind][0], self.positions[array.symbol]
        element = _element(reference)
        return f"const {kind} {name} = {read}(run->arrays[{k}], candidate, {element});"

    def around(self, blocks: Iterable[Block], lines: Iterable[str]) -> list[str]:
        """Return `lines` between the loads and stores that the blocks need."""
        blocks, lines = list(blocks), list(lines)
        loads = {name: r for block in blocks for name, r in block.loads.items()}
        stores = {name: r for block in blocks for name, r in block.stores.items()}
        noise = any("(noise, " in line for line in lines)
        return [
            *(["const Noise &noise = noises[b];"] if noise else []),
            *(self.load(n, r) for n, r in sorted(loads.items())),
            *lines,
            *(f"s_{r.symbol}[{address(r)}] = {name};" for name, r in sorted(stores.items())),
        ]


def _element(reference: Reference) -> str:
    return {OWN: "i", FIRST: "0"}.get(reference.index, f"q_{reference.index}[i]")


def address(reference: Reference) -> str:
    """Return where the vector of a reference lies in its array."""
    return {OWN: "at", FIRST: "b"}.get(
        reference.index, f"size_t(q_{reference.index}[i]) * TILE + b"
    )
