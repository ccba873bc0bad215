"""The functions of vectors.hpp, in every width and instruction set, against mpmath."""

import ctypes
import platform
import re
import subprocess
from importlib.resources import files

import mpmath
import numpy as np
import pytest

from neurotrain.compiler import FLAGS, find_compiler, vector_bytes

# The same on every Python.
pytestmark = pytest.mark.slow

HEADER = files("neurotrain") / "vectors.hpp"
ACCURACY = {
    name: {"float32": float(single), "float64": float(double)}
    for name, single, double in re.findall(
        r"^//   (\w+) +([\d.]+) +([\d.]+)", HEADER.read_text(), re.MULTILINE
    )
}
EXACT = {
    "exprel": lambda x: mpmath.expm1(x) / x if x else mpmath.mpf(1),
    **{name: getattr(mpmath, name) for name in ACCURACY if name not in ("exprel", "pow")},
}
LIBRARY = {"tan": np.tan, "arcsin": np.arcsin, "arccos": np.arccos, "arctan": np.arctan}
WHOLE = {"abs": np.abs, "sign": np.sign, "floor": np.floor, "ceil": np.ceil}
POWERS = (-3, -1, 0, 1, 2, 3, 7, 16)
BINARY = ("pow", "mod", "floordiv")

SOURCE = """
#include HEADER
#define EXPORT(name, types, body)                                            \\
  extern "C" void name(const T *x, const T *y, T *out, int64_t n) {          \\
    for (int64_t i = 0; i < n; i += sizeof(types) / sizeof(T)) {             \\
      types a, b;                                                            \\
      memcpy(&a, x + i, sizeof(a));                                          \\
      memcpy(&b, y + i, sizeof(b));                                          \\
      const types c = body;                                                  \\
      memcpy(out + i, &c, sizeof(c));                                        \\
    }                                                                        \\
  }
#define ALL(name, body)           \\
  EXPORT(scalar_##name, T, body)  \\
  EXPORT(vector_##name, V, body)
"""

# Compiler flags that leave out what this processor may have: each another way of the header.
NATIVE = ("-march=native",)
WITHOUT_AVX512 = ("-march=native", "-mno-avx512f")
BASELINE = ("-march=x86-64",)
INTEL = platform.machine() in ("x86_64", "AMD64")


def builds():
    """Return (precision, width, flags), the ones of the default run first."""
    widest = vector_bytes()
    chosen, others = [], []
    for precision in ("float32", "float64"):
        for width in (16, 32, 64):
            for flags in (NATIVE, WITHOUT_AVX512, BASELINE) if INTEL else (NATIVE,):
                most = {NATIVE: widest, WITHOUT_AVX512: min(widest, 32), BASELINE: 16}[flags]
                if width <= most:
                    (chosen if width == most else others).append((precision, width, flags))
    return [pytest.param(build, id=name(*build)) for build in chosen] + [
        pytest.param(build, id=name(*build), marks=pytest.mark.nightly) for build in others
    ]


def name(precision, width, flags):
    """Return a short name of a build."""
    return f"{precision}-{width}{''.join(flags)}"


