"""Statements that share what they compute do the same as those that do not."""

import ast
import re
import sys
from collections import Counter
from itertools import count

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurotrain.executions.fused.sharing import share
from neurotrain.lowering.program import Assignment

# The same on every Python.
pytestmark = pytest.mark.slow


def shared(*lines, scalar=()):
    """Return the statements that `share` makes of lines such as ``x = exp(y)``, as lines."""
    names = (f"_shared_{k}" for k in count(1))
    done = share(
        [assignment(line) for line in lines],
        lambda prefix: next(names),
        [assignment(line) for line in scalar],
    )
    return [f"{one.target} {one.op} {one.expression}" for one in done]


def assignment(line):
    """Return 'target op expression' as an Assignment; all names but k and n are real."""
    target, op, expression = line.split(maxsplit=2)
    return Assignment(target, op, expression, "integer" if target in ("k", "n") else "float")


class Decimal(ast.NodeTransformer):
    """Numbers as they are written, in as many digits as mpmath has."""

    def visit_Constant(self, node):
        text = ast.Constant(repr(node.value))
        return ast.Call(ast.Name("mpf", ast.Load()), [text], [])


FUNCTIONS = ("exp", "cosh", "sinh", "tanh", "sqrt", "log")


def run(lines, values, functions=mpmath, convert=True):
    """Execute lines one after the other; `rand()` counts how often it was called."""
    calls = count(1)
    space = {name: getattr(functions, name) for name in FUNCTIONS if hasattr(functions, name)}
    space |= {"mpf": mpmath.mpf, "rand": lambda: mpmath.mpf(next(calls)) / 7, **values}
    for line in lines:
        tree = ast.parse(line.replace(":=", "=", 1))
        tree = ast.fix_missing_locations(Decimal().visit(tree)) if convert else tree
        exec(compile(tree, line, "exec"), space)
    return {
        name: space[name] for name in (*values, *re.findall(r"^(\w+) :=", "\n".join(lines), re.M))
    }


# Blocks of statements, as Brian2 makes them: declared names, then state variables.
NAMES = ("v", "w", "m", "h", "c")
MULTIPLES = ("", "-", "2*", "-2.0*", "0.5*", "-0.25*", "3*", "1.5*", "7*", "0.1*")
CORES = ("v", "(v - c)", "(v - c)/w", "(c - v)", "slope*(v + shift)", "half*(shift + v)", "m")
EXPONENTIALS = ("exp({})", "1.0/(1.0 + exp({}))", "cosh({})", "tanh({})")
LOGISTIC = ("0.5*(1 + tanh({}))", "0.5 + (0.5*tanh({}))", "(1 - tanh({}))/2", "0.5*(1 - tanh({}))")
LOGISTIC += ("1.0 + (w - tanh({}))", "0.5 + ((-w) + (0.5*tanh({})))", "-0.5*tanh({}) - 0.5")
SCALAR = ("slope := 1.0/k1", "shift := -k2", "half := 0.5/k1")


@st.composite
def expressions(draw, names, depth=3):
    """An expression of the given names."""
    if depth == 0 or draw(st.booleans()):
        simple = [*names, "2", "0.5", "3.0", "1.5", "k1", "rand()"]
        return draw(st.sampled_from(simple))
    form = draw(st.sampled_from(["sum", "gate", "gate", "power", "function"]))
    if form == "gate":
        cores = [
            core
            for core in CORES
            if set(re.findall("[vwmhc]", core.replace("shift", ""))) <= set(names) | set("fts")
        ]
        core = draw(st.sampled_from(cores or ["k1"]))
        multiple = draw(st.sampled_from(MULTIPLES))
        return draw(st.sampled_from(EXPONENTIALS + LOGISTIC)).format(multiple + core)
    first, second = (draw(expressions(names, depth - 1)) for _ in range(2))
    if form == "power":
        return f"({first})**{draw(st.integers(1, 3))}"
    if form == "function":
        return f"sqrt(({first})**2 + 1.0)"
    operator = draw(st.sampled_from(["+", "-", "*", "+"]))
    return f"({first}) {operator} ({second})"


