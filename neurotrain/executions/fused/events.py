"""The C++ of events: generated, reacted to, propagated along synapses, noted; and of samples."""

from neurotrain.executions.fused.blocks import real_of
from neurotrain.executions.fused.elements import INLINED, PLACE, Elements, indented
from neurotrain.executions.fused.schedule import event_clock, is_late
from neurotrain.lowering.program import (
    Generator,
    Log,
    Program,
    Propagation,
    Reaction,
    Sample,
)

_AT_EVENT = f"{PLACE} (void)now;"

_Node = Reaction | Propagation | Log


class EventNodes:
    """Emits what has to do with single elements."""

    def __init__(self, elements: Elements) -> None:
        self.elements, self.blocks, self.program = elements, elements.blocks, elements.program

    def generator(self, node: Generator) -> list[str]:
        """Return what makes events happen at given steps, on all trials."""
        k = [e.symbol for e in self.program.events].index(node.event)
        generated, event = f"run->generated[{k}]", f"e_{node.event}"
        return [
            f"{event}.begin(tick_{node.clock});",
            f"const int64_t from = {generated}.starts[tick_{node.clock}];",
            f"const int64_t n = {generated}.starts[tick_{node.clock} + 1] - from;",
            f"each(n * TILE, [&](int64_t p) {INLINED} {{",
            f"  const int32_t i = {generated}.elements[from + p / TILE];",
            f"  {event}.note(tick_{node.clock}, i * TILE + p % TILE, ALL);",
            "});",
        ]

    def _tick(self, node: _Node) -> str:
        """Return when what a node sees happened: in the last step if it precedes the threshold.

        In the first step, that is before the run.
        """
        tick = f"tick_{node.clock}"
        return f"{tick} - 1" if is_late(self.program, node) else tick

    def _for_each(self, node: _Node, tick: str, lines: list[str], element: str = "i") -> list[str]:
        # What has seen the events before the run already must not see them again.
        first = -1 if is_late(self.program, node) else 0
        return [
            f"if ({tick} >= {first})",
            f"  e_{node.event}.each({tick}, [&](int64_t {element}, int b, VI now) {INLINED} {{",
            *indented(lines, 2),
            "  });",
        ]

    def reaction(self, node: Reaction) -> list[str]:
        """Return code for the elements that an event has happened to."""
        block = self.blocks.render(node.code, mask="now")
        lines = [_AT_EVENT, *self.elements.around([block], block.body)]
        return [*block.before, *self._for_each(node, self._tick(node), lines)]

    def propagation(self, node: Propagation) -> list[str]:
        """Return code for the synapses that an event reaches in this step, the oldest first."""
        block = self.blocks.render(node.code, mask="now")
        inner = [
            "const int64_t row = source * queue.n_delays + d;",
            "for (int64_t r = queue.starts[row]; r < queue.starts[row + 1]; r++)",
            "  deliver(queue.synapses[r], b, now);",
        ]
        tick = f"tick_{node.clock}"
        return [
            *block.before,
            f"const Queue &queue = run->queues[{node.queue}];",
            f"const auto deliver = [&](int64_t i, int b, VI now) {INLINED} {{",
            f"  {PLACE} (void)now;",
            *indented(self.elements.around([block], block.body)),
            "};",
            f"if ({tick} < queue.n_pending)",
            f"  for (int64_t r = queue.pending_starts[{tick}];",
            f"       r < queue.pending_starts[{tick} + 1]; r++)",
            "    each_trial([&](int b) { deliver(queue.pending[r], b, VI{} - 1); });",
            "for (int64_t d = 0; d < queue.n_delays; d++) {",
            f"  const int64_t then = {self._tick(node)} - queue.delays[d];",
            *indented(self._for_each(node, "then", inner, "source")),
            "}",
        ]

    def log(self, node: Log) -> list[str]:
        """Return what notes the events of a range of elements."""
        n = len(node.values)
        values = "".join(
            f" values[{k}] = double(lane_of({real_of(node.code, '_to_record_' + name)}, lane));"
            for k, name in enumerate(node.values)
        )
        noted = _noted(node.log, self.program)
        last = (
            "for (int lane = 0; lane < lanes(b); lane++) "
            f"if (now[lane]) {{ double values[{n + 1}];{values} "
            f"note({noted}, run->clocks[{node.clock}].first + tick_{node.clock}, i, "
            f"first + b * LANES + lane, {n}, values); }}"
        )
        block = self.blocks.render(node.code, last=last)
        logged = f"run->logged[{node.log}]"
        lines = [
            _AT_EVENT,
            f"if (i < {logged}.first || i >= {logged}.stop) return;",
            *self.elements.around([block], block.body),
        ]
        return [*block.before, *self._for_each(node, self._tick(node), lines)]

    def sample(self, node: Sample) -> list[str]:
        """Return what samples chosen elements, and averages them if asked to."""
        chosen, n = f"run->chosen[{node.sample}]", len(node.values)
        last = " ".join(
            f"seen[{k}] = {real_of(node.code, '_to_record_' + name)};"
            for k, name in enumerate(node.values)
        )
        block = self.blocks.render(node.code, last=last)
        row = f"(((candidate * {n} + k) * {chosen}.n_samples + sample) * {chosen}.n + e)"
        averaged = self.program.averaged == node.sample
        return [
            *block.before,
            f"const bool sampled = {chosen}.every && tick_{node.clock} % {chosen}.every == 0;",
            f"const int64_t sample = sampled ? tick_{node.clock} / {chosen}.every : 0;",
            "const bool averaged = "
            + ("step >= run->average_start && step < run->average_stop;" if averaged else "false;"),
            f"each(sampled || averaged ? {chosen}.n * TILE : 0, [&](int64_t p) {INLINED} {{",
            "  const int64_t e = p / TILE, b = p % TILE;",
            f"  const int64_t i = {chosen}.elements[e]; (void)i;",
            f"  {PLACE}",
            f"  V seen[{n + 1}];",
            *indented(self.elements.around([block], block.body)),
            f"  for (int k = 0; k < {n}; k++) {{",
            f"    if (sampled) save({chosen}.to + {row} * n_trials + first + b * LANES, seen[k],",
            "                      lanes(b));",
            *([f"    if (averaged) mean[k * {chosen}.n * TILE + p] += seen[k];"] * averaged),
            "  }",
            "});",
        ]

    def kept(self) -> list[str]:
        """Return what gives back the last events, which may still be under way at the end."""
        lines = []
        for k, event in enumerate(self.program.events):
            if event.symbol not in self.elements.listed:
                continue
            clock = f"run->clocks[{event_clock(self.program, event.symbol)}]"
            noted = _noted(self.program.n_logs + k, self.program)
            lines += [
                f"for (int64_t then = {clock}.ticks - e_{event.symbol}.slots + 1;",
                f"     run->keeps_events && then < {clock}.ticks; then++)",
                "  if (then >= 0)",
                f"    for (const Events::Happened *happened = e_{event.symbol}.start(then);",
                f"         happened < e_{event.symbol}.stop(then); happened++)",
                "      for (int lane = 0; lane < lanes(happened->at % TILE); lane++)",
                "        if (happened->bits >> lane & 1)",
                f"          note({noted}, then, happened->at / TILE,",
                "               first + happened->at % TILE * LANES + lane, 0, nullptr);",
            ]
        return lines

    def means(self) -> list[str]:
        """Return the room for averages."""
        if self.program.averaged < 0:
            return []
        n = len(self._averaged().values)
        size = f"{n} * run->chosen[{self.program.averaged}].n * TILE"
        return [self.elements.memory.zeros("V", "mean", size)]

    def _averaged(self) -> Sample:
        samples = [one for one in self.program.operations if isinstance(one, Sample)]
        return next(one for one in samples if one.sample == self.program.averaged)

    def averages(self) -> list[str]:
        """Return what stores the averages at the end."""
        if self.program.averaged < 0:
            return []
        chosen, n = f"run->chosen[{self.program.averaged}]", len(self._averaged().values)
        return [
            "const double averaged_ticks = double(run->average_stop - run->average_start) /",
            f"                              double(run->clocks[{self._averaged().clock}].every);",
            f"each({chosen}.average ? {n} * {chosen}.n * TILE : 0, [&](int64_t p) {{",
            "  const int64_t row = p / TILE, b = p % TILE;",
            "  const V x = mean[p] / T(averaged_ticks > 0 ? averaged_ticks : 1);",
            f"  save({chosen}.average + (candidate * {n} * {chosen}.n + row) * n_trials +",
            "           first + b * LANES, x, lanes(b));",
            "});",
        ]


def _noted(log: int, program: Program) -> str:
    tile = "(candidate * ((n_trials + TRIALS - 1) / TRIALS) + tile)"
    return f"run->noted[{tile} * {program.n_logs + len(program.events)} + {log}]"
