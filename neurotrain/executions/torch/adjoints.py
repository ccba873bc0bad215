"""Each operation of a step in C++ on vectors of elements, and how its gradient goes back."""

from collections.abc import Iterator

from neurotrain.executions.torch.expressions import Expressions, Node

_SAME = (
    "exp", "expm1", "exprel", "log", "log10", "log1p", "sqrt", "sin", "cos", "tan", "sinh",
    "cosh", "tanh", "arcsin", "arccos", "arctan", "abs", "sign", "floor", "ceil",
)  # fmt: skip
FORWARD = {
    **{name: f"nt_{name}({{0}})" for name in _SAME},
    **{op: f"truth({{0}} {op} {{1}})" for op in ("<", "<=", ">", ">=", "==", "!=")},
    "mul": "{0} * {1}",
    "div": "{0} / {1}",
    "recip": "T(1) / {0}",
    "sigmoid": "T(1) / (T(1) + nt_exp(-({0})))",
    "pow": "nt_pow({0}, {1})",
    "mod": "nt_mod({0}, {1})",
    "floordiv": "nt_floordiv({0}, {1})",
    "clip": "nt_clip({0}, {1}, {2})",
    "trunc": "choose(truth({0} < T(0)), nt_ceil({0}), nt_floor({0}))",
    "number": "choose({0}, T(1), T(0))",
    "and": "{0} & {1}",
    "or": "{0} | {1}",
    "not": "~{0}",
    "where": "choose({0}, {1}, {2})",
    "chosen": "choose({0} != T(0), {1}, {2})",
    "spike": "choose({0}, T(1), T(0))",
    "full": "{0}",
}
TRUTHS = frozenset({"<", "<=", ">", ">=", "==", "!=", "and", "or", "not"})
# What goes to each argument, of the gradient d, the result x and the arguments; '' for nothing.
BACKWARD = {
    "mul": ("d * {1}", "d * {0}"),
    "div": ("d / {1}", "-d * x / {1}"),
    "recip": ("-d * x * x",),
    "sigmoid": ("d * x * (T(1) - x)",),
    "exp": ("d * x",),
    "expm1": ("d * (x + T(1))",),
    "exprel": ("d * exprel_slope({0}, x)",),
    "log": ("d / {0}",),
    "log10": ("d / ({0} * T(2.302585092994046))",),
    "log1p": ("d / (T(1) + {0})",),
    "sqrt": ("d / (T(2) * x)",),
    "sin": ("d * nt_cos({0})",),
    "cos": ("-d * nt_sin({0})",),
    "tan": ("d * (T(1) + x * x)",),
    "sinh": ("d * nt_cosh({0})",),
    "cosh": ("d * nt_sinh({0})",),
    "tanh": ("d * (T(1) - x * x)",),
    "arcsin": ("d / nt_sqrt(T(1) - {0} * {0})",),
    "arccos": ("-d / nt_sqrt(T(1) - {0} * {0})",),
    "arctan": ("d / (T(1) + {0} * {0})",),
    "abs": ("d * nt_sign({0})",),
    "pow": ("d * {1} * nt_pow({0}, {1} - T(1))", "d * x * nt_log({0})"),
    "mod": ("d", "-d * nt_floor({0} / {1})"),
    "where": ("", "choose({0}, d, T(0))", "choose({0}, T(0), d)"),
    "clip": (
        "choose(truth({0} >= {1}) & truth({0} <= {2}), d, T(0))",
        "choose(truth({0} < {1}), d, T(0))",
        "choose(truth({0} > {2}), d, T(0))",
    ),
    "chosen": ("d * ({1} - {2})", "d * {0}", "d * (T(1) - {0})"),
    "spike": ("", "d * surrogate({1} / scale_of_{2}) / scale_of_{2}"),
}
# The derivative of a spike, with the slope `slope`.
SURROGATES = {
    "none": "T(0) * x",
    "fast-sigmoid": "T(1) / ((T(1) + slope * nt_abs(x)) * (T(1) + slope * nt_abs(x)))",
    "sigmoid": "slope / ((T(1) + nt_exp(-slope * x)) * (T(1) + nt_exp(slope * x)))",
    "arctan": "slope / T(2) / (T(1) + T(2.4674011002723395) * slope * slope * x * x)",
    "triangle": "T(0.3) * nt_clip(T(1) - slope * nt_abs(x), T(0), T(1))",
}


