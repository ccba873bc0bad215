"""Loops in which several elements are computed side by side.

The chains of dependent instructions of a neuron are long. What the elements read is read first and
what they write is written last, so that the compiler can interleave the lines of all of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from neurotrain.executions.fused.blocks import Block
from neurotrain.executions.fused.elements import INLINED, PLACE, Elements, address, indented
from neurotrain.lowering.program import OWN, Reference

# Of functions in code of which BESIDE elements are computed at once: longer code has enough to do
# while it waits, and what more of them need does not fit into the registers.
MOST_CALLS = 12


@dataclass(frozen=True)
class Rows:
    """What is computed for every element.

    Parameters
    ----------
    blocks : tuple of Block
        Their loads and stores are those of all lines.
    straight, rest : tuple of str
        Lines that never branch, and those that follow and may.
    first, n : str
        The first element, and how many there are.
    made : tuple of str
        Names of what the straight lines compute for the rest.
    of_block : bool
        Whether these are the rows of a block of a matrix product.
    """

    blocks: tuple[Block, ...]
    straight: tuple[str, ...]
    rest: tuple[str, ...]
    first: str
    n: str
    made: tuple[str, ...] = ()
    of_block: bool = False

    @property
    def loads(self) -> dict[str, Reference]:
        """What is read, by its C++ name."""
        found = {name: r for block in self.blocks for name, r in block.loads.items()}
        return {name: r for name, r in sorted(found.items()) if name not in self.made}

    @property
    def stores(self) -> dict[str, Reference]:
        """What is written, by its C++ name."""
        found = {name: r for block in self.blocks for name, r in block.stores.items()}
        return dict(sorted(found.items()))


def side_by_side(elements: Elements, rows: Rows) -> list[str]:
    """Return the loop over rows, as many at once as is good for them, then those that are left."""
    return [
        f"const auto group = [&](auto side, int64_t p0, int b) {INLINED} {{",
        "  constexpr int SIDE = decltype(side)::value;",
        *indented(_group(elements, rows)),
        "};",
        f"{_loop(rows)};",
    ]


def _loop(rows: Rows) -> str:
    if rows.of_block:
        each = "each_row_of_block_in_order" if _in_order(rows) else "each_row_of_block"
        return f"{each}<{_most(rows)}>(trials, {rows.n}, group)"
    if _in_order(rows):
        return f"each_row_in_order({rows.n}, group)"
    return f"each_row<{_most(rows)}>({rows.n}, group)"


def _in_order(rows: Rows) -> bool:
    """Return whether elements read what others write: each must find it as those before left it."""
    changed = {r.symbol for r in rows.stores.values()}
    others = {r.symbol for r in (*rows.loads.values(), *rows.stores.values()) if r.index != OWN}
    return bool(changed & others)


def _most(rows: Rows) -> str:
    return "2" if sum(line.count("nt_") for line in rows.straight) > MOST_CALLS else "BESIDE"


def _group(elements: Elements, rows: Rows) -> list[str]:
    read = {name: elements.read(reference) for name, reference in rows.loads.items()}
    kinds = {name: kind for name, (kind, _) in read.items()} | dict.fromkeys(rows.made, "V")
    named = [f"{kind} &{name} = all_{name}[k]; (void){name};" for name, kind in kinds.items()]
    written = [f"s_{r.symbol}[{address(r)}] = {name};" for name, r in rows.stores.items()]
    rest = [*rows.rest, *written]
    noise = any("(noise, " in line for line in (*rows.straight, *rest))
    return [
        *(["const Noise &noise = noises[b];"] if noise else []),
        *(f"{kind} all_{name}[SIDE];" for name, kind in kinds.items()),
        *_of_each(rows.first, [f"all_{name}[k] = {value};" for name, (_, value) in read.items()]),
        *_of_each(rows.first, [*named, *rows.straight]),
        *(_of_each(rows.first, [*named, *rest]) if rest else []),
    ]


def _of_each(first: str, lines: Iterable[str]) -> list[str]:
    place = f"const int64_t p = p0 + k, i = {first} + p; (void)i;"
    head = ["#pragma GCC unroll 8", "for (int k = 0; k < SIDE; k++) {"]
    return [*head, *indented([place, PLACE, *lines]), "}"]