@st.composite
def blocks(draw):
    """A block of statements in which variables are assigned to again."""
    lines, names = [], list(NAMES)
    for k in range(draw(st.integers(1, 7))):
        expression = draw(expressions(names))
        if draw(st.booleans()):
            lines.append(f"y{k} := {expression}")
            names.append(f"y{k}")
        else:
            op = draw(st.sampled_from(["=", "=", "+="]))
            lines.append(f"{draw(st.sampled_from(NAMES))} {op} {expression}")
    return lines


VALUES = {
    "v": "0.31",
    "w": "1.7",
    "m": "-0.42",
    "h": "0.77",
    "c": "0.113",
    "k1": "2.3",
    "k2": "0.9",
}


@settings(max_examples=400, deadline=None)
@given(blocks())
def test_shared_blocks_do_the_same(lines):
    """In so many digits that a wrong term is seen and rounding is not."""
    with mpmath.workdps(400):
        values = {name: mpmath.mpf(value) for name, value in VALUES.items()}
        values |= run(SCALAR, values)
        before = run(lines, values)
        after = run(shared(*lines, scalar=SCALAR), values)
        for name, value in before.items():
            difference = abs(after[name] - value)
            assert difference <= mpmath.mpf(10) ** -200 * (1 + abs(value)), name


# Without the cancellation that the written forms suffer from.
EXACT = {
    "exp({})": mpmath.exp,
    "1.0/(1.0 + exp({}))": lambda x: 1 / (1 + mpmath.exp(x)),
    "cosh({})": mpmath.cosh,
    "0.5*(1 + tanh({}))": lambda x: 1 / (1 + mpmath.exp(-2 * x)),
    "(1 - tanh({}))/2": lambda x: 1 / (1 + mpmath.exp(2 * x)),
}
POINTS = np.array([0.0, 1e-3, 0.1, 0.5, 1, 2, 5, 18, 40, 88, 120, 240, 354, 400, 700, 745, 800])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(list(EXACT)), min_size=2, max_size=4),
    st.lists(st.sampled_from(MULTIPLES), min_size=4, max_size=4),
)
def test_shared_exponentials_are_exact_to_a_few_last_places(forms, multiples):
    """Also where exponentials overflow or vanish. An error of the argument counts |x| times."""
    members = list(zip(forms, multiples, strict=False))
    lines = [f"y{k} := {form.format(m + 'v')}" for k, (form, m) in enumerate(members)]
    v = np.concatenate([POINTS, -POINTS])
    with np.errstate(all="ignore"):
        after = run(shared(*lines), {"v": v}, np, convert=False)
    for k, (form, multiple) in enumerate(members):
        arguments = eval(f"{multiple}v", {"v": v})
        for x, got in zip(arguments, after[f"y{k}"], strict=True):
            exact = EXACT[form](mpmath.mpf(x))
            if exact > np.finfo(float).max * 0.999:
                assert got == np.inf
            else:
                unit = max(np.spacing(float(exact)), 2.0**-1020)
                assert abs(got - exact) <= (16 + 8 * abs(x)) * unit, (x, lines)


def test_morris_lecar_needs_two_exponentials():
    lines = shared(
        "_v := v + a*(I - g*(v + b)*(0.5 + 0.5*tanh(l3*(l4 + v))))",
        "_w := (phi*((0.5 + ((- w) + (0.5*tanh(l8*(l9 + v)))))*cosh(l10*(l9 + v)))) + w",
        scalar=("l3 := 1.0/V2", "l4 := -V1", "l8 := 1.0/V4", "l9 := -V3", "l10 := 0.5/V4"),
    )
    assert sum(line.count("exp(") for line in lines) == 2
    assert not any("tanh" in line or "cosh" in line for line in lines)


def test_assignments_end_what_may_be_shared():
    lines = shared("x := exp(v)*2", "y := exp(v)*3", "v = v + x", "z := exp(v)*4")
    assert sum(line.count("exp(") for line in lines) == 2
    lines = shared("x := exp(v)*2", "v += 1", "z := exp(-v)*4")
    assert sum(line.count("exp(") for line in lines) == 2


