"""The C++ source of a Program."""

from importlib.resources import files

from neurotrain.compiler import vector_functions
from neurotrain.executions.fused.blocks import TYPES, Blocks
from neurotrain.executions.fused.elements import Elements
from neurotrain.executions.fused.nodes import Nodes
from neurotrain.executions.fused.schedule import listed_events, schedule
from neurotrain.executions.fused.sums import only_weights
from neurotrain.lowering.program import Array, Program, Sum

_HEADERS = ("engine.hpp", "random.hpp")


def generate_source(program: Program) -> str:
    """Return the C++ source of `program`; REAL, WIDTH, TILE and ROWS are left to the compiler."""
    package = files("neurotrain.executions.fused")
    kernel = (package / "kernel.cpp").read_text()
    for name, lines in _Source(program).sections().items():
        kernel = kernel.replace(f"@{name}@", "\n    ".join(lines))
    terms = sum(2 * len(one.terms) for one in program.operations if isinstance(one, Sum))
    most = len(program.arrays) + 2 * len(program.events) + terms + 8
    headers = [(package / name).read_text() for name in _HEADERS]
    return "\n".join([f"#define MOST_ARRAYS {most}", vector_functions(), *headers, kernel])


class _Source:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.blocks = Blocks(program)
        self.nodes = schedule(program)
        self.listed = listed_events(program, self.nodes)
        self.emitter = Nodes(Elements(program, self.blocks, self.listed))
        self.only_weights = only_weights(program)

    def sections(self) -> dict[str, list[str]]:
        """Return the lines of every place in the template."""
        weights = self.emitter.sums.weights() + self.emitter.events.means()
        step = self._inputs() + [line for node in self.nodes for line in self.emitter.emit(node)]
        return {
            "FUNCTIONS": [one.code for one in self.program.functions if one.code],
            "CONSTANTS": self._constants(),
            "INVARIANTS": self.blocks.invariants,
            "ARRAYS": self._arrays(),
            "WEIGHTS": weights,
            "NOISE": self._noise() if self.blocks.sites else [],
            "TICKS": self._ticks(),
            "STEP": step,
            "BINS": self._bins(),
            "FINITE": self._finite(),
            "FINAL": self._final(),
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
        lines = []
        for k, array in enumerate(self.program.arrays):
            lines += getattr(self, f"_{array.role}")(k, array)
        for k, event in enumerate(self.program.events):
            if event.symbol in self.listed:
                lines.append(
                    f"Events e_{event.symbol}(space, run->sizes[{event.owner}] * TILE, "
                    f"run->slots[{k}]);"
                )
                lines.append(f"e_{event.symbol}.begin_with(run->before[{k}]);")
        if self.program.counted:
            n = f"run->sizes[{self._counted_owner()}]"
            lines.append(f"VI *const counted = space.zeros<VI>({n} * TILE);")
        return lines

    def _state(self, k: int, array: Array) -> list[str]:
        kind, name = TYPES[array.kind][1], f"s_{array.symbol}"
        held = {"float": "double", "integer": "int64_t", "boolean": "int8_t"}[array.kind]
        sign = -1 if array.kind == "boolean" else 1
        return [
            f"{kind} *const {name} = space.raw<{kind}>(run->arrays[{k}].length * TILE);",
            f"fill_state<{kind}, {held}>({name}, run->arrays[{k}], candidate, first, n_trials, "
            f"{sign});",
        ]

    def _input(self, k: int, array: Array) -> list[str]:
        return self._state(k, array)

    def _parameter(self, k: int, array: Array) -> list[str]:
        if array.symbol in self.only_weights:
            return []
        kind, name = TYPES[array.kind][0], f"p_{array.symbol}"
        return [
            f"{kind} *const {name} = space.raw<{kind}>(run->arrays[{k}].length);",
            f"fill_parameter<{kind}>({name}, run->arrays[{k}], candidate);",
        ]

    def _index(self, k: int, array: Array) -> list[str]:
        name = f"q_{array.symbol}"
        return [
            f"const int32_t *const {name} = (const int32_t *)run->arrays[{k}].data; (void){name};"
        ]

    def _noise(self) -> list[str]:
        return [
            "Noise *const noises = space.raw<Noise>(TILE);",
            "for (int b = 0; b < TILE; b++) {",
            "  uint64_t keys[LANES];",
            "  for (int lane = 0; lane < LANES; lane++) {",
            "    const int64_t trial = first + b * LANES + lane;",
            "    keys[lane] = run->keys[candidate * run->keys_by_candidate +",
            "                           (trial < n_trials ? trial : n_trials - 1)];",
            "  }",
            "  new (noises + b) Noise(keys);",
            "}",
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
            lines.append("for (int b = 0; b < TILE; b++) noises[b].at(run->first_step + step);")
        return lines

    def _inputs(self) -> list[str]:
        lines = []
        for symbol in self.program.inputs:
            if symbol in self.blocks.arrays:
                lines += [
                    "if (step % run->steps_per_input == 0 && run->n_channels > 0)",
                    f"  present(*run, candidate, first, step / run->steps_per_input, s_{symbol},",
                    f"          run->sizes[{self.blocks.arrays[symbol].owner}]);",
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
            f"  for (int64_t i = 0; i < {n}; i++)",
            "    for (int k = 0; k < TRIALS && first + k < n_trials; k++)",
            f"      run->spike_count[((candidate * run->n_bins + bin) * {n} + i) * n_trials +",
            "                       first + k] =",
            "          int32_t(counted[i * TILE + k / LANES][k % LANES]);",
            f"  memset((void *)counted, 0, {n} * TILE * sizeof(VI));",
            "}",
        ]

    def _finite(self) -> list[str]:
        lines = []
        watched = self._watched()
        for owner in sorted({array.owner for array in watched}):
            lines.append(f"for (int64_t at = 0; at < run->sizes[{owner}] * TILE; at++) {{")
            lines += [
                f"  failed[at % TILE] |= not_finite(s_{array.symbol}[at]);"
                for array in watched
                if array.owner == owner
            ]
            lines.append("}")
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
        lines += self.emitter.events.averages() + self.emitter.events.kept()
        return lines