class Functions:
    """A build of the header: `call(form, function, x, y)` for form 'scalar' or 'vector'."""

    def __init__(self, precision, width, flags, folder):
        self.dtype = np.dtype(precision)
        source, library = folder / "functions.cpp", folder / "functions.so"
        unary = [*EXACT, *LIBRARY, *WHOLE]
        lines = [f"ALL({f}, nt_{f}(a))" for f in unary]
        lines += [f"ALL({f}, nt_{f}(a, b))" for f in BINARY]
        lines += [f"ALL(power{k}, nt_power<{n}>(a))" for k, n in enumerate(POWERS)]
        lines += ["ALL(clip, nt_clip(a, T(-1), b))", "ALL(clip_high, nt_clip(a, b, T(1)))"]
        lines += ["ALL(steps, to_real(nt_timestep(a, T(0.1))))"]
        source.write_text(SOURCE.replace("HEADER", f'"{HEADER}"') + "\n".join(lines))
        real = {"float32": "float", "float64": "double"}[precision]
        defines = (f"-DREAL={real}", f"-DWIDTH={width}")
        options = [*(flag for flag in FLAGS if not flag.startswith("-march")), *flags, *defines]
        subprocess.run([find_compiler(), *options, "-o", library, source], check=True)
        self.library = ctypes.CDLL(str(library))

    def call(self, form, function, x, y=None):
        """Return the function of x, or of x and y, as the kernel computes it."""
        n = len(x)
        padded = np.zeros((2, -(-n // 64) * 64), self.dtype)
        padded[0, :n], padded[1, :n] = x, 1 if y is None else y
        out = np.empty_like(padded[0])
        pointers = (ctypes.c_void_p(array.ctypes.data) for array in (*padded, out))
        getattr(self.library, f"{form}_{function}")(*pointers, ctypes.c_int64(len(out)))
        return out[:n]


@pytest.fixture(scope="module", params=builds())
def functions(request, tmp_path_factory):
    return Functions(*request.param, tmp_path_factory.mktemp("functions"))


def samples(function, precision):
    """Return arguments over the whole range, near zero, and where the algorithm is at its worst."""
    kind, rng, n = np.finfo(precision), np.random.default_rng(0), 500
    subnormal, largest = (float(np.log(float(v))) for v in (kind.smallest_subnormal, kind.max))
    magnitudes = np.exp(rng.uniform(subnormal, 0, n))
    signs = rng.choice([-1, 1], n)
    if function in ("log", "log10", "sqrt"):
        parts = [magnitudes, np.exp(rng.uniform(0, largest, n)), rng.uniform(0.5, 1.6, n)]
        parts += [10.0 ** np.arange(-30, 31), 1 + rng.uniform(-1e-4, 1e-4, n)]
    elif function == "log1p":
        parts = [magnitudes * signs * 0.999999, rng.uniform(-1, -0.9, n), rng.uniform(-1, 3, n)]
        parts += [np.exp(rng.uniform(0, largest, n))]
    elif function in ("sin", "cos"):
        parts = [magnitudes * signs, rng.uniform(-10, 10, n), rng.uniform(-8000, 8000, n)]
        parts += [np.pi / 2 * rng.integers(-5000, 5000, n), rng.uniform(-2e6, 2e6, n)]
    else:
        parts = [magnitudes * signs, rng.uniform(-1, 1, n), rng.uniform(-10, 10, n)]
        parts += [rng.uniform(subnormal - 10, largest + 10, n)]
    return np.concatenate(parts).astype(precision)


def in_two(values):
    """Return exact numbers as the nearest double, and the rest."""
    high = np.array([to_double(value) for value in values])
    low = [to_double(v - h) if np.isfinite(h) else 0.0 for v, h in zip(values, high, strict=True)]
    return high, np.array(low)


def to_double(value):
    """Return the nearest double; infinity beyond the largest one."""
    try:
        return float(value)
    except OverflowError:
        return float(np.copysign(np.inf, int(mpmath.sign(value))))


class Oracle:
    """Exact results of the samples of a function, computed once."""

    def __init__(self):
        self.known = {}

    def __call__(self, function, precision):
        """Return samples, and the exact results in two doubles."""
        if (function, precision) not in self.known:
            with mpmath.workprec(160):
                x = samples(function, precision)
                exact = [EXACT[function](mpmath.mpf(float(value))) for value in x]
                self.known[function, precision] = (x, *in_two(exact))
        return self.known[function, precision]


@pytest.fixture(scope="module")
def oracle():
    return Oracle()


def worst(got, high, low):
    """Return the largest error in units in the last place of the exact high + low."""
    kind = np.finfo(got.dtype)
    bits = np.frexp(np.abs(high))[1] - (kind.nmant + 1)
    unit = np.ldexp(1.0, np.maximum(bits, kind.minexp - kind.nmant))
    beyond = ~(np.abs(high) < float(kind.max) * (1 - 1e-6))
    assert np.all(np.abs(got[beyond]) >= kind.max * (1 - 2e-6))
    inside = ~beyond
    error = (got[inside].astype(float) - high[inside]) - low[inside]
    return np.max(np.abs(error) / unit[inside])


@pytest.mark.parametrize("function", EXACT)
def test_errors_are_as_small_as_the_header_says(functions, oracle, function):
    x, high, low = oracle(function, functions.dtype.name)
    error = worst(functions.call("vector", function, x), high, low)
    assert error <= ACCURACY[function][functions.dtype.name]


def test_general_powers(functions):
    """Also where an error of the logarithm counts most: at the largest and smallest results."""
    kind, rng, n = functions.dtype, np.random.default_rng(1), 400
    largest = 0.999 * float(np.log(float(np.finfo(kind).max)))
    base = np.concatenate([rng.uniform(0.3, 3, 3 * n), np.exp(rng.uniform(-largest, largest, n))])
    results = np.concatenate([rng.uniform(-largest, largest, 2 * n), rng.uniform(-46, 46, 2 * n)])
    exponent = results / np.log(base)
    exponent[-n // 2 :] = rng.choice([0.5, -0.5, 1 / 3, 2, -1, 0, 1], n // 2)
    x, y = base.astype(kind), exponent.astype(kind)
    with mpmath.workprec(160):
        exact = [mpmath.mpf(float(a)) ** mpmath.mpf(float(b)) for a, b in zip(x, y, strict=True)]
        high, low = in_two(exact)
    moderate = (high > 1e-20) & (high < 1e20)
    got = functions.call("vector", "pow", x, y)
    assert worst(got, high, low) <= ACCURACY["pow"][kind.name]
    assert worst(got[moderate], high[moderate], low[moderate]) <= 2


def edges(kind):
    """Return the numbers at which functions go wrong, each beside ordinary ones."""
    info = np.finfo(kind)
    positive = [0.0, info.smallest_subnormal, 3 * info.smallest_subnormal, info.tiny, 1e-20]
    positive += [0.5, 1.0, 1 + info.eps, 1.5, 2.0, 2.5, 22.1, 1 / info.eps, 3 / info.eps]
    positive += [info.max / 4, info.max, np.inf]
    positive += [86.6, 87.4, 88.8, 92.0, 104.5, 707.8, 709.8, 712.0, 744.0, 746.5, 1e30, 2**31.5]
    values = np.array([*positive, np.nan]).astype(kind)
    return np.concatenate([values, -values])


def assert_same_at_edges(got, expected, ulps):
    """Check that infinities, NaN and signs of zero are the same, and all else is near."""
    np.testing.assert_array_equal(np.isnan(got), np.isnan(expected))
    zero = expected == 0
    np.testing.assert_array_equal(np.signbit(got[zero]), np.signbit(expected[zero]))
    kind = np.finfo(got.dtype)
    limits = {"rtol": ulps * kind.eps, "atol": ulps * float(kind.smallest_subnormal)}
    np.testing.assert_allclose(got, expected, **limits)


def reference(function, x):
    """Return what the C library makes of x in extended precision."""
    wide = x.astype(np.longdouble)
    if function == "exprel":
        with np.errstate(all="ignore"):
            quotient = np.expm1(wide) / np.where(wide == 0, 1, wide)
        return np.where(wide == np.inf, wide, np.where(wide == 0, 1, quotient))
    return {**LIBRARY, **WHOLE}.get(function, getattr(np, function, None))(wide)


@pytest.mark.parametrize("function", [*EXACT, *LIBRARY, *WHOLE])
def test_infinities_nan_zeros_and_subnormal_numbers(functions, function):
    x = edges(functions.dtype)
    with np.errstate(all="ignore"):
        expected = reference(function, x).astype(functions.dtype)
    if function == "sign":
        expected = np.where(expected == 0, x, expected)
    for form in ("scalar", "vector"):
        got = functions.call(form, function, x)
        if function in WHOLE:
            np.testing.assert_array_equal(got, expected)
        assert_same_at_edges(got, expected, 3)


@pytest.mark.parametrize("function", BINARY)
def test_edges_of_functions_of_two_numbers(functions, function):
    few = edges(functions.dtype)[::2]
    x, y = (array.ravel() for array in np.meshgrid(few, few))
    with np.errstate(all="ignore"):
        if function == "pow":
            expected = np.power(x.astype(np.longdouble), y).astype(functions.dtype)
        else:
            expected = functions.call("scalar", function, x, y)
    for form in ("scalar", "vector"):
        assert_same_at_edges(functions.call(form, function, x, y), expected, 20)


def test_whole_powers(functions):
    x = np.concatenate([np.linspace(-3, 3, 101), [0.0, -0.0, np.inf, -np.inf, np.nan]])
    x = x.astype(functions.dtype)
    for k, n in enumerate(POWERS):
        with np.errstate(all="ignore"):
            expected = x.astype(np.longdouble) ** n
        for form in ("scalar", "vector"):
            got = functions.call(form, f"power{k}", x)
            assert_same_at_edges(got, expected.astype(x.dtype), abs(n) / 2 + 0.5)


def test_clip_and_timestep_on_all_forms(functions):
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(2, 200)).astype(functions.dtype) * 3
    for form in ("scalar", "vector"):
        got = functions.call(form, "clip", x, y)
        np.testing.assert_array_equal(got, np.minimum(np.maximum(x, -1), y))
        got = functions.call(form, "clip_high", x, y)
        np.testing.assert_array_equal(got, np.minimum(np.maximum(x, y), 1))
        steps = functions.call(form, "steps", np.arange(200, dtype=x.dtype) * x.dtype.type(0.1))
        np.testing.assert_array_equal(steps, np.arange(200))


@pytest.mark.nightly
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_the_width_of_vectors_does_not_change_a_bit(precision, tmp_path_factory):
    """How many trials there are chooses the width, and must not change any of them."""
    widths = [width for width in (16, 32, 64) if width <= vector_bytes()]
    built = [
        Functions(precision, width, NATIVE, tmp_path_factory.mktemp("width")) for width in widths
    ]
    for function in EXACT:
        x = samples(function, precision)
        first, *others = (one.call("vector", function, x) for one in built)
        for other in others:
            np.testing.assert_array_equal(other, first, err_msg=function)
    x = samples("sqrt", precision)
    first, *others = (one.call("vector", "pow", x, x[::-1] % 3) for one in built)
    for other in others:
        np.testing.assert_array_equal(other, first)