def test_an_exponential_is_not_computed_before_its_argument():
    lines = shared("x := exp(2*v)", "u := v - c", "y := exp(u)", "z := exp(2*u)")
    assert lines.index("u := v - c") < next(k for k, line in enumerate(lines) if "exp(u)" in line)
    lines = shared("x := exp(2*v)", "u := v - c", "y := exp(v + u - u)")
    assert lines[0] == "_shared_1 := exp(1.0 * v)"


def test_the_sign_is_that_of_most_exponentials():
    lines = shared("x := exp(-v)", "y := exp(-2*v)", "z := cosh(v)")
    assert lines[0] == "_shared_1 := exp(-v)"
    assert lines[2:] == ["y := _shared_1 ** 2", "z := 0.5 * (_shared_1 + 1.0 / _shared_1)"]


def test_factors_are_drawn_together_only_where_that_is_exact():
    assert shared("x = 0.3*(1 + tanh(v))") == ["x = 0.3 * (2.0 / (1.0 + exp(-2.0 * v)))"]
    assert shared("x = (1 + tanh(v))/4") == ["x = 0.5 / (1.0 + exp(-2.0 * v))"]


def test_a_power_of_an_exponential_is_an_exponential():
    """``exp(v)`` alone is 0 in single precision where the power is not."""
    assert shared("x = exp(a*v)**0.05") == ["x = exp(0.05 * (a * v))"]
    assert shared("x = 1/exp(v)**0.05") == ["x = 1 / exp(0.05 * v)"]
    # Nothing is known of these.
    for line in ("x = exp(v)**n", "x = exp(v)**0", "x = cosh(v)**0.05"):
        assert ast.dump(ast.parse(shared(line)[0])) == ast.dump(ast.parse(line))


@pytest.mark.parametrize("call", ["rand()", "randn()", "poisson(v)", "mine(v)"])
def test_calls_that_may_differ_are_never_shared(call):
    line = f"x := sqrt({call} + 1)*(1/v) + sqrt({call} + 1)/(1/v)"
    (first, second) = shared(line)
    assert first == "_shared_1 := 1 / v"
    assert second.count(call) == 2


def test_only_real_numbers_are_shared():
    """The kind of a new name must be known."""
    assert shared("x = (p//q)*1.0 + (p//q)*2.0") == ["x = p // q * 1.0 + p // q * 2.0"]
    assert shared("n = p % q", "x = (n % q)*n", "h = (n % q)*v") == [
        "n = p % q", "x = n % q * n", "h = n % q * v"
    ]  # fmt: skip


def test_parentheses_stand_where_they_must():
    lines = ["x = a - (b - c) - (d + e)*f**-2/(g/h)", "y = -(a + b)**2", "z = (-a)**2 - -a"]
    lines += ["n = int(not (a > b and (c < d or a == b)))", "x = 2.0**(3.0**v)", "y = (a**b)**c"]
    lines += ["k = (a < b) == (c < d)", "x = a*(b/c)", "x = a % (b*c)"]
    for line in lines:
        assert ast.dump(ast.parse(shared(line)[0])) == ast.dump(ast.parse(line))


def test_cost_grows_with_the_code_and_no_faster():
    """Also for sums that are longer than Python's own limit of nested parentheses."""

    def calls(n):
        """Return how often functions are called for code of length n: time itself is noisy."""
        sums = " + ".join(f"a{k}*exp(-(v - b{k})/c{k})" for k in range(n))
        lines = [f"y{k} := y{k - 1}*(a{k} + exp(-v/{k + 1}.0))" for k in range(1, n)]
        counted = Counter()
        before = sys.getprofile()
        sys.setprofile(lambda frame, event, argument: counted.update([event]))
        try:
            done = shared(f"y0 := {sums}", *lines)
        finally:
            sys.setprofile(before)
        assert ast.parse(done[0].split(":=")[1].strip())
        return counted["call"] + counted["c_call"]

    assert 4 < calls(400) / calls(50) < 12
