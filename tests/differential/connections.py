"""Drawn Synapses: summed, driven by events of either end, plastic, with variables of their own."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

from .cases import Code, Connection, End, Generator, Neurons, Pathway, Variable
from .neurons import SLOTS, places
from .values import Quantity

SUMMED = ("summed", "general", "kinetic", "clocked")
KINDS = ("on_pre", "summed", "general", "on_post", "stdp", "stp", "clocked", "kinetic")
# Of the presynaptic variable {f}, the postsynaptic {g}, and the synaptic weight.
FACTORISING = (
    "weight*tanh({f})",
    "weight*{f}",
    "weight*({f} - {g})",
    "weight*tanh({f})*(1 - 0.2*{g})",
    "weight/(1 + exp(-({f} - 0.2)/0.3))",
    "weight*clip({f}, 0, 1)*tanh({g}) - 0.1*weight*int({f} > 0.25)",
    "0.2*{f} + weight",
    "-{g}*weight*exp(-({f})**2)",
)
GENERAL = (
    "weight*tanh({f} - {g})",
    "abs(weight*{f})",
    "weight*int({f} > {g})",
    "tanh(weight*{f}*3)",
    "weight*exp(-({f} - {g})**2)*sign({f})",
    "clip({f} + weight, -0.5, 0.5)*sqrt(1 + ({g})**2)",
    "weight*tanh({f})*int(i != j)",
    "weight*int((i + 2*j) % 3 == 0)*{f}",
    "tanh({f})*weight/N_incoming",
    "{f}*weight*cos(t/ms)",
    "squash({f} - {g})*weight",
)
# What an event adds, of a weight and of variables of the synapse.
AMOUNTS = (
    "weight",
    "0.1",
    "weight*(1 - gain)",
    "weight*int(weight > 0)",
    "weight/N_incoming",
    "weight*exp(-delay/ms)",
    "weight*cos(t/ms)",
    "weight*int(i != j)",
    "weight*int(working)",
    "weight*int(count % 2 == 0)",
    "half",
)
PLACES = ("each", None, "constant", "argument")


@dataclass(frozen=True)
class Wire:
    """One connection before its groups are known: indices of groups, `source` < 0 a generator."""

    number: int
    kind: str
    source: int
    target: int

    @property
    def drive(self) -> str | None:
        """Return the variable of the target that is summed into, if any."""
        return f"drive_{self.number}" if self.kind in SUMMED else None


@st.composite
def wires(draw: st.DrawFn, groups: int, generators: int, most: int) -> tuple[Wire, ...]:
    """Draw which groups are connected, and how."""
    drawn = []
    for number in range(draw(st.integers(0, most))):
        kind = draw(st.sampled_from(KINDS))
        from_events = kind in ("on_pre", "stdp", "stp", "clocked")
        source = draw(st.integers(-generators if from_events else 0, groups - 1))
        drawn.append(Wire(number, kind, source, draw(st.integers(0, groups - 1))))
    return tuple(drawn)


@dataclass
class _Draft:
    wire: Wire
    source: Neurons | Generator
    target: Neurons
    model: list[str] = field(default_factory=lambda: ["weight : 1"])
    quantities: list[Quantity] = field(default_factory=lambda: [Quantity("weight", -0.25, 0.35)])
    method: str | None = None

    @property
    def presynaptic(self) -> Variable:
        return self.source.variables[0]


@st.composite
def connections(
    draw: st.DrawFn, wire: Wire, sources: Sequence[Neurons | Generator], target: Neurons
) -> Connection:
    """Draw the synapses of a wire."""
    source = sources[wire.source]
    draft = _Draft(wire, source, target)
    statements = _STATEMENTS[wire.kind](draw, draft)
    if wire.drive and wire.kind in ("summed", "general"):
        statements = {}
    pathways = [draw(_pathway(end, end, text)) for end, text in statements.items()]
    if wire.kind == "on_pre" and draw(st.booleans()):
        pathways.append(draw(_pathway("later", "pre", draw(kicks(target)))))
    prefix = draw(st.sampled_from(["synapses", "a_synapses", "zynapses"]))
    return Connection(
        name=f"{prefix}_{wire.number}",
        number=wire.number,
        kind=wire.kind,
        source=draw(_end(source)),
        target=draw(_end(target)),
        model=tuple(draft.model),
        quantities=tuple(draft.quantities),
        pathways=tuple(pathways),
        events=_other_events(draw, source, pathways),
        method=draft.method,
        order=draw(st.sampled_from([0, 0, 0, -1, 1])),
        code=_regular(draw, target),
    )


@st.composite
def _end(draw: st.DrawFn, group: Neurons | Generator) -> End:
    return End(group.name, draw(st.sampled_from(group.parts)))


@st.composite
def _pathway(draw: st.DrawFn, name: str, end: str, statements: str) -> Pathway:
    place = draw(places()) if draw(st.integers(0, 3)) == 3 else {}
    return Pathway(name, end, statements, draw(st.sampled_from(PLACES)), **place)


def _other_events(
    draw: st.DrawFn, source: Neurons | Generator, pathways: Sequence[Pathway]
) -> tuple[tuple[str, str], ...]:
    if not isinstance(source, Neurons) or not source.events or not draw(st.booleans()):
        return ()
    return tuple((p.name, "custom") for p in pathways[-1:] if p.end == "pre")


def _regular(draw: st.DrawFn, target: Neurons) -> tuple[Code, ...]:
    if draw(st.integers(0, 5)) != 5:
        return ()
    seen = target.variables[0].ref("_post")
    change = draw(
        st.sampled_from(["0.95*weight", f"weight + 0.1*{seen}", "weight + 0.1*cos(t/ms)"])
    )
    every = draw(st.sampled_from([None, 3]))
    when = draw(st.sampled_from([None, *SLOTS]))
    return (Code(f"weight = clip({change}, -0.2, 0.3)", every=every, when=when),)


@st.composite
def kicks(draw: st.DrawFn, target: Neurons, suffix: str = "_post", amount: str = "weight") -> str:
    """Draw what an event does to a variable of the target."""
    variable = draw(st.sampled_from(target.variables))
    plain = [variable.name] * (suffix == "_post")
    name = draw(st.sampled_from([f"{variable.name}{suffix}", *plain]))
    forms = [
        f"{name} += {variable.times_unit(amount)}",
        f"{name} -= 0.5*{variable.times_unit(amount)}",
        f"{name} *= (1 - 0.2*weight)",
        # The order of synapses matters.
        f"{name} += weight*({variable.times_unit('0.5')} - {name})",
    ]
    if "n : integer" in target.equations:
        forms.append(f"n{suffix} += 1")
    if "flag : boolean" in target.equations:
        forms.append(f"flag{suffix} = weight > 0.1")
    return draw(st.sampled_from([forms[0], *forms]))


# --- kinds: each adds to the model and returns the statements of either end


def _on_pre(draw: st.DrawFn, draft: _Draft) -> dict[str, str]:
    amount = draw(st.sampled_from(AMOUNTS))
    after = ""
    if "gain" in amount:
        draft.model.append("gain : 1 (shared)")
        draft.quantities.append(Quantity("gain", 0, 1, each=False))
    if "working" in amount:
        draft.model.append("working : boolean")
        draft.quantities.append(Quantity("working", kind="boolean"))
        after = draw(st.sampled_from(["", "\nworking = not working"]))
    if "count" in amount:
        draft.model.append("count : integer")
        draft.quantities.append(Quantity("count", 0, 3, kind="integer"))
        after = "; count += 1"
    if "half" in amount:
        flags = draw(st.sampled_from(["", " (constant over dt)"]))
        draft.model.append(f"half = 0.5*weight : 1{flags}")
        after = "; weight *= 0.9"
    return {"pre": draw(kicks(draft.target, amount=amount)) + after}


def _on_post(draw: st.DrawFn, draft: _Draft) -> dict[str, str]:
    return {"post": draw(kicks(draft.source, "_pre")) + "; weight *= 0.9"}


def _factors(draft: _Draft) -> dict[str, str]:
    return {"f": draft.presynaptic.ref("_pre"), "g": draft.target.variables[-1].ref("_post")}


def _summed(draw: st.DrawFn, draft: _Draft) -> dict[str, str]:
    body = draw(st.sampled_from(FACTORISING)).format(**_factors(draft))
    draft.model.append(f"{draft.wire.drive}_post = {body} : 1 (summed)")
    return {}


def _general(draw: st.DrawFn, draft: _Draft) -> dict[str, str]:
    body = draw(st.sampled_from(GENERAL)).format(**_factors(draft))
    if draw(st.booleans()):
        draft.model.append(f"inner = {body} : 1")
        body = "inner"
    draft.model.append(f"{draft.wire.drive}_post = {body} : 1 (summed)")
    return {}


def _stdp(draw: st.DrawFn, draft: _Draft) -> dict[str, str]:
    draft.model += [
        "dtrace_pre_/dt = -trace_pre_/(3*ms) : 1 (event-driven)",
        "dtrace_post_/dt = -trace_post_/tau_back : 1 (event-driven)",
        "tau_back : second",
    ]
    draft.quantities.append(Quantity("tau_back", 1, 6, "ms"))
    pre = ["trace_pre_ += 0.1", draw(kicks(draft.target)),
           "weight = clip(weight - trace_post_, -0.3, 0.4)"]  # fmt: skip
    post = ["trace_post_ += 0.15", "weight = clip(weight + trace_pre_, -0.3, 0.4)"]
    order = draw(st.permutations([0, 1, 2]))
    return {"pre": "; ".join(pre[k] for k in order), "post": "\n".join(post)}


def _stp(draw: st.DrawFn, draft: _Draft) -> dict[str, str]:
    draft.model += [
        "dfacil/dt = (use - facil)/(4*ms) : 1 (event-driven)",
        "ddepr/dt = (1 - depr)/(6*ms) : 1 (event-driven)",
        "use : 1 (constant)",
    ]
    draft.quantities += [Quantity(name, 0.1, 0.8) for name in ("use", "facil", "depr")]
    kick = draw(kicks(draft.target, amount="weight*facil*depr"))
    update = "facil += use*(1 - facil); {}; depr -= facil*depr"
    return {"pre": draw(st.sampled_from([update, "{}; depr *= (1 - facil)"])).format(kick)}


def _clocked(draw: st.DrawFn, draft: _Draft) -> dict[str, str]:
    draft.method = draw(st.sampled_from(["euler", "exact", "rk2", "exponential_euler", None]))
    rise = draw(st.booleans())
    if rise and draft.method not in ("exact", None):
        draft.model += ["dgate/dt = -gate/(3*ms) + rise*(1 - gate)/ms : 1 (clock-driven)",
                        "drise/dt = -rise/tau_rise : 1 (clock-driven)",
                        "tau_rise : second"]  # fmt: skip
        draft.quantities.append(Quantity("tau_rise", 0.5, 2, "ms"))
        jump = "rise += 0.2"
    else:
        draft.model.append("dgate/dt = -gate/(3*ms) : 1 (clock-driven)")
        jump = "gate += weight"
    draft.quantities.append(Quantity("gate", -0.2, 0.5))
    gain = draw(st.sampled_from(["gate", "weight*gate", "gate*(1 - 0.3*{g})"]))
    body = gain.format(g=draft.target.variables[-1].ref("_post"))
    draft.model.append(f"{draft.wire.drive}_post = {body} : 1 (summed)")
    return {"pre": jump}


def _kinetic(draw: st.DrawFn, draft: _Draft) -> dict[str, str]:
    draft.method = draw(st.sampled_from(["euler", "rk2", "rk4", "exponential_euler"]))
    f = draft.presynaptic.ref("_pre")
    draft.model += [
        f"dgate/dt = (1/(1 + exp(-{f}/0.2))*(1 - gate) - 0.4*gate)/(2*ms) : 1 (clock-driven)",
        f"{draft.wire.drive}_post = weight*gate : 1 (summed)",
    ]
    draft.quantities.append(Quantity("gate", 0, 1))
    return {}


_STATEMENTS = {
    "on_pre": _on_pre,
    "on_post": _on_post,
    "summed": _summed,
    "general": _general,
    "stdp": _stdp,
    "stp": _stp,
    "clocked": _clocked,
    "kinetic": _kinetic,
}
