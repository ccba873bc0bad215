"""Every function and operator of the equation language, in C++, against Brian2's own numpy."""

import numpy as np
import pytest
from brian2 import NeuronGroup, ms
from brian2.core.functions import DEFAULT_FUNCTIONS
from one_group import run_group
from scipy import special

from neurotrain.errors import UnsupportedModel

X = np.array([-3.5, -2, -1, -0.5, -1e-3, 0, 1e-3, 0.25, 0.5, 1, 1.5, 2, 3, 7.3])
Y = np.array([2.0, -2, 3, 0.5, 1, 1, 1, -0.3, 0.7, -1, 2, 4, -4, 3.3])
M = np.arange(len(X)) - 5
B = np.arange(len(X)) % 3 == 0
CONSTANTS = {"k": 3.0, "whole": 7, "yes": True}

# `p` is a parameter and `x`, `y` are states: the one is a scalar in the kernel, the others vectors.
EXPRESSIONS = """
x + y; x - y; x*y; x/y; -x; +x; x*p; p/y; p - x; k*x; whole*x; yes*x; b*x; b*p; b*b*x
x**2; x**3; x**16; x**17; x**2.0; x**-1; x**(-2); x**0; 2**x; abs(x)**y; abs(p)**0.5; x**k; x**whole
p**3; k**2*x; m**2; 2.5**m; (-2.0)**m; x//y; x % y; p//y; p % y; x//1; x % 1; x//0.1; x % 0.1
1.0 % 0.1 + 0*x; 1.0//0.1 + 0*x; (0.1*m) % 0.1; m//3; m % 3; -m//3; -m % 3; m//-3; m//2.0; m % 2.5
1/2 + 0*x; m/2; m*x; m + 1; int(x)//2; int(m/2); int(x); int(p); int(x > 0); int(b); int(yes) + x
int(x > 0)*int(y > 0)*x; int(x >= 0.5); int(x == 0.5); int(x != 0.5); int(x <= 0.5); int(x < 0.5)
int(x > 0 and y > 0); int(x > 0 or y > 0); int(not x > 0); int(b and x > 0); int(not b)
int(p > 0 and not b or y > 1); int(m == 3); int(m < 2); int(b == (x > 0)); int(yes and x > 0)
int(k > 2) + x; clip(x, -1, 1); clip(p, -1, 1); clip(x, y, 2); clip(p, y, 2); clip(m, 0, 3)
clip(x, -1, p); sign(x); sign(m); abs(m); abs(m)//2; ceil(x); floor(x); ceil(p); floor(x)//2
exp(x); exp(p); exp(k) + x; expm1(x); exprel(x); exprel(p); log(abs(x) + 1); log10(abs(x) + 1)
log1p(abs(x)); sqrt(abs(x)); sin(x); cos(x); tan(x); sinh(x); cosh(x); tanh(x); sinh(p); cosh(p)
tanh(p); arcsin(x/8); arccos(x/8); arctan(x); timestep(x*ms, dt)*1; timestep(p*ms, dt)*1
timestep(x*ms, pace)*1; timestep(0.3*ms, dt)*x; pi*x; e*x; 1e10*x; 1e-3*x; 0.1*x; t/ms + x
exp(-(x - 3)**2/(2*k**2))/(1 + exp(-x/0.8)); (x + y)*(x - y) - x*x + y*y
""".replace("\n", ";").split(";")
EXPRESSIONS = [text.strip() for text in EXPRESSIONS if text.strip()]


def observe(group, names, precision, states):
    """Return what the kernel sees in the first step, (neuron,) for each name."""
    ran = run_group(group, names, precision=precision, values=states)
    return {name: values[0] for name, values in ran.samples.items()}


