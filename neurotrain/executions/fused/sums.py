"""The C++ of summed variables: weights, sources, matrix products, and the general case."""

from neurotrain.executions.fused.beside import Rows, side_by_side
from neurotrain.executions.fused.blocks import Block, real_of
from neurotrain.executions.fused.elements import (
    INLINED,
    PLACE,
    Elements,
    Memory,
    indented,
)
from neurotrain.executions.fused.schedule import Sources, source_symbol
from neurotrain.lowering.program import Code, Program, Sum


def only_weights(program: Program) -> set[str]:
    """Return the symbols of what weights are made of and no step reads."""
    sums = [one for one in program.operations if isinstance(one, Sum)]
    terms = [term for one in sums for term in one.terms]
    steps = [code for one in program.operations if (code := getattr(one, "code", None))]
    steps += [code for t in terms for code in (t.source, t.gain) if code]
    return _symbols([term.weight for term in terms]) - _symbols(steps)


def _symbols(codes: list[Code]) -> set[str]:
    return {reference.symbol for code in codes for reference in code.references}


class Sums:
    """Emits what belongs to summed variables."""

    def __init__(self, elements: Elements) -> None:
        self.elements, self.blocks = elements, elements.blocks
        operations = elements.program.operations
        self.sums = [one for one in operations if isinstance(one, Sum) and one.terms]

    def weights(self) -> list[str]:
        """Return what packs the weights of a candidate and makes room for sources."""
        lines = []
        for one in self.sums:
            for k, term in enumerate(one.terms):
                block = self.blocks.render(term.weight, last=_weight(term.weight), one_lane=True)
                loads = [
                    self.elements.load_once(name, r) for name, r in sorted(block.loads.items())
                ]
                lines += _pack(
                    self.elements.memory, one, source_symbol(one, k), [*loads, *block.lines]
                )
        return lines

    def sources(self, node: Sources) -> list[str]:
        """Return what evaluates the sources of all terms of a sum."""
        symbols = [source_symbol(node.sum, k) for k in range(len(node.sum.terms))]
        blocks = [
            self.blocks.render(
                term.source,
                last=f"source_{symbol}[p * TILE + b] = {real_of(term.source, '_source')};",
            )
            for term, symbol in zip(node.sum.terms, symbols, strict=True)
        ]
        rows = Rows(
            blocks=tuple(blocks),
            straight=tuple(line for block in blocks for line in block.body),
            rest=(),
            first=f"table_{symbols[0]}.first_pre",
            n=f"table_{symbols[0]}.n_pre",
        )
        before = [line for block in blocks for line in block.before]
        return [*before, *side_by_side(self.elements, rows)]

    def general(self, node: Sum) -> list[str]:
        """Return a sum that is no sum of products, synapse by synapse."""
        table, target = f"run->connections[{node.table}]", f"s_{node.target}"
        to = f"{target}[size_t({table}.first_post + {table}.post[i]) * TILE + b]"
        block = self.blocks.render(
            node.code, last=f"{to} += {real_of(node.code, '_synaptic_var')};"
        )
        reads_itself = any(r.symbol == node.target for r in node.code.references)
        each = "each_synapse_in_order" if reads_itself else "each_synapse_and_trial"
        return [
            *block.before,
            f"each({table}.n_post * TILE, [&](int64_t p) {INLINED} {{",
            f"  {target}[{table}.first_post * TILE + p] = V{{}};",
            "});",
            "barrier();",
            f"{each}({table}, [&](int64_t i, int b) {INLINED} {{",
            f"  {PLACE}",
            *indented(self.elements.around([block], block.body)),
            "});",
        ]

    def total(self, one: Sum) -> tuple[list[Block], list[str]]:
        """Return what adds up the terms of a sum for the row ``p``, element ``i``."""
        blocks, lines, terms = [], [], []
        for k, term in enumerate(one.terms):
            symbol = source_symbol(one, k)
            value = f"sums_{symbol}.at(p, b)" if one.layout == "dense" else f"sum_{symbol}"
            if one.layout != "dense":
                lines += _sparse(symbol)
            if term.gain:
                block = self.blocks.render(
                    term.gain, last=f"gain_{symbol} = {real_of(term.gain, '_gain')};"
                )
                blocks.append(block)
                lines += [f"V gain_{symbol};", *block.body]
                value = f"choose({_has_synapses(one)}, gain_{symbol} * {value}, V{{}})"
            terms.append(value)
        return blocks, [*lines, f"x_{one.target} = {' + '.join(terms)};"]


def _has_synapses(one: Sum) -> str:
    # Where there are none the sum is 0, even if the gain is not finite, as 1/N_incoming.
    table = f"run->connections[{one.table}]"
    row = f"i - {table}.first_post"
    return f"vec(-I({table}.starts[{row}] < {table}.starts[{row} + 1]))"


def _weight(code: Code) -> str:
    kind = next(one.kind for one in code.vector + code.scalar if one.target == "_weight")
    return f"weight = T(x__weight{' & I(1)' if kind == 'boolean' else ''});"


def _pack(memory: Memory, one: Sum, symbol: str, lines: list[str]) -> list[str]:
    found = f"run->connections[{one.table}]"
    table, n_pre = f"table_{symbol}", f"{found}.n_pre"
    evaluate = indented(["T weight;", *lines])
    size = f"({found}.n_post + ROWS - 1) / ROWS * ROWS * {n_pre}"
    packed = memory.zeros if one.layout == "dense" else memory.raw
    head = [
        f"const Connections &{table} = {found};",
        memory.zeros("V", f"source_{symbol}", f"{n_pre} * TILE"),
        packed("T", f"w_{symbol}", size if one.layout == "dense" else f"{found}.n_synapses"),
    ]
    if one.layout == "dense":
        return [
            *head,
            f"each_synapse({table}, [&](int64_t i) {INLINED} {{",
            *evaluate,
            f"  w_{symbol}[packed_at({table}.post[i], {table}.pre[i], {table}.n_pre)] += weight;",
            "});",
        ]
    return [
        *head,
        f"each({table}.n_synapses, [&](int64_t r) {INLINED} {{",
        f"  const int64_t i = {table}.synapses[r]; (void)i;",
        *evaluate,
        f"  w_{symbol}[r] = weight;",
        "});",
    ]


def _sparse(symbol: str) -> list[str]:
    table = f"table_{symbol}"
    return [
        f"V sum_{symbol} = {{}};",
        f"const int64_t *const row_{symbol} = {table}.starts + i - {table}.first_post;",
        f"for (int64_t r = row_{symbol}[0]; r < row_{symbol}[1]; r++)",
        f"  sum_{symbol} += w_{symbol}[r] *",
        f"                  source_{symbol}[size_t({table}.sources[r]) * TILE + b];",
    ]


def multiplied(dense: list[Sum], rows: list[str]) -> list[str]:
    """Return the loop over tiles of rows: a product, then what is done with its rows."""
    symbols = [source_symbol(one, k) for one in dense for k in range(len(one.terms))]
    lines = [
        f"const int64_t n_rows = run->connections[{dense[0].table}].n_post;",
        f"each_block(n_rows, [&](int64_t block, auto trials) {INLINED} {{",
    ]
    for symbol in symbols:
        n_pre = f"table_{symbol}.n_pre"
        lines += [
            f"  Product sums_{symbol};",
            f"  multiply(w_{symbol} + block * {n_pre}, source_{symbol}, {n_pre}, trials,",
            f"           sums_{symbol});",
        ]
    return [
        *lines,
        "  const int64_t present = n_rows - block < ROWS ? n_rows - block : ROWS;",
        *indented(rows),
        "});",
    ]
