"""The C++ source of a Program."""

from dataclasses import dataclass
from importlib.resources import files

from neurotrain.compiler import vector_functions
from neurotrain.executions.fused.blocks import TYPES, Blocks
from neurotrain.executions.fused.elements import INLINED, Elements
from neurotrain.executions.fused.nodes import Nodes
from neurotrain.executions.fused.schedule import listed_events, schedule
from neurotrain.executions.fused.sums import only_weights
from neurotrain.lowering.program import Array, Program, Sum

_PACKAGE = "neurotrain.executions"


@dataclass(frozen=True)
class Target:
    """What generated code runs on, by the files in which it says how it does what all do.

    Parameters
    ----------
    first : tuple of str
        What comes before the vectors.
    words : str
        Loops, events, matrix products and memory.
    entry : str
        What is called from outside.
    keeps : bool
        Whether states and events can be given back at the end.
    """

    first: tuple[str, ...]
    words: str
    entry: str
    keeps: bool


PROCESSOR = Target((), "fused/processor.hpp", "fused/entry.cpp", keeps=True)


def generate_source(program: Program, target: Target = PROCESSOR) -> str:
    """Return the C++ source of `program`; REAL, WIDTH, TILE and ROWS are left to the compiler."""
    text = "\n".join(
        [
            *map(_read, target.first),
            vector_functions(),
            *map(_read, ("fused/call.hpp", target.words, "fused/engine.hpp", "fused/random.hpp")),
            *map(_read, ("fused/kernel.cpp", target.entry)),
        ]
    )
    for name, lines in _Source(program).sections(target).items():
        text = text.replace(f"@{name}@", "\n    ".join(lines))
    terms = sum(2 * len(one.terms) for one in program.operations if isinstance(one, Sum))
    most = len(program.arrays) + 2 * len(program.events) + terms + 16
    return f"#define MOST_ARRAYS {most}\n{text}"


def _read(path: str) -> str:
    return (files(_PACKAGE) / path).read_text()


