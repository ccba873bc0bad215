"""The C++ source of a Program."""

from importlib.resources import files

from brian2.utils.stringtools import get_identifiers, word_substitute

from neurotrain.executions.fused.render import Renderer
from neurotrain.lowering.program import Assignment, Code, Program, Variable

_TYPES = {"float": ("T", "V"), "integer": ("I", "VI"), "boolean": ("I", "VI")}


def generate_source(program: Program) -> str:
    """Return the C++ source of `program`; REAL, WIDTH, TILE and ROWS are left to the compiler."""
    package = files("neurotrain.executions.fused")
    kernel = (package / "kernel.cpp").read_text()
    for name, lines in _Source(program).sections().items():
        kernel = kernel.replace(f"@{name}@", "\n    ".join(lines))
    sizes = {
        "N_ARRAYS": len(arrays_of(program)),
        "N_TERMS": len(program.terms),
        "N_OBSERVED": len(program.observables),
    }
    defines = "".join(f"#define {name} {size}\n" for name, size in sizes.items())
    return defines + (package / "vectors.hpp").read_text() + kernel


def arrays_of(program: Program) -> tuple[Variable, ...]:
    """Return the variables whose values are handed to the kernel, in its order."""
    return tuple(v for v in program.variables if v.role == "parameter" or is_kept(program, v))


def is_kept(program: Program, variable: Variable) -> bool:
    """Return whether the kernel keeps the variable from step to step."""
    return variable.role == "state" or (variable.role == "coupled" and program.keeps_coupled)