class Elementwise:
    """Writes nodes of a graph for one vector of elements.

    Parameters
    ----------
    graph : Expressions
    numbers : list of float
        Takes the constants, which the lines call ``k[0], k[1], ...``.
    scales : dict of tuple to int
        Takes which conditions have a surrogate derivative.
    """

    def __init__(self, graph: Expressions, numbers: list[float], scales: dict) -> None:
        self.graph, self.numbers, self.scales = graph, numbers, scales

    def covers(self, number: int) -> bool:
        """Return whether an operation can be written."""
        return self.graph.nodes[number].op in (*FORWARD, "sum", "constant")

    def is_truth(self, number: int) -> bool:
        """Return whether a node is a truth value."""
        node = self.graph.nodes[number]
        if node.op == "constant":
            return isinstance(node.data, bool)
        if node.op == "leaf":
            return len(node.data) > 2 and node.data[2] in ("boolean", "reached")
        if node.op in ("where", "full"):
            return self.is_truth(node.args[-1])
        return node.op in TRUTHS

    def text(self, number: int) -> str:
        """Return how a node is called."""
        node = self.graph.nodes[number]
        if node.op != "constant":
            return f"x{number}"
        if isinstance(node.data, bool):
            return f"vec(I({-int(node.data)}))"
        return f"vec({self.constant(node.data)})"

    def constant(self, value: float) -> str:
        """Return the name of a number."""
        self.numbers.append(float(value))
        return f"k[{len(self.numbers) - 1}]"

    def forward(self, number: int) -> str:
        """Return the line that computes a node."""
        node = self.graph.nodes[number]
        kind = "VI" if self.is_truth(number) else "V"
        value = self._sum(node) if node.op == "sum" else self._call(node)
        return f"const {kind} x{number} = {value};"

    def _call(self, node: Node) -> str:
        return FORWARD[node.op].format(*(self.text(k) for k in node.args))

    def _sum(self, node: Node) -> str:
        parts = [] if node.data[0] == 0 else [f"vec({self.constant(node.data[0])})"]
        for factor, arg in zip(node.data[1:], node.args, strict=True):
            exact = {1.0: "", -1.0: "-"}.get(factor)
            parts.append(
                f"{self.constant(factor)} * {self.text(arg)}"
                if exact is None
                else f"{exact}{self.text(arg)}"
            )
        return " + ".join(parts)

    def backward(self, number: int, active: set[int]) -> Iterator[str]:
        """Yield the lines that hand the gradient of a node on to its active arguments."""
        node = self.graph.nodes[number]
        if node.op == "sum":
            for factor, arg in zip(node.data[1:], node.args, strict=True):
                if arg in active:
                    exact = {1.0: "", -1.0: "-"}.get(factor)
                    own = f"{self.constant(factor)} * " if exact is None else exact
                    yield f"d{arg} += {own}d{number};"
            return
        texts = [self.text(k) for k in node.args]
        if node.op == "spike":
            texts.append(str(self.scales.setdefault(node.data, len(self.scales))))
        for arg, rule in zip(node.args, BACKWARD.get(node.op, ()), strict=False):
            if arg in active and rule:
                # As whole words, so that no name is cut.
                filled = _words(rule, {"d": f"d{number}", "x": f"x{number}"}).format(*texts)
                yield f"d{arg} += {filled};"


def _words(text: str, names: dict[str, str]) -> str:
    from re import sub

    return sub(r"\b[dx]\b", lambda found: names[found[0]], text)
