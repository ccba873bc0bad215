"""Drawn NeuronGroups: equations, thresholds, resets, refractoriness, events, regular code."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

from .cases import Code, Link, Neurons, Variable
from .equations import Scope, conditions, expressions
from .values import Quantity

NAMES = ("v", "w", "u", "x")
METHODS = ("euler", "rk2", "rk4", "heun", "exponential_euler", "exact", None)
# Those that need linear equations; None lets Brian2 choose, which tries them first.
LINEAR = ("exact", None)
SLOTS = (
    *("start", "before_groups", "groups", "after_groups", "thresholds", "after_thresholds"),
    *("before_synapses", "synapses", "after_synapses", "resets", "after_resets", "end"),
)


@dataclass
class Draft:
    """A group while it is drawn."""

    name: str
    scope: Scope
    equations: list[str] = field(default_factory=list)
    quantities: list[Quantity] = field(default_factory=list)
    variables: list[Variable] = field(default_factory=list)
    pauses: bool = False

    def parameter(self, name: str, low: float, high: float, unit: str = "", flags: str = "") -> str:
        """Add a parameter of its own for each neuron, or a shared one; return its name."""
        dimension = {"": "1", "mV": "volt", "nA": "amp", "ms": "second"}[unit]
        self.equations.append(f"{name} : {dimension}{flags}")
        self.quantities.append(Quantity(name, low, high, unit, each="shared" not in flags))
        return name


@dataclass(frozen=True)
class Needs:
    """What the rest of the network asks of a group."""

    spikes: bool = False
    drives: tuple[str, ...] = ()
    linkable: tuple[Neurons, ...] = ()
    stimuli: tuple[str, ...] = ()


@st.composite
def neurons(draw: st.DrawFn, number: int, needs: Needs) -> tuple[Neurons, tuple[Quantity, ...]]:
    """Draw a group, and the constants that it takes from the script."""
    own = draw(st.booleans())
    name = f"group_{number}"
    draft = Draft(name, Scope("k" if own else f"k_{number}_"))
    method = draw(st.sampled_from(METHODS))
    # Brian2 takes seconds to solve or to expand three coupled equations symbolically.
    most = 2 if method in (*LINEAR, "rk4") else 4
    units = draw(st.lists(st.sampled_from(["", "", "mV", "nA"]), min_size=1, max_size=most))
    draft.variables += [Variable(n, unit) for n, unit in zip(NAMES, units, strict=False)]
    for variable in draft.variables:
        draft.scope.behind[variable.name] = frozenset({variable.name})
        draft.scope.atoms.append(variable.ref())
    spiking = needs.spikes or draw(st.booleans())
    refractory = draw(refractoriness(draft)) if spiking else None
    draft.pauses = refractory is not None
    _parameters(draw, draft, method in LINEAR)
    links = _links(draw, draft, needs.linkable)
    _atoms(draw, draft, needs, method)
    _subexpressions(draw, draft, method)
    for index, variable in enumerate(draft.variables):
        drives = needs.drives if index == 0 else ()
        draft.equations.append(draw(equation(draft, variable, method, drives)))
    draft.equations += [f"{drive} : 1" for drive in needs.drives]
    initial = [Quantity(v.name, -0.5, 0.6, v.unit) for v in draft.variables]
    events = _events(draw, draft)
    options = {"threshold": draw(threshold(draft)), "reset": draw(reset(draft))} if spiking else {}
    code = _regular(draw, draft) + _on_events(draw, draft, events)
    return Neurons(
        name=name,
        number=number,
        equations=tuple(draft.equations),
        quantities=(*initial, *draft.quantities),
        variables=tuple(draft.variables),
        method=method,
        refractory=refractory,
        events=events,
        event_slots=_event_slots(draw, events, spiking),
        code=tuple(code),
        links=links,
        order=draw(st.sampled_from([0, 0, 0, -1, 2])),
        every=draw(st.sampled_from([None, None, None, None, 2, 3])),
        own_constants=tuple(draft.scope.constants) if own else (),
        **options,
    ), () if own else tuple(draft.scope.constants)


# --- what expressions may name


def _parameters(draw: st.DrawFn, draft: Draft, linear: bool) -> None:
    kinds = ["own", "shared", "constant", "integer", "boolean", "common"]
    for kind in draw(st.lists(st.sampled_from(kinds), max_size=3, unique=True)):
        if kind == "integer":
            draft.equations.append("n : integer" + draw(st.sampled_from(["", " (constant)"])))
            draft.quantities.append(Quantity("n", -2, 4, kind="integer"))
            draft.scope.whole.append("n")
            draft.scope.atoms.append("n/3")
        elif kind == "boolean":
            draft.equations.append("flag : boolean")
            draft.quantities.append(Quantity("flag", kind="boolean"))
            draft.scope.flags.append("flag")
            draft.scope.atoms.append("int(flag)")
        elif kind == "common":
            # A subexpression that is the same for all.
            flags = draw(st.sampled_from(["shared", "shared, constant over dt"]))
            draft.equations.append(f"common = cos(t/(3*ms)) : 1 ({flags})")
            draft.scope.atoms += ["common"] * (not linear or "constant" in flags)
        else:
            unit = draw(st.sampled_from(["", "", "mV"]))
            flags = {"own": "", "shared": " (shared)", "constant": " (constant)"}[kind]
            draft.parameter(f"p_{kind}", -0.8, 0.8, unit, flags)
            draft.scope.atoms.append(Variable(f"p_{kind}", unit).ref())


def _links(draw: st.DrawFn, draft: Draft, linkable: Sequence[Neurons]) -> tuple[Link, ...]:
    if not linkable or draw(st.integers(0, 2)) != 2:
        return ()
    source = draw(st.sampled_from(list(linkable)))
    variable = draw(st.sampled_from(list(source.variables)))
    dimension = {"": "1", "mV": "volt", "nA": "amp"}[variable.unit]
    draft.equations.append(f"linked : {dimension} (linked)")
    draft.scope.atoms.append(Variable("linked", variable.unit).ref())
    return (Link("linked", source.name, variable.name, draw(st.booleans())),)


def _atoms(draw: st.DrawFn, draft: Draft, needs: Needs, method: str | None) -> None:
    """Add what every group has, and inputs that depend on time unless the method is exact."""
    draft.scope.atoms.append("i/N")
    if method in LINEAR:
        return
    timed = ["t/(2*ms)"]
    if draw(st.booleans()):
        draft.scope.whole.append("(timestep(t, dt) % 4)")
    draft.scope.atoms += ["field(t, i)" if s == "field" else f"{s}(t)" for s in needs.stimuli]
    if draft.pauses:
        timed += ["exp(-(t - lastspike)/(2*ms))", "int(not_refractory)"]
    draft.scope.atoms += draw(st.lists(st.sampled_from(timed), max_size=2, unique=True))


def _subexpressions(draw: st.DrawFn, draft: Draft, method: str | None) -> None:
    for k in range(draw(st.integers(0, 2))):
        constant = method in LINEAR or draw(st.integers(0, 2)) == 2
        unit = draw(st.sampled_from(["", "", "mV"]))
        variable = Variable(f"s{k}", unit)
        body = draw(expressions(draft.scope))
        flags = " (constant over dt)" if constant else ""
        dimension = "volt" if unit else "1"
        draft.equations.append(f"s{k} = {variable.times_unit(body)} : {dimension}{flags}")
        # What is constant over dt is no function of the variables to the state updater.
        draft.scope.behind[f"s{k}"] = frozenset() if constant else draft.scope.needs(body)
        draft.scope.atoms.append(variable.ref())


# --- equations


@st.composite
def equation(
    draw: st.DrawFn, draft: Draft, variable: Variable, method: str | None, drives: Sequence[str]
) -> str:
    """Draw the differential equation of a variable: a relaxation to something bounded."""
    tau = _tau(draw, draft, variable)
    terms = draw(linear_terms(draft, variable) if method in LINEAR else
                 terms_without(draft, variable, method))  # fmt: skip
    gates = method not in LINEAR and not drives and draw(st.integers(0, 3)) == 3
    if gates:
        opening, closing = f"1/(1 + exp(-({terms})))", f"exp(-({terms})**2)"
        name = variable.ref()
        body = f"{opening}*(1 - {name}) - {closing}*{name}"
        right = f"{variable.times_unit(body)}/{tau}"
    else:
        terms += "".join(f" + {draft.scope.constant(0.3, 1)}*{drive}" for drive in drives)
        right = f"({variable.times_unit(terms)} - {variable.name})/{tau}"
    flags = " (unless refractory)" if draft.pauses and draw(st.booleans()) else ""
    dimension = {"": "1", "mV": "volt", "nA": "amp"}[variable.unit]
    return f"d{variable.name}/dt = {right} : {dimension}{flags}"


def _tau(draw: st.DrawFn, draft: Draft, variable: Variable) -> str:
    form = draw(st.sampled_from(["literal", "parameter", "constant"]))
    index = NAMES.index(variable.name)
    if form == "literal":
        return f"({index + 2}*ms)"
    # Apart from variable to variable: an exact solution divides by the difference.
    low, high = 0.6 + 2 * index, 2.2 + 2 * index
    if form == "parameter":
        return draft.parameter(f"tau_{variable.name}", low, high, "ms")
    return draft.scope.constant(low, high, "ms")


def _bias(draw: st.DrawFn, draft: Draft, variable: Variable) -> str:
    if draw(st.booleans()):
        return draft.parameter(f"bias_{variable.name}", -0.2, 1.6)
    return draft.scope.constant(0.2, 1.2)


@st.composite
def linear_terms(draw: st.DrawFn, draft: Draft, variable: Variable) -> str:
    """Draw a linear function of one later variable and of what is constant."""
    later = NAMES[NAMES.index(variable.name) + 1 :]
    avoided = frozenset(set(NAMES) - set(later[:1]))
    atoms = draft.scope.without(avoided) or ["0.3"]
    chosen = draw(st.lists(st.sampled_from(atoms), max_size=2, unique=True))
    parts = [f"{draft.scope.constant(-0.5, 0.5)}*{atom}" for atom in chosen]
    return " + ".join([_bias(draw, draft, variable), *parts])


@st.composite
def terms_without(draw: st.DrawFn, draft: Draft, variable: Variable, method: str) -> str:
    """Draw a sum of expressions, linear in the variable itself where the method asks for it."""
    avoided = frozenset({variable.name} if method == "exponential_euler" else ())
    parts = [_bias(draw, draft, variable)]
    for _ in range(draw(st.integers(0, 2))):
        gain = draft.scope.constant(-0.4, 0.4)
        parts.append(f"{gain}*({draw(expressions(draft.scope, avoided))})")
    return " + ".join(parts)


# --- spikes and other events


@st.composite
def refractoriness(draw: st.DrawFn, draft: Draft) -> str | Quantity | None:
    """Draw none, a time, a string of a time, or a condition."""
    v, last = draft.variables[0], draft.variables[-1]
    forms = [None, "time", "pause", "string", "condition", "since", "held"]
    form = draw(st.sampled_from(forms))
    if form == "time":
        return Quantity("refractory", 0.05, 1.2, "ms", each=False)
    if form == "pause":
        return draft.parameter("pause", 0, 1.2, "ms")
    if form == "held":
        draft.equations.append("held : boolean")
        draft.quantities.append(Quantity("held", kind="boolean"))
    return {
        None: None,
        "string": f"0.2*ms + 0.4*ms*int({last.ref()} > {draft.scope.constant(-0.2, 0.4)})",
        "condition": f"{v.ref()} > {draft.scope.constant(-0.2, 0.3)}",
        "since": f"timestep(t - lastspike, dt) <= 3 + int({last.ref()} > 0.1)",
        "held": "held",
    }[form]


@st.composite
def threshold(draw: st.DrawFn, draft: Draft) -> str:
    """Draw a condition for spikes."""
    v, last = draft.variables[0], draft.variables[-1]
    form = draw(st.integers(0, 5))
    if form == 0:
        return f"{v.name} > {draft.scope.constant(0.15, 0.6, v.unit)}"
    if form == 1:
        return f"{v.ref()} > {draft.parameter('theta', 0.1, 0.7)}"
    if form == 2:
        return f"{v.ref()} + 0.5*{last.ref()} > {draft.scope.constant(0.2, 0.7)}"
    if form == 3:
        limit = draft.scope.constant(0.2, 0.9)
        return f"{v.ref()} > {draft.scope.constant(0.1, 0.5)} and {last.ref()} < {limit}"
    if form == 4:
        return f"{v.ref()} > {draft.scope.constant(0.2, 0.7)} or timestep(t, dt) % 7 == i % 7"
    return f"{draw(conditions(draft.scope))} and {v.ref()} > {draft.scope.constant(0, 0.4)}"


@st.composite
def reset(draw: st.DrawFn, draft: Draft) -> str:
    """Draw what happens after a spike."""
    v = draft.variables[0]
    low = draft.scope.constant(-0.3, 0.1, v.unit)
    first = draw(
        st.sampled_from([f"v = {low}", f"v -= 0.4*{v.unit or 1}", "", f"old = v; v = {low}"])
    )
    lines = [first] if first else []
    if "old" in first:
        lines.append(f"v += 0.1*old + 0.05*(v - {low})")
    lines += draw(st.lists(changes(draft), max_size=2))
    return draw(st.sampled_from(["\n", "; "])).join(lines)


@st.composite
def changes(draw: st.DrawFn, draft: Draft) -> str:
    """Draw one statement that changes a variable a little."""
    variable = draw(st.sampled_from(draft.variables[::-1]))
    name, unit = variable.name, variable.unit or 1
    forms = [
        f"{name} += {draft.scope.constant(-0.2, 0.3)}*{unit}",
        f"{name} *= 0.9",
        f"{name} = clip({name}, -0.5*{unit}, 0.5*{unit})",
        f"{name} -= 0.1*({draw(expressions(draft.scope, depth=0))})*{unit}",
    ]
    if "n : integer" in draft.equations:
        forms += ["n += 1", "n = (n + 1) % 3"]
    if any(one.name == "theta" for one in draft.quantities):
        forms.append("theta += 0.05")
    if draft.scope.flags:
        forms += ["flag = not flag", f"flag = {draw(conditions(draft.scope))}"]
    return draw(st.sampled_from(forms))


def _events(draw: st.DrawFn, draft: Draft) -> tuple[tuple[str, str], ...]:
    if draw(st.integers(0, 2)) != 2:
        return ()
    return (("custom", draw(conditions(draft.scope))),)


def _on_events(draw: st.DrawFn, draft: Draft, events: Sequence[tuple[str, str]]) -> list[Code]:
    return [Code(draw(changes(draft)), event=name, **draw(places())) for name, _ in events]


def _event_slots(
    draw: st.DrawFn, events: Sequence[tuple[str, str]], spiking: bool
) -> tuple[tuple[str, str, int], ...]:
    names = [name for name, _ in events] + ["spike"] * spiking
    moved = [name for name in names if draw(st.integers(0, 5)) == 5]
    return tuple((n, draw(st.sampled_from(SLOTS)), draw(st.integers(-1, 1))) for n in moved)


def _regular(draw: st.DrawFn, draft: Draft) -> list[Code]:
    if draw(st.integers(0, 2)) != 2:
        return []
    every = draw(st.sampled_from([None, 2, 3, 5]))
    code = draw(changes(draft))
    if any(one.name == "p_shared" for one in draft.quantities) and draw(st.booleans()):
        code = draw(st.sampled_from(["p_shared *= 0.9", f"p_shared *= 0.9\n{code}"]))
    return [Code(code, every=every, **draw(places()))]


@st.composite
def places(draw: st.DrawFn) -> dict[str, object]:
    """Draw a slot and an order, or leave them at Brian2's defaults."""
    if draw(st.booleans()):
        return {}
    return {"when": draw(st.sampled_from(SLOTS)), "order": draw(st.sampled_from([None, -1, 1]))}
