"""Whether all of a kernel's source is what neurotrain writes, and no string of the user's."""

import re
from functools import cache

from brian2 import Network, NeuronGroup, Synapses, ms

from neurotrain.executions.fused.source import generate_source
from neurotrain.lowering.network import lower

# What comes from a model gets a prefix; no name of the language or of a library begins so. Values
# of several rows have another one before it.
_GIVEN = re.compile(r"(all_)?[a-z]\d*_\w+|[a-z]\d+", re.ASCII)
# Beside names, numbers and operators nothing is written; comments neither.
_TOKEN = re.compile(
    r"\s+|[A-Za-z_]\w*|(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[fFuUlL]*"
    r"|(?!/[*/]|\*/)[-+*/%<>=!&|~?:;,.()\[\]{}]",
    re.ASCII,
)
NEURONS = """
dv/dt = (bias + drive - v)/(10*ms) + 0.1*xi*ms**-0.5 : 1 (unless refractory)
dw/dt = (tanh(v)*clip(w, -1, 1) - w**2 % 3 // 2)/ms : 1
m = exp(-v)*int(v > 0 and not w < 1 or u == 2) : 1
bias : 1
drive : 1
u : integer
total : 1 (shared)
"""
RESET = "v = -rand()*m; w += sqrt(abs(v)); u += 1"
SUMMED = "weight : 1\ndrive_post = weight*v_pre : 1 (summed)\ns : 1"
ON_PRE = "w_post += weight*randn(); s += 1"


def make_network(neurons=NEURONS, threshold="v > 1", reset=RESET, summed=SUMMED, on_pre=ON_PRE):
    """Return a network with strings of every kind in it."""
    group = NeuronGroup(
        3, neurons, threshold=threshold, reset=reset, refractory=1 * ms, method="euler",
        dt=0.1 * ms, name="cells*",
    )  # fmt: skip
    made = Synapses(group, group, summed, on_pre=on_pre, name="connections*")
    made.connect()
    return Network(group, made)


def source_of(network, namespace=None) -> str:
    return generate_source(lower(network, namespace or {}).program)


@cache
def _usual() -> tuple[frozenset[str], frozenset[str]]:
    """Return the lines and the names of the kernel of a network that is beyond suspicion."""
    source = source_of(make_network())
    return frozenset(source.splitlines()), frozenset(re.findall(r"[A-Za-z_]\w*", source))


def foreign(source: str, known: tuple[str, ...] = ()) -> list[str]:
    """Return what in the source is neither neurotrain's nor a name from a model with its prefix."""
    lines, names = _usual()
    found = []
    for line in source.splitlines():
        at = len(line) if re.fullmatch(r"#define MOST_ARRAYS \d+", line) else 0
        while line not in lines and at < len(line):
            token = _TOKEN.match(f"{line}\n", at)
            if token is None:
                found.append(line[at:])
                break
            text, at = token[0], token.end()
            if re.match(r"[A-Za-z_]", text) and text not in names and text not in known:
                found += [] if _GIVEN.fullmatch(text) else [text]
    return found