class _Source:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.blocks = Blocks(program)
        self.nodes = schedule(program)
        self.listed = listed_events(program, self.nodes)
        self.elements = Elements(program, self.blocks, self.listed)
        self.emitter, self.memory = Nodes(self.elements), self.elements.memory
        self.only_weights = only_weights(program)

    def sections(self, target: Target) -> dict[str, list[str]]:
        """Return the lines of every place in the template."""
        # What lies first may have a place nearer by: states before weights.
        arrays = self._arrays() + self.emitter.events.means()
        weights = self.emitter.sums.weights()
        step = self._inputs() + [line for node in self.nodes for line in self.emitter.emit(node)]
        return {
            "FUNCTIONS": [one.code for one in self.program.functions if one.code],
            "CONSTANTS": self._constants(),
            "INVARIANTS": self.blocks.invariants,
            "ARRAYS": arrays,
            "WEIGHTS": weights,
            "NOISE": self._noise() if self.blocks.sites else [],
            "TICKS": self._ticks(),
            "STEP": step,
            "BINS": self._bins(),
            "FINITE": self._finite(),
            "FINAL": self.emitter.events.averages(),
            "KEPT": self._final() + self.emitter.events.kept() if target.keeps else [],
            "ROOM": [f"room.add<{kind}>({size});" for kind, size in self.memory.room],
        }

    def _constants(self) -> list[str]:
        lines = []
        for k in range(self.program.n_clocks):
            lines.append(f"const T dt_{k} = T(run->clocks[{k}].dt); (void)dt_{k};")
        for k, (name, kind) in enumerate(self.program.constants):
            value = f"run->constants[{k}]"
            value = f"-I({value} != 0)" if kind == "boolean" else f"{TYPES[kind][0]}({value})"
            lines.append(f"const {TYPES[kind][0]} c_{name} = {value}; (void)c_{name};")
        for k, one in enumerate(self.program.functions):
            lines.append(f"const Table &f_{one.symbol} = run->tables[{k}]; (void)f_{one.symbol};")
        return lines

    def _arrays(self) -> list[str]:
        lines = [self.memory.zeros("VI", "failed", "TILE")]
        if self.program.inputs:
            lines.append(self.memory.raw("V", "channels", "run->n_channels * TILE"))
        for k, array in enumerate(self.program.arrays):
            lines += getattr(self, f"_{array.role}")(k, array)
        for k, event in enumerate(self.program.events):
            if event.symbol in self.listed:
                room = f"run->sizes[{event.owner}] * TILE", f"run->slots[{k}]"
                lines.append(f"Events e_{event.symbol}(space, {', '.join(room)});")
                lines.append(f"e_{event.symbol}.begin_with(run->before[{k}]);")
                self.memory.room.append(("Events::Item", f"Events::items({', '.join(room)})"))
        if self.program.counted:
            n = f"run->sizes[{self._counted_owner()}]"
            lines.append(self.memory.zeros("VI", "counted", f"{n} * TILE"))
        return lines

    def _state(self, k: int, array: Array) -> list[str]:
        kind, name = TYPES[array.kind][1], f"s_{array.symbol}"
        held = {"float": "double", "integer": "int64_t", "boolean": "int8_t"}[array.kind]
        sign = -1 if array.kind == "boolean" else 1
        return [
            self.memory.raw(kind, name, f"run->arrays[{k}].length * TILE"),
            f"fill_state<{kind}, {held}>({name}, *run, run->arrays[{k}], candidate, first, "
            f"{sign});",
        ]

    def _input(self, k: int, array: Array) -> list[str]:
        return self._state(k, array)

    def _parameter(self, k: int, array: Array) -> list[str]:
        if array.symbol in self.only_weights:
            return []
        kind, name = TYPES[array.kind][0], f"p_{array.symbol}"
        return [
            self.memory.raw(kind, name, f"run->arrays[{k}].length"),
            f"fill_parameter<{kind}>({name}, run->arrays[{k}], candidate);",
        ]

    def _index(self, k: int, array: Array) -> list[str]:
        name = f"q_{array.symbol}"
        return [
            f"const int32_t *const {name} = (const int32_t *)run->arrays[{k}].data; (void){name};"
        ]

    def _noise(self) -> list[str]:
        return [
            self.memory.raw("Noise", "noises", "TILE"),
            f"each_trial([&](int b) {INLINED} {{",
            "  uint64_t keys[LANES];",
            "  for (int lane = 0; lane < LANES; lane++)",
            "    keys[lane] = run->keys[candidate * run->keys_by_candidate +",
            "                           trial_of(*run, first, b * LANES + lane)];",
            "  new (noises + b) Noise(keys);",
            "});",
        ]

    def _ticks(self) -> list[str]:
        lines = []
        for k in range(self.program.n_clocks):
            clock = f"run->clocks[{k}]"
            # Between two ticks of a clock, Brian2's shows the time of the next.
            ticks_before = f"(step - {clock}.offset + {clock}.every - 1) / {clock}.every"
            tick = "step" if self.program.n_clocks == 1 else ticks_before
            lines.append(f"const int64_t tick_{k} = {tick};")
            if self.program.n_clocks > 1:
                lines.append(
                    f"const bool due_{k} = step >= {clock}.offset && tick_{k} < {clock}.ticks && "
                    f"(step - {clock}.offset) % {clock}.every == 0;"
                )
            lines += [
                f"const double time_{k} = ({clock}.first + tick_{k}) * {clock}.dt; (void)time_{k};",
                f"const T t_{k} = T(time_{k}); (void)t_{k};",
                f"const I step_{k} = I({clock}.first + tick_{k}); (void)step_{k};",
            ]
        if self.blocks.sites:
            lines.append("each_trial([&](int b) { noises[b].at(run->first_step + step); });")
            lines.append("barrier();")
        return lines

    def _inputs(self) -> list[str]:
        lines = []
        for symbol in self.program.inputs:
            if symbol in self.blocks.arrays:
                lines += [
                    "if (step % run->steps_per_input == 0 && run->n_channels > 0) {",
                    "  present(*run, candidate, first, step / run->steps_per_input, channels,",
                    f"          s_{symbol}, run->sizes[{self.blocks.arrays[symbol].owner}]);",
                    "  barrier();",
                    "}",
                ]
        return lines

    def _counted_owner(self) -> int:
        return next(e.owner for e in self.program.events if e.symbol == self.program.counted)

    def _bins(self) -> list[str]:
        if not self.program.counted:
            return []
        n = f"run->sizes[{self._counted_owner()}]"
        return [
            "for (; bin < run->n_bins && run->bin_stops[bin] == step + 1; bin++) {",
            f"  each({n} * TILE, [&](int64_t at) {INLINED} {{",
            "    const int64_t i = at / TILE, b = at % TILE;",
            "    for (int lane = 0; lane < lanes(b); lane++)",
            f"      run->spike_count[((candidate * run->n_bins + bin) * {n} + i) * n_trials +",
            "                       first + b * LANES + lane] = int32_t(counted[at][lane]);",
            "    counted[at] = VI{};",
            "  });",
            "  barrier();",
            "}",
        ]

    def _finite(self) -> list[str]:
        lines = []
        watched = self._watched()
        for owner in sorted({array.owner for array in watched}):
            lines.append(f"each(run->sizes[{owner}] * TILE, [&](int64_t at) {INLINED} {{")
            lines += [
                f"  mark(failed[at % TILE], not_finite(s_{array.symbol}[at]));"
                for array in watched
                if array.owner == owner
            ]
            lines.append("});")
        return lines

    def _watched(self) -> list[Array]:
        synapses = {one.owner for one in self.program.operations if hasattr(one, "queue")}
        synapses |= {one.owner for one in self.program.operations if isinstance(one, Sum)}
        return [
            a
            for a in self.program.arrays
            if a.role == "state" and a.kind == "float" and not a.shared and a.owner not in synapses
        ]

    def _final(self) -> list[str]:
        lines = []
        for k, array in enumerate(self.program.arrays):
            if array.role not in ("state", "input"):
                continue
            kind = TYPES[array.kind][0]
            lines += [
                f"if (run->final_state[{k}])",
                f"  for (int64_t i = 0; i < run->arrays[{k}].length; i++)",
                "    for (int b = 0; b < TILE; b++)",
                f"      save(({kind} *)run->final_state[{k}] +",
                f"               (candidate * run->arrays[{k}].length + i) * n_trials + first +",
                f"               b * LANES, s_{array.symbol}[i * TILE + b], lanes(b));",
            ]
        return lines