class _Source:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.kinds = dict(program.constants) | {v.name: v.kind for v in program.variables}
        self.kinds |= {"t": "float", "dt": "float"}
        self.scalars = {name for name, _ in program.constants} | {"t", "dt"}
        self.invariants: list[str] = []
        self.blocks = 0

    def sections(self) -> dict[str, list[str]]:
        """Return the lines of every place in the template."""
        sections = {
            "CONSTANTS": self._constants(),
            "ARRAYS": self._arrays(),
            "SOURCES": self._sources(),
            "OBSERVABLES": self._observables(),
            "UPDATE": self._update(),
            "FINITE": [
                f"failed[b] |= not_finite(state_{v.name}[at]);"
                for v in self.program.variables
                if is_kept(self.program, v) and v.kind == "float"
            ],
            "FINAL": self._final(),
        }
        return sections | {"INVARIANTS": self.invariants}

    def _constants(self) -> list[str]:
        lines = ["const T x_dt = dt;"]
        for k, (name, kind) in enumerate(self.program.constants):
            if name == "dt":
                continue
            value = f"run->constants[{k}]"
            value = f"-I({value} != 0)" if kind == "boolean" else f"{_TYPES[kind][0]}({value})"
            lines.append(f"const {_TYPES[kind][0]} x_{name} = {value}; (void)x_{name};")
        return lines

    def _arrays(self) -> list[str]:
        lines = []
        for k, variable in enumerate(arrays_of(self.program)):
            scalar, vector = _TYPES[variable.kind]
            name = variable.name
            start = f"(const {scalar} *)run->arrays[{k}] + candidate * run->array_strides[{k}]"
            if variable.role == "parameter":
                lines.append(f"const {scalar} *const parameter_{name} = {start};")
                continue
            lines += [
                f"{vector} *const state_{name} = space.take<{vector}>(plane);",
                "for (int64_t i = 0; i < N; i++)",
                f"  memcpy((void *)(state_{name} + i * TILE), {start} + i * padded + first,",
                "         TILE * sizeof(V));",
            ]
        return lines

    def _loads(self, in_update: bool = False) -> list[str]:
        """Read every parameter and kept variable of one neuron."""
        lines = []
        for variable in arrays_of(self.program):
            if in_update and variable.role == "coupled":
                continue
            scalar, vector = _TYPES[variable.kind]
            name = variable.name
            if variable.role == "parameter":
                value = f"const {scalar} x_{name} = parameter_{name}[i];"
            else:
                value = f"{'' if in_update else 'const '}{vector} x_{name} = state_{name}[at];"
            lines.append(f"{value} (void)x_{name};")
        return lines

    def _update(self) -> list[str]:
        lines = self._loads(in_update=True)
        for name in self.program.names("input"):
            lines.append(f"const V x_{name} = driven[at]; (void)x_{name};")
        lines += self._coupled()
        lines += ["{", *self._code(self.program.update), "}"]
        if self.program.threshold:
            lines += ["VI spiking;", *self._value(self.program.threshold, "_cond", "spiking")]
            lines.append("spikes[at] -= spiking;")
            lines += self._spike()
        return lines + [
            f"state_{v.name}[at] = x_{v.name};"
            for v in self.program.variables
            if is_kept(self.program, v)
        ]

    def _spike(self) -> list[str]:
        lines = []
        if self.program.uses_refractoriness:
            lines += [
                "x_lastspike = choose(spiking, x_t, x_lastspike);",
                "x_not_refractory &= ~spiking;",
            ]
        if self.program.reset:
            lines += ["{", *self._code(self.program.reset, condition="spiking"), "}"]
        return lines

    def _coupled(self) -> list[str]:
        sums: dict[str, list[str]] = {name: [] for name in self.program.names("coupled")}
        lines = []
        for k, term in enumerate(self.program.terms):
            if term.gain is None:
                sums[term.target].append(f"own[{k}]")
                continue
            lines += [f"V gain_{k};", *self._value(term.gain, "_gain", f"gain_{k}", real=True)]
            sums[term.target].append(f"gain_{k} * own[{k}]")
        own = [f"const V x_{name} = {' + '.join(terms)};" for name, terms in sums.items()]
        own += [f"(void)x_{name};" for name in sums]
        return [line.replace("own[", "sums[") for line in lines + own]

    def _sources(self) -> list[str]:
        lines = self._loads() if self.program.terms else []
        for k, term in enumerate(self.program.terms):
            lines += self._value(term.source, "_source", f"to[{k}][at]", real=True)
        return lines

    def _observables(self) -> list[str]:
        lines = self._loads() if self.program.observables else []
        for k, (_, code) in enumerate(self.program.observables):
            lines += self._value(code, "_observed", f"observed[{k}]", real=True)
        return lines

    def _final(self) -> list[str]:
        return [
            f"if (run->final_state[{k}]) "
            f"memcpy((T *)run->final_state[{k}] + to, &state_{v.name}[at], sizeof(V));"
            for k, v in enumerate(arrays_of(self.program))
            if is_kept(self.program, v)
        ]

    def _value(self, code: Code, name: str, to: str, real: bool = False) -> list[str]:
        """Render one piece of code and store what it assigns to `name`."""
        kind = next(a.kind for a in (*code.vector, *code.scalar) if a.target == name)
        value = f"x_{name} & I(1)" if real and kind == "boolean" else f"x_{name}"
        value = f"to_real({value})" if real else value
        return ["{", *self._code(code, last=f"{to} = vec({value});"), "}"]

    def _code(self, code: Code, condition: str | None = None, last: str = "") -> list[str]:
        """Render one piece of code; what does not depend on time goes before the loop."""
        renderer = Renderer(self.kinds, self.scalars)
        moving = {"t"}
        lines, own = [], {}
        self.blocks += 1
        for assignment in code.scalar:
            renderer.declare(assignment, scalar=True)
            own[assignment.target] = f"x{self.blocks}_{assignment.target}"
            line = self._scalar(assignment, renderer)
            if get_identifiers(assignment.expression) & moving:
                moving.add(assignment.target)
                lines.append(line)
            else:
                self.invariants.append(_rename(line, own) + f" (void){own[assignment.target]};")
        declared = set()
        for assignment in code.vector:
            renderer.declare(assignment, scalar=False)
            lines.append(_vector(assignment, renderer, condition, declared))
        return [_rename(line, own) for line in (*lines, last)]

    @staticmethod
    def _scalar(assignment: Assignment, renderer: Renderer) -> str:
        kind = _TYPES[assignment.kind][0]
        value = renderer.render(assignment.expression, assignment.kind)
        return f"const {kind} x_{assignment.target} = {value};"


def _vector(
    assignment: Assignment, renderer: Renderer, condition: str | None, declared: set[str]
) -> str:
    kind, name = assignment.kind, f"x_{assignment.target}"
    value = renderer.render(assignment.expression, kind)
    if assignment.op == ":=" and assignment.target not in declared:
        declared.add(assignment.target)
        return f"{_TYPES[kind][1]} {name} = vec({value});"
    if assignment.op not in ("=", ":="):
        value = renderer.render(
            f"{assignment.target} {assignment.op[:-1]} ({assignment.expression})", kind
        )
    if condition and assignment.target not in declared:
        return f"{name} = choose({condition}, vec({value}), {name});"
    return f"{name} = vec({value});"


def _rename(line: str, names: dict[str, str]) -> str:
    return word_substitute(line, {f"x_{old}": new for old, new in names.items()})