@pytest.fixture(scope="module")
def reference():
    """The expressions as subexpressions of one group, and what Brian2 makes of them."""
    names = [f"result_{k}" for k in range(len(EXPRESSIONS))]
    lines = [f"{name} = {text} : 1" for name, text in zip(names, EXPRESSIONS, strict=True)]
    group = NeuronGroup(
        len(X),
        "\n".join(
            ["dx/dt = 0/second : 1", "dy/dt = 0/second : 1", "p : 1", "m : integer", "b : boolean"]
            + ["pace : second", *lines]
        ),
        method="euler",
        dt=0.1 * ms,
        namespace=CONSTANTS,
        name="expressions*",
    )
    group.x, group.y, group.p, group.m, group.b, group.pace = X, Y, X, M, B, 0.1 * ms
    with np.errstate(all="ignore"):
        expected = {name: np.array(getattr(group, name)[:], dtype=float) for name in names}
    return group, names, expected


# In units in the last place of the larger of the result and 1: tanh and the like are exact to
# within rounding of 1, and powers in single precision to within rounding of their exponent.
@pytest.mark.parametrize(("precision", "ulps"), [("float64", 16), ("float32", 40)])
def test_expressions_are_what_brian2_computes(reference, precision, ulps):
    group, names, expected = reference
    rounded = {"x": X, "y": Y}
    got = observe(group, names, precision, rounded)
    bound = ulps * np.finfo(precision).eps
    for text, name in zip(EXPRESSIONS, names, strict=True):
        exact = expected[name]
        if precision == "float32" and jumps(text):
            continue
        np.testing.assert_allclose(
            got[name], exact, rtol=bound, atol=bound, equal_nan=True, err_msg=f"{text} at {X}"
        )


def jumps(text):
    """Return whether rounding the operands to single precision may change the result by much."""
    return any(part in text for part in ("0.1", "y/", "% y", "//y", "timestep"))


def test_every_covered_function_is_among_the_expressions():
    random = {"rand", "randn", "poisson"}
    for name in set(DEFAULT_FUNCTIONS) - random:
        assert any(f"{name}(" in text for text in EXPRESSIONS), name


def elementary(function, values, precision):
    """Return function(state) and function(parameter) for many values."""
    group = NeuronGroup(
        len(values),
        f"""dx/dt = 0/second : 1
        p : 1
        of_state = {function}(x) : 1
        of_parameter = {function}(p) : 1""",
        method="euler",
        dt=0.1 * ms,
        name=f"elementary_{function}*",
    )
    group.p = values
    got = observe(group, ("of_state", "of_parameter"), precision, {"x": values})
    return got["of_state"], got["of_parameter"]


LIMITS = {"float32": (-86.6, 88.722839), "float64": (-707.7, 709.782712893384)}


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_exp_over_its_whole_range(precision):
    low, high = LIMITS[precision]
    kind = np.dtype(precision)
    values = np.concatenate(
        [np.linspace(low, high, 20_000), np.linspace(-1, 1, 2001), [0, -0.0, 1e-300, low, high]]
    ).astype(kind)
    values = values[(values >= kind.type(low)) & (values <= kind.type(high * (1 - 1e-6)))]
    exact = np.exp(values.astype(np.longdouble))
    for got in elementary("exp", values.astype(float), precision):
        ulps = np.abs(got - exact) / np.spacing(exact.astype(kind))
        assert ulps.max() < 2
    # Beyond: to infinity above, to zero below (there it is at most the smallest normal number).
    outside = np.array([high + 0.01, 2000, np.inf, np.nan, low - 1.5, -2000, -np.inf])
    expected = np.array([np.inf, np.inf, np.inf, np.nan, 0, 0, 0])
    for got in elementary("exp", outside, precision):
        np.testing.assert_allclose(got, expected, atol=2.5 * np.finfo(kind).tiny)


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("function", ["tanh", "cosh"])
def test_tanh_and_cosh_over_their_whole_range(function, precision):
    high = LIMITS[precision][1]
    high *= 1 - 1e-6
    values = np.concatenate([np.linspace(-high, high, 4001), np.linspace(-3, 3, 4001)])
    values = values.astype(precision).astype(float)
    exact = getattr(np, function)(values.astype(np.longdouble))
    for got in elementary(function, values, precision):
        error = np.abs(got - exact) / np.maximum(1, np.abs(exact))
        assert error.max() < 6 * np.finfo(precision).eps
    limits = np.array([-np.inf, -2000, 2000, np.inf, np.nan])
    for got in elementary(function, limits, precision):
        with np.errstate(over="ignore"):
            np.testing.assert_array_equal(got, getattr(np, function)(limits))


