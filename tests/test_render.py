"""Every function and operator of the equation language, in C++, against Brian2's own numpy."""

import numpy as np
import pytest
from brian2 import NeuronGroup, TimedArray, ms
from brian2.core.functions import DEFAULT_FUNCTIONS
from one_group import run_group

pytestmark = pytest.mark.usefixtures("compiled_quickly")

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


# Names of C++, of the kernel itself, and of sympy.
NAMES = [
    *("I", "T", "V", "VI", "E", "K", "N_", "double", "run", "step", "time", "short", "auto"),
    *("register", "new", "template", "static", "before", "own", "plane", "candidate", "vec", "at"),
    *("sums", "spiking", "gain_0", "x_t", "x_v", "state_v", "parameter_v", "memcpy", "REAL"),
    *("WIDTH", "N_TERMS", "NULL", "INFINITY", "M_PI", "nt_exp", "failed", "first", "first_step"),
    *("main", "int64_t", "observed", "Run", "Array", "Table", "Queue", "Events", "Noise", "b"),
    *("noise", "noises", "space", "queue", "deliver", "happened", "now", "lanes", "source", "row"),
    *("tick_0", "step_0", "due_0", "time_0", "v", "v_0", "v_0_0", "x_v_0", "s_v_0", "p_v_0"),
    *("y1_v", "c_v", "e_spike_0", "counted", "values", "seen", "element", "p", "r", "d", "weight"),
]


# Compilers take long over many variables.
STATES = sorted({*NAMES[::3], "v", "v_0", "v_0_0", "x_v_0", "c_v", "b", "at", "now", "noise"})


def test_a_user_may_give_variables_and_constants_any_name():
    states = "\n".join(f"d{name}/dt = (to_{name} - {name})/(10*ms) : 1" for name in STATES)
    parameters = "\n".join(f"to_{name} : 1" for name in STATES)
    group = NeuronGroup(3, f"{states}\n{parameters}", method="euler", dt=0.1 * ms, name="named*")
    values = {f"to_{name}": np.full(3, k) for k, name in enumerate(STATES)}
    values |= {name: np.full(3, -1.0 - k) for k, name in enumerate(STATES)}
    ran = run_group(group, STATES, values=values)
    for k, name in enumerate(STATES):
        expected = -1.0 - k + 0.01 * (k + 1 + k)
        np.testing.assert_allclose(ran.final[name], expected, rtol=1e-13)
    assert len(ran.final) == len(STATES)


def test_constants_functions_and_events_may_be_called_like_parts_of_the_kernel():
    constants = {name: float(k) for k, name in enumerate(NAMES) if name != "p"}
    total = " + ".join(f"{k + 1}*{name}" for k, name in enumerate(NAMES) if name != "p")
    given = {name: TimedArray([7.0], dt=1 * ms) for name in ("Outcome", "tiles", "f_x", "x_at")}
    calls = " + ".join(f"{name}(t)" for name in given)
    group = NeuronGroup(
        1, f"y = {total} + 0*p : 1\np : 1\nz = {calls} : 1", namespace=constants | given,
        events={"failed": "p > 1", "now": "p > 1"}, dt=0.1 * ms, name="constants*",
    )  # fmt: skip
    got = observe(group, ("y", "z"), "float64", {})
    left_out = NAMES.index("p") * (NAMES.index("p") + 1)
    assert got["y"].item() == sum(k * (k + 1) for k in range(len(NAMES))) - left_out
    assert got["z"].item() == 28


def test_pieces_of_code_keep_their_own_values_of_one_name():
    """The same local name in run_regularly, twice in a reset, and in the equations' method."""
    group = NeuronGroup(
        2, "dv/dt = -v/(10*ms) : 1\nhalf = 0.5*v : 1", threshold="v > 1",
        reset="old = v\nv = old/4\nold = v\nv = old/2", method="rk4", dt=0.1 * ms, name="pieces*",
    )  # fmt: skip
    group.run_regularly("old = 1\nv += old*1e-3", when="end")
    v = np.array([0.5, 8.0])
    ran = run_group(group, ("half",), n_steps=2, values={"v": v})
    decay = 1 - 0.01 + 0.01**2 / 2 - 0.01**3 / 6 + 0.01**4 / 24
    first = v * decay * [1, 1 / 8] + 1e-3
    np.testing.assert_allclose(ran.samples["half"][1], first / 2, rtol=1e-13)
    np.testing.assert_allclose(ran.final["v"], first * decay + 1e-3, rtol=1e-13)
