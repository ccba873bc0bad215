"""The C++ of loops over the elements of an object: equations, thresholds, resets."""

from collections.abc import Iterable

from neurotrain.executions.fused.beside import Rows, side_by_side
from neurotrain.executions.fused.blocks import Block
from neurotrain.executions.fused.elements import INLINED, PLACE, Elements, indented
from neurotrain.executions.fused.schedule import Loop
from neurotrain.executions.fused.sums import Sums, multiplied
from neurotrain.lowering.program import FIRST, OWN, Operation, Reaction, Reference, Threshold


class Loops:
    """Emits loops."""

    def __init__(self, elements: Elements, sums: Sums) -> None:
        self.elements, self.sums, self.blocks = elements, sums, elements.blocks

    def loop(self, node: Loop) -> list[str]:
        """Return sums and code for one element after the other."""
        totals = [self.sums.total(one) for one in node.sums]
        parts = [self._part(part, node) for part in node.parts]
        blocks = [*(block for found, _ in totals for block in found), *(b for b, _ in parts)]
        before = self._begins(node) + [line for block in blocks for line in block.before]
        if any(block.stores_shared for block in blocks):
            return [*before, *self._by_trial(node, blocks[0])]
        for one in node.sums:
            stored = Reference(one.target, one.target, OWN)
            blocks.append(Block(stores={f"x_{one.target}": stored}))
        rows = self._rows(node, blocks, totals, parts)
        lines = side_by_side(self.elements, rows)
        dense = [one for one in node.sums if one.layout == "dense"]
        return [*before, *(multiplied(dense, lines) if dense else lines)]

    @staticmethod
    def _rows(node: Loop, blocks: list[Block], totals: Iterable, parts: list) -> Rows:
        events = (k for k, p in enumerate(node.parts) if isinstance(p, Threshold | Reaction))
        n_straight = next(events, len(parts))
        first, n = "0", f"run->sizes[{node.owner}]"
        if node.sums:
            table = f"run->connections[{node.sums[0].table}]"
            first, n = f"{table}.first_post", f"{table}.n_post"
        if any(one.layout == "dense" for one in node.sums):
            first, n = f"{first} + block", "present"
        return Rows(
            blocks=tuple(blocks),
            straight=tuple(line for _, found in (*totals, *parts[:n_straight]) for line in found),
            rest=tuple(line for _, found in parts[n_straight:] for line in found),
            first=first,
            n=n,
            made=tuple(f"x_{one.target}" for one in node.sums),
            of_block=n == "present",
        )

    def _begins(self, node: Loop) -> list[str]:
        listed = self.elements.listed
        thresholds = [part for part in node.parts if isinstance(part, Threshold)]
        return [f"e_{p.event}.begin(tick_{p.clock});" for p in thresholds if p.event in listed]

    def _part(self, part: Operation, node: Loop) -> tuple[Block, list[str]]:
        if isinstance(part, Threshold):
            return self._threshold(part, node)
        if isinstance(part, Reaction):
            block = self.blocks.render(part.code, mask=f"now_{part.event}")
            return block, [f"if (bits_{part.event}) {{", *indented(block.body), "}"]
        block = self.blocks.render(part.code)
        return block, block.body

    def _threshold(self, part: Threshold, node: Loop) -> tuple[Block, list[str]]:
        event = part.event
        block = self.blocks.render(part.code, last=f"now_{event} = vec(x__cond);")
        lines = [f"VI now_{event};", *block.body]
        happening = self._refractory(part, block, node)
        if event == self.elements.program.counted:
            happening.append(f"counted[at] -= now_{event};")
        if event in self.elements.listed:
            happening.append(f"e_{event}.note(tick_{part.clock}, at, bits_{event});")
        if happening or any(isinstance(one, Reaction) for one in node.parts):
            lines += [
                f"const uint32_t bits_{event} = bits_of(now_{event});",
                f"if (__builtin_expect(bits_{event} != 0, 0)) {{",
                *indented(happening),
                "}",
            ]
        return block, lines

    def _refractory(self, part: Threshold, block: Block, node: Loop) -> list[str]:
        if not part.refractory:
            return []
        spike, free = (Reference(symbol, symbol, OWN) for symbol in part.refractory)
        block.loads[self.blocks.name(free)] = free
        block.stores[self.blocks.name(free)] = free
        now, last = f"now_{part.event}", f"s_{spike.symbol}[at]"
        # Only where there is a spike: in memory at once, and for what follows in the loop.
        lines = [f"{last} = choose({now}, t_{part.clock}, {last});", f"x_{free.symbol} &= ~{now};"]
        if any(r.symbol == spike.symbol for one in node.parts for r in one.code.references):
            lines.insert(1, f"x_{spike.symbol} = {last};")
        return lines

    def _by_trial(self, node: Loop, block: Block) -> list[str]:
        """Return code that changes shared variables: these first, for each vector of trials."""
        outer, inner = (
            Block(
                loads={n: r for n, r in block.loads.items() if (r.index == FIRST) == shared},
                stores={n: r for n, r in block.stores.items() if (r.index == FIRST) == shared},
            )
            for shared in (True, False)
        )
        loop = [
            f"for (int64_t i = 0; i < run->sizes[{node.owner}]; i++) {{",
            f"  {PLACE}",
            *indented(self.elements.around([inner], block.lines)),
            "}",
        ]
        return [
            f"each_trial([&](int b) {INLINED} {{",
            *indented(self.elements.around([outer], block.by_trial)),
            *indented(loop if block.lines else []),
            "});",
        ]