def test_exprel_has_no_hole_at_zero():
    values = np.array([0, 1e-300, -1e-17, 1e-12, 1e-6, -1e-3, 0.5, 30.0])
    for precision in ("float32", "float64"):
        for got in elementary("exprel", values, precision):
            np.testing.assert_allclose(
                got, special.exprel(values), rtol=8 * np.finfo(precision).eps
            )


def test_remainder_and_floor_division_keep_pythons_rule():
    """Negative operands, exact multiples, and quotients whose rounding would cross an integer."""
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(-50, 50, 4000), np.arange(-40, 40) * 0.1, [5e9 + 0.5]])
    y = np.concatenate([rng.choice([-3.0, -0.1, 0.1, 0.7, 10.0], 4000), np.full(81, 0.1)])
    group = NeuronGroup(
        len(x),
        "dx/dt = 0/second : 1\ny : 1\nrest = x % y : 1\nwhole = x//y : 1",
        method="euler",
        dt=0.1 * ms,
        name="remainders*",
    )
    group.y = y
    got = observe(group, ("rest", "whole"), "float64", {"x": x})
    np.testing.assert_array_equal(got["rest"], x % y)
    np.testing.assert_array_equal(got["whole"], x // y)


def test_adding_truth_values_is_refused():
    group = NeuronGroup(2, "b : boolean\nc : boolean\nx = (b + c)*1.0 : 1", dt=0.1 * ms)
    with pytest.raises(UnsupportedModel, match="int"):
        observe(group, ("x",), "float64", {})


# Names of C++, of the kernel itself, and of sympy.
NAMES = [
    *("I", "T", "V", "VI", "E", "K", "N_", "double", "run", "step", "time", "short", "auto"),
    *("register", "new", "template", "static", "before", "own", "plane", "candidate", "vec", "at"),
    *("sums", "spiking", "gain_0", "x_t", "x_v", "state_v", "parameter_v", "memcpy", "REAL"),
    *("WIDTH", "N_TERMS", "NULL", "INFINITY", "M_PI", "nt_exp", "failed", "first", "first_step"),
    *("main", "int64_t", "observed"),
]


def test_a_user_may_give_variables_and_constants_any_name():
    states = "\n".join(f"d{name}/dt = (c_{name} - {name})/(10*ms) : 1" for name in NAMES)
    parameters = "\n".join(f"c_{name} : 1" for name in NAMES)
    group = NeuronGroup(3, f"{states}\n{parameters}", method="euler", dt=0.1 * ms, name="named*")
    values = {f"c_{name}": np.full(3, k) for k, name in enumerate(NAMES)}
    values |= {name: np.full(3, -1.0 - k) for k, name in enumerate(NAMES)}
    ran = run_group(group, NAMES, values=values)
    for k, name in enumerate(NAMES):
        expected = -1.0 - k + 0.01 * (k + 1 + k)
        np.testing.assert_allclose(ran.final[name], expected, rtol=1e-13)
    assert len(ran.final) == len(NAMES)


def test_constants_may_be_called_like_types_of_the_kernel():
    constants = {name: float(k) for k, name in enumerate(NAMES)}
    total = " + ".join(f"{k + 1}*{name}" for k, name in enumerate(NAMES))
    group = NeuronGroup(
        1, f"y = {total} + 0*p : 1\np : 1", namespace=constants, dt=0.1 * ms, name="constants*"
    )
    got = observe(group, ("y",), "float64", {})
    assert got["y"].item() == sum(k * (k + 1) for k in range(len(NAMES)))
