"""Random numbers of the fused kernel: Philox to the bit, and what is drawn from its words.

Statistical tests use fixed seeds. Each of about 100 p-values is held against ALPHA: under fresh
seeds, a correct generator would fail one of them once in 10,000 runs of this file. Every statistic
is also given numbers with a planted fault, which it has to find.
"""

import ctypes
import math
import platform
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy import special, stats

from neurotrain import compiler
from neurotrain.executions import fused

# The same on every Python.
pytestmark = pytest.mark.slow

ALPHA = 1e-6
INCLUDED = (Path(compiler.__file__).parent, Path(fused.__file__).parent)
HARNESS = r"""
#include "vectors.hpp"
#include "random.hpp"

template <class F>
static void each(const uint64_t *keys, const int64_t *n, const uint64_t *steps,
                 const uint32_t *sites, const uint32_t *elements, F f) {
  for (int64_t first = 0; first < n[3]; first += LANES) {
    uint64_t own[LANES] = {};
    for (int lane = 0; lane < LANES && first + lane < n[3]; lane++) own[lane] = keys[first + lane];
    Noise noise(own);
    for (int64_t s = 0; s < n[0]; s++) {
      noise.at(steps[s]);
      for (int64_t c = 0; c < n[1]; c++)
        for (int64_t e = 0; e < n[2]; e++)
          f(noise, sites[c], elements[e], ((s * n[1] + c) * n[2] + e) * n[3] + first,
            std::min<int64_t>(LANES, n[3] - first));
    }
  }
}

#define ARGUMENTS const uint64_t *keys, const int64_t *n, const uint64_t *steps, \
                  const uint32_t *sites, const uint32_t *elements
#define DRAWN(name, ...)                                                                  \
  each(keys, n, steps, sites, elements,                                                   \
       [&](const Noise &noise, uint32_t site, uint32_t element, int64_t at, int64_t m) {  \
         const V x = nt_##name(noise, site, element __VA_ARGS__);                         \
         memcpy(out + at, &x, m * sizeof(T));                                             \
       })

extern "C" void uniform(ARGUMENTS, T *out) { DRAWN(uniform); }
extern "C" void normal(ARGUMENTS, T *out) { DRAWN(normal); }
extern "C" void binomial(ARGUMENTS, T *out, const double *cumulative, int64_t most) {
  DRAWN(binomial, , cumulative, most);
}
// The mean of each trial.
extern "C" void poisson(ARGUMENTS, T *out, const T *means) {
  each(keys, n, steps, sites, elements,
       [&](const Noise &noise, uint32_t site, uint32_t element, int64_t at, int64_t m) {
         V mean = {};
         memcpy(&mean, means + at % n[3], m * sizeof(T));
         const V x = nt_poisson(noise, site, element, mean);
         memcpy(out + at, &x, m * sizeof(T));
       });
}
extern "C" void words(ARGUMENTS, uint32_t *out) {
  each(keys, n, steps, sites, elements,
       [&](const Noise &noise, uint32_t site, uint32_t element, int64_t at, int64_t m) {
         for (int64_t lane = 0; lane < m; lane++)
           for (int word = 0; word < 4; word++)
             out[(at + lane) * 4 + word] = uint32_t(
                 draws::philox(noise, site, element, lane % draws::PARTS)
                     .word[word][lane / draws::PARTS]);
       });
}
"""

NATIVE = ()
WITHOUT_AVX512 = ("-mno-avx512f",)
BASELINE = ("-march=x86-64",)
X86 = platform.machine() in ("x86_64", "AMD64")


@dataclass(frozen=True)
class Generator:
    """The compiled draws of one precision and width; results are (step, site, element, trial)."""

    library: ctypes.CDLL
    real: type

    def draw(self, kind, keys, steps=(0,), sites=(0,), elements=(0,), extra=()):
        keys, steps = (np.array(x, np.uint64) for x in (keys, steps))
        sites, elements = (np.array(x, np.uint32) for x in (sites, elements))
        shape = (len(steps), len(sites), len(elements), len(keys))
        words = kind == "words"
        out = np.full((*shape, 4) if words else shape, 77, np.uint32 if words else self.real)
        arrays = (keys, np.array(shape, np.int64), steps, sites, elements, out)
        pointers = (x.ctypes.data_as(ctypes.c_void_p) for x in arrays)
        getattr(self.library, kind)(*pointers, *extra)
        return out

    def poisson(self, means, keys, **where):
        means = np.broadcast_to(np.asarray(means, self.real), len(keys)).copy()
        return self.draw("poisson", keys, **where, extra=[means.ctypes.data_as(ctypes.c_void_p)])

    def binomial(self, cumulative, keys, **where):
        table = np.ascontiguousarray(cumulative, float)
        extra = [table.ctypes.data_as(ctypes.c_void_p), ctypes.c_int64(len(table) - 1)]
        return self.draw("binomial", keys, **where, extra=extra)


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """Return what compiles the draws, with warnings as errors, and keeps them."""
    folder = tmp_path_factory.mktemp("draws")
    (folder / "harness.cpp").write_text(HARNESS)
    flags = [flag for flag in compiler.FLAGS if flag != "-w"]
    # Vectors wider than the processor's are passed otherwise, which matters to no one here.
    flags += ["-Wall", "-Wextra", "-Werror", "-Wno-psabi"]
    flags += [f"-I{folder}" for folder in INCLUDED]

    @cache
    def built(real="double", width=None, options=NATIVE):
        width = width or compiler.vector_bytes()
        path = folder / f"{real}{width}{'-'.join(options)}.so"
        defines = [f"-DREAL={real}", f"-DWIDTH={width}"]
        command = [compiler.find_compiler(), *flags, *options, *defines]
        done = subprocess.run(
            [*command, "-o", path, folder / "harness.cpp"], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return Generator(ctypes.CDLL(str(path)), np.float32 if real == "float" else np.float64)

    return built


@pytest.fixture(params=["float", "double"])
def generator(request, build):
    return build(request.param)


def keys_of(n, seed=0):
    return np.random.default_rng(seed).integers(0, 2**64, n, dtype=np.uint64)


# The generator itself


FACTORS, KEY_STEPS = (0xD2511F53, 0xCD9E8D57), (0x9E3779B9, 0xBB67AE85)
WORD = 2**32


def round_keys(key):
    parts = key % WORD, key // WORD
    return [
        [(k + r * step) % WORD for k, step in zip(parts, KEY_STEPS, strict=True)] for r in range(10)
    ]


def philox(counter, key):
    """Return Philox4x32-10 of four words and a key of 64 bits, by section 4.3 of the paper."""
    a, b, c, d = counter
    for k0, k1 in round_keys(key):
        p, q = FACTORS[0] * a, FACTORS[1] * c
        a, b, c, d = q // WORD ^ b ^ k0, q % WORD, p // WORD ^ d ^ k1, p % WORD
    return a, b, c, d


def inverse_philox(words, key):
    """Return the counter that gives these words: Philox is a bijection."""
    a, b, c, d = words
    inverse = [pow(factor, -1, WORD) for factor in FACTORS]
    for k0, k1 in reversed(round_keys(key)):
        before_a, before_c = d * inverse[0] % WORD, b * inverse[1] % WORD
        b, d = a ^ FACTORS[1] * before_c // WORD ^ k0, c ^ FACTORS[0] * before_a // WORD ^ k1
        a, c = before_a, before_c
    return a, b, c, d


def at(counter):
    element, site, step_low, step_high = counter
    return {"elements": [element], "sites": [site], "steps": [step_low + step_high * WORD]}


# The file kat_vectors of the Random123 distribution: counter, key, result.
KNOWN = [
    ([0] * 4, [0] * 2, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    (
        [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
        [0xA4093822, 0x299F31D0],
        "d16cfe09 94fdcceb 5001e420 24126ea1",
    ),
]


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN)
def test_known_answers(generator, counter, key, expected):
    key = key[0] + key[1] * WORD
    expected = tuple(int(word, 16) for word in expected.split())
    assert philox(counter, key) == expected
    assert inverse_philox(expected, key) == tuple(counter)
    assert tuple(generator.draw("words", [key], **at(counter)).ravel()) == expected


def test_words_are_those_of_philox(generator):
    rng = np.random.default_rng(1)
    where = {
        "steps": [*rng.integers(0, 2**64, 4, dtype=np.uint64), 0, 2**32 - 1, 2**32],
        "sites": [*rng.integers(0, WORD, 2), 0, WORD - 1],
        "elements": [*rng.integers(0, WORD, 3), 0, WORD - 1],
    }
    keys = [*keys_of(17), 0, 1, 2**32, 2**64 - 1]
    drawn = generator.draw("words", keys, **where)
    for s, step in enumerate(where["steps"]):
        for c, site in enumerate(where["sites"]):
            for e, element in enumerate(where["elements"]):
                counter = (int(element), int(site), int(step) % WORD, int(step) // WORD)
                expected = [philox(counter, int(key)) for key in keys]
                np.testing.assert_array_equal(drawn[s, c, e], expected)


# What is drawn from the words


def centered(high, low):
    return (((high * WORD + low) ^ 2**63) - 2**63 + 0.5) / 2**64


def normal(words):
    """Return the radius of Box and Muller times a sine; the radius without loss near zero."""
    a, x = centered(words[0], words[2]), centered(words[1], words[3])
    log = math.log1p(a) if a < 0 else math.log(a)
    return math.sqrt(-2 * log) * math.sin(math.pi * x)


def test_uniform_and_normal_numbers_are_those_of_the_words(build):
    keys, where = keys_of(100), {"elements": range(30)}
    words = build().draw("words", keys, **where).reshape(-1, 4).tolist()
    uniforms = [(w[0] * 2**21 + (w[2] >> 11)) / 2**53 for w in words]
    normals = [normal(w) for w in words]
    double, single = build("double"), build("float")
    assert double.draw("uniform", keys, **where).ravel().tolist() == uniforms
    np.testing.assert_allclose(
        double.draw("normal", keys, **where).ravel(), normals, rtol=2e-15, atol=1e-16
    )
    # Half a unit in the last place below one, and 31 bits instead of 53.
    np.testing.assert_allclose(
        single.draw("uniform", keys, **where).ravel(), uniforms, rtol=0, atol=2**-25 + 2**-31
    )
    np.testing.assert_allclose(
        single.draw("normal", keys, **where).ravel(), normals, rtol=1e-6, atol=1e-7
    )


EDGES = [0, 1, 2**31 - 1, 2**31, 2**31 + 1, 0xAAAAAAAA, 0xAAAAAAAB, WORD - 2, WORD - 1]


@pytest.mark.parametrize("first", EDGES)
def test_edges_of_the_words_give_numbers_within_bounds(build, first):
    key = 0x0123456789ABCDEF
    for second in EDGES:
        words = (first, second, *((0, 0) if second < 2**31 else (WORD - 1, WORD - 1)))
        where = at(inverse_philox(words, key))
        for real, most in (("float", 6.77), ("double", 9.5)):
            generator = build(real)
            u = generator.draw("uniform", [key], **where).item()
            z = generator.draw("normal", [key], **where).item()
            assert 0 <= u < 1
            assert u == pytest.approx((first + words[2] / WORD) / WORD, abs=2**-24)
            assert abs(z) <= most
            if real == "float":  # which reads 32 bits and takes half a unit for the rest
                halfway = normal((first, second, 2**31, 2**31))
                assert z == pytest.approx(halfway, rel=1e-6)
            else:
                assert z == pytest.approx(normal(words), rel=3e-15)


def test_smallest_word_is_the_far_tail(build):
    key = 5
    where = at(inverse_philox((0, 2**31 - 1, 0, WORD - 1), key))
    for real, bits in (("float", 33), ("double", 65)):
        drawn = build(real).draw("normal", [key], **where).item()
        assert drawn == pytest.approx(math.sqrt(2 * bits * math.log(2)), rel=1e-6)


# What they must not depend on


def all_kinds(generator, keys, **where):
    cumulative = stats.binom.cdf(np.arange(21), 20, 0.3)
    return {
        "uniform": generator.draw("uniform", keys, **where),
        "normal": generator.draw("normal", keys, **where),
        "few": generator.poisson(3.5, keys, **where),
        "many": generator.poisson(1e4, keys, **where),
        "binomial": generator.binomial(cumulative, keys, **where),
    }


WHERE = {"steps": range(6), "sites": (0, 7), "elements": range(5)}


@pytest.mark.parametrize("real", ["float", "double"])
def test_width_changes_nothing(build, real):
    keys = keys_of(37)
    widths = [width for width in (16, 32, 64) if width <= compiler.vector_bytes()]
    first, *others = (all_kinds(build(real, width), keys, **WHERE) for width in widths)
    for other in others:
        for kind, drawn in first.items():
            np.testing.assert_array_equal(drawn, other[kind], err_msg=kind)


@pytest.mark.skipif(not X86, reason="names instruction sets of x86")
@pytest.mark.parametrize("real", ["float", "double"])
@pytest.mark.parametrize(("options", "width"), [(WITHOUT_AVX512, 32), (BASELINE, 16)])
def test_instruction_set_changes_no_more_than_rounding(build, real, options, width):
    keys = keys_of(37)
    native = all_kinds(build(real), keys, **WHERE)
    other = all_kinds(build(real, width, options), keys, **WHERE)
    for kind in ("uniform", "binomial", "few", "many"):
        np.testing.assert_array_equal(native[kind], other[kind], err_msg=kind)
    near = {"rtol": 1e-6, "atol": 1e-7} if real == "float" else {"rtol": 2e-15, "atol": 1e-16}
    np.testing.assert_allclose(native["normal"], other["normal"], **near)


@pytest.mark.nightly
def test_vectors_wider_than_the_processors_are_right_too(build):
    keys = keys_of(37)
    for real in ("float", "double"):
        expected = build(real).draw("words", keys, **WHERE)
        other = build(real, 64, WITHOUT_AVX512 if X86 else NATIVE).draw("words", keys, **WHERE)
        np.testing.assert_array_equal(expected, other)


def test_number_of_trials_and_lane_change_nothing(generator):
    keys = keys_of(50)
    whole = all_kinds(generator, keys, **WHERE)
    for chosen in (slice(0, 1), slice(3, 20), slice(None, None, -1), [17, 2, 49]):
        part = all_kinds(generator, keys[chosen], **WHERE)
        for kind, drawn in whole.items():
            np.testing.assert_array_equal(drawn[..., chosen], part[kind], err_msg=kind)


def test_order_of_steps_sites_and_elements_changes_nothing(generator):
    keys = keys_of(5)
    whole = all_kinds(generator, keys, **WHERE)
    backward = {name: list(reversed(values)) for name, values in WHERE.items()}
    for kind, drawn in all_kinds(generator, keys, **backward).items():
        np.testing.assert_array_equal(drawn[::-1, ::-1, ::-1], whole[kind], err_msg=kind)


def test_each_of_key_step_site_and_element_matters(generator):
    where = {"steps": (0, 1, 2**32), "sites": (0, 1, 2**31), "elements": (0, 1, 2**31)}
    drawn = generator.draw("words", [0, 1, 2**32, 2**63], **where).reshape(-1, 4)
    assert len(np.unique(drawn, axis=0)) == len(drawn) == 108


def test_both_precisions_draw_the_same_counts(build):
    keys, where = keys_of(200), {"steps": range(50)}
    single, double = build("float"), build("double")
    for mean in (0.0078125, 0.75, 5.0, 63.5, 64.0, 1000.5, 1e6):
        np.testing.assert_array_equal(
            single.poisson(mean, keys, **where), double.poisson(mean, keys, **where)
        )
    cumulative = stats.binom.cdf(np.arange(1001), 1000, 0.01)
    np.testing.assert_array_equal(
        single.binomial(cumulative, keys, **where), double.binomial(cumulative, keys, **where)
    )


# How they are distributed: each function returns the p-value of a correct generator


def uniformity(u):
    """Chi-square of 1,024 equal cells."""
    return stats.chisquare(np.histogram(u, 1024, (0, 1))[0]).pvalue


def even_bits(u, n_bits):
    """Chi-square of how often each of the leading bits is set."""
    whole = np.floor(u.ravel() * 2.0**n_bits).astype(np.int64)
    ones = np.array([np.count_nonzero(whole >> bit & 1) for bit in range(n_bits)])
    n = len(whole)
    return stats.chi2.sf(np.sum((ones - n / 2) ** 2 / (n / 4)), n_bits)


def kolmogorov_smirnov(x, distribution):
    return stats.kstest(x.ravel(), distribution).pvalue


def normal_moments(z):
    """Least of the p-values of mean, variance, skewness and kurtosis, times their number."""
    z = z.ravel().astype(float)
    n = len(z)
    scores = [
        z.mean() * n**0.5,
        (np.mean(z**2) - 1) * (n / 2) ** 0.5,
        np.mean(z**3 - 3 * z) * (n / 6) ** 0.5,  # Hermite polynomials: uncorrelated
        np.mean(z**4 - 6 * z**2 + 3) * (n / 24) ** 0.5,
    ]
    return 4 * two_sided(np.abs(scores).max())


def two_sided(score):
    return 2 * stats.norm.sf(abs(score))


def tails(count, n, bound):
    """Two-sided p-value of how many of n normal numbers lie beyond the bound."""
    return stats.binomtest(count, n, two_sided(bound)).pvalue


def neighbors(x, axis):
    """Return the pairs at a distance of one along an axis."""
    x = np.moveaxis(x, axis, 0)
    return x[:-1].ravel().astype(float), x[1:].ravel().astype(float)


def correlation(x, y):
    """The p-value of no correlation, for numbers of mean 0 and variance 1."""
    return two_sided(np.dot(x, y) / len(x) ** 0.5)


def pairs(u, v):
    """Chi-square of 32 x 32 cells of pairs of uniform numbers."""
    return stats.chisquare(np.histogram2d(u, v, 32, [(0, 1)] * 2)[0].ravel()).pvalue


def count_distribution(counts, distribution):
    """Chi-square against a distribution of whole numbers, 10 or more expected in each cell."""
    n = counts.size
    low, high = distribution.ppf([10 / n, 1 - 10 / n]).astype(int)
    edges = np.unique(np.linspace(low, high, 200).astype(int))
    cumulative = np.concatenate([[0], distribution.cdf(edges), [1]])
    cells = np.searchsorted(edges, counts.ravel())
    expected = np.diff(cumulative) * n
    keep = expected > 0
    observed = np.bincount(cells, minlength=len(expected))
    assert not observed[~keep].any()
    return stats.chisquare(observed[keep], expected[keep]).pvalue


LARGE = {"steps": range(40), "sites": range(3), "elements": range(64)}


@pytest.fixture(scope="module", params=["float", "double"])
def many_numbers(request, build):
    """Return uniform and normal numbers of (step, site, element, trial), half a million each."""
    generator = build(request.param)
    draws = [generator.draw(kind, keys_of(64, seed=11), **LARGE) for kind in ("uniform", "normal")]
    return request.param, *draws


def test_uniform_numbers_are_uniform(many_numbers):
    real, u, _ = many_numbers
    n_bits = 24 if real == "float" else 53
    assert uniformity(u) > ALPHA > uniformity(u**1.03)
    assert kolmogorov_smirnov(u, "uniform") > ALPHA > kolmogorov_smirnov(u**1.03, "uniform")
    assert even_bits(u, n_bits) > ALPHA
    rng = np.random.default_rng(2)
    stuck = u - 2.0**-n_bits * (np.floor(u * 2.0**n_bits) % 2) * (rng.random(u.shape) < 0.02)
    assert even_bits(stuck, n_bits) < ALPHA


def test_normal_numbers_are_normal(many_numbers):
    _, _, z = many_numbers
    assert kolmogorov_smirnov(z, "norm") > ALPHA
    assert normal_moments(z) > ALPHA
    shifted, wide, skewed = z + 0.01, z * 1.01, (z + 0.01 * (z**2 - 1)) / 1.0001
    student = z / np.sqrt(1 + 0.01 * (z**2 - 1))
    assert kolmogorov_smirnov(shifted, "norm") < ALPHA
    for fault in (shifted, wide, skewed, student):
        assert normal_moments(fault) < ALPHA


@pytest.mark.parametrize("axis", range(4), ids=["step", "site", "element", "trial"])
def test_neighbors_are_independent(many_numbers, axis):
    _, u, z = many_numbers
    before, after = neighbors(z, axis)
    squares = [(x**2 - 1) / 2**0.5 for x in (before, after)]
    assert correlation(before, after) > ALPHA
    assert correlation(*squares) > ALPHA
    assert correlation(before, squares[1]) > ALPHA
    assert correlation(squares[0], after) > ALPHA
    u_before, u_after = neighbors(u, axis)
    assert pairs(u_before, u_after) > ALPHA

    leaking = after + 0.02 * before
    assert correlation(before, leaking) < ALPHA
    louder = after * (1 + 0.01 * (before**2 - 1))
    assert correlation(squares[0], (louder**2 - 1) / 2**0.5) < ALPHA
    assert pairs(u_before, (u_after + 0.1 * u_before**2 * (u_after < 0.2)) % 1) < ALPHA


def test_uniform_and_normal_numbers_of_neighboring_sites_are_independent(many_numbers):
    """They share words at one site: the lead uniform decides the radius. Sites keep them apart."""
    _, u, z = many_numbers
    centered = (u - 0.5) * 12**0.5
    squares = (z**2 - 1) / 2**0.5
    assert correlation(centered[:, 0].ravel(), squares[:, 1].ravel()) > ALPHA
    assert correlation(centered[:, 0].ravel(), squares[:, 0].ravel()) < ALPHA


@pytest.mark.parametrize("real", ["float", "double"])
def test_tails_reach_beyond_four_and_five_sigma(build, real):
    generator, n, beyond, clipped = build(real), 0, np.zeros(2, int), 0
    for site in range(8):
        z = np.abs(
            generator.draw(
                "normal", keys_of(64), steps=range(80), sites=[site], elements=range(1000)
            )
        )
        n += z.size
        beyond += [np.count_nonzero(z > bound) for bound in (4, 5)]
        clipped += np.count_nonzero(np.minimum(z, 4.99) > 5)
    assert all(tails(k, n, bound) > ALPHA for k, bound in zip(beyond, (4, 5), strict=True))
    assert tails(clipped, n, 5) < ALPHA
    assert tails(int(1.2 * beyond[0]), n, 4) < ALPHA


@pytest.mark.nightly
@pytest.mark.parametrize("real", ["float", "double"])
def test_tails_reach_beyond_six_sigma(build, real):
    generator, n, beyond = build(real), 0, 0
    for step in range(1000):
        z = generator.draw("normal", keys_of(64), steps=[step], sites=[9], elements=range(50_000))
        n += z.size
        beyond += np.count_nonzero(np.abs(z) > 6)
    assert tails(beyond, n, 6) > ALPHA
    assert tails(beyond + 30, n, 6) < ALPHA


def largest_correlation(z):
    """The p-value of the largest correlation among the last axis' numbers."""
    z = z.reshape(-1, z.shape[-1]).astype(float)
    scores = np.abs(np.triu(z.T @ z, 1)) / len(z) ** 0.5
    return two_sided(scores.max()) * z.shape[-1] * (z.shape[-1] - 1) / 2


def unequal_halves(words):
    """The p-value of half of the bits under each other key differing from those of the first."""
    words = np.moveaxis(words, -2, 0)
    changed = np.array([np.unpackbits((w ^ words[0]).view(np.uint8)).sum() for w in words[1:]])
    n = words[0].size * 32
    return len(changed) * two_sided(np.abs(changed - n / 2).max() / (n / 4) ** 0.5)


@pytest.mark.parametrize("key", [0, 0x0123456789ABCDEF])
def test_keys_that_differ_in_one_bit_give_independent_streams(generator, key):
    keys = [key, *(key ^ 1 << bit for bit in range(64))]
    where = {"steps": range(20), "elements": range(500)}
    z = generator.draw("normal", keys, **where)
    assert largest_correlation(z) > ALPHA
    z[..., 7] += 0.08 * z[..., 40]
    assert largest_correlation(z) < ALPHA

    words = generator.draw("words", keys, **where)
    assert unequal_halves(words) > ALPHA
    words[:4, ..., 9, 0] = words[:4, ..., 0, 0]
    assert unequal_halves(words) < ALPHA


# Whole numbers

FEW, MANY = (1e-4, 0.01, 0.75, 5.0, 30.0, 63.9375), (64.0, 65.5, 250.0, 1e4, 1e6)


@pytest.mark.parametrize("mean", FEW)
def test_poisson_numbers_invert_the_distribution_function(build, generator, mean):
    keys, where = keys_of(500), {"steps": range(40)}
    counts = generator.poisson(mean, keys, **where).astype(float)
    u = build("double").draw("uniform", keys, **where)
    mean = float(generator.real(mean))
    assert (special.pdtr(counts, mean) > u - 2e-13).all()
    assert (np.where(counts > 0, special.pdtr(counts - 1, mean), 0) <= u + 2e-13).all()


@pytest.mark.parametrize("mean", MANY)
def test_large_poisson_numbers_invert_the_distribution_function(build, generator, mean):
    keys, where = keys_of(500), {"steps": range(40)}
    counts = generator.poisson(mean, keys, **where).astype(float)
    u = special.ndtr(build("double").draw("normal", keys, **where))
    assert (special.pdtr(counts, mean) > u - 2e-8).all()
    assert (special.pdtr(counts - 1, mean) <= u + 2e-8).all()
    assert (special.pdtr(counts + 1, mean) > u + 2e-8).all(), "the bounds tell neighbors apart"


def test_poisson_numbers_at_the_edges_of_the_uniform_ones(generator):
    means = np.linspace(0, 64, 4001, endpoint=False).astype(generator.real)[1:]
    keys = [77] * len(means)
    first, last = (at(inverse_philox((word,) * 4, 77)) for word in (0, WORD - 1))
    assert (generator.poisson(means, keys, **first) == 0).all()
    counts = generator.poisson(means, keys, **last).ravel().astype(float)
    # Up to the error of the sum, which begins at the rounded exponential.
    assert (special.pdtrc(counts, means) < 2.0**-43 + 6e-14).all()
    assert (special.pdtrc(counts - 1, means) > 2.0**-43 - 6e-14).all()


def where_normal_is(z, key):
    """Return the step, site and element at which the key draws this normal number."""
    u = math.exp(-(z**2) / 2)
    radius = round((u if u < 0.5 else math.expm1(-(z**2) / 2)) * 2**64 - 0.5) % 2**64
    angle = 2**63 - 1 if z > 0 else 2**63
    words = radius // WORD, angle // WORD, radius % WORD, angle % WORD
    assert normal(words) == pytest.approx(z, rel=1e-13)
    return at(inverse_philox(words, key))


@pytest.mark.parametrize("mean", MANY)
def test_large_poisson_numbers_change_where_the_distribution_function_does(generator, mean):
    key = 77
    error = max(1.4e-8 * (64 / mean) ** 2.5, 1e-11)
    for sigma in (-4, -3, -2, -1, -0.3, 0.3, 1, 2, 3, 4):
        k = int(mean + sigma * mean**0.5)
        cumulative = special.pdtr(k, mean)
        below, above = (
            where_normal_is(special.ndtri(cumulative + d), key) for d in (-error, error)
        )
        assert generator.poisson(mean, [key], **below).item() == k
        assert generator.poisson(mean, [key], **above).item() == k + 1


@pytest.mark.parametrize("mean", FEW[1:] + MANY)
def test_poisson_numbers_follow_their_distribution(generator, mean):
    counts = generator.poisson(mean, keys_of(1000, seed=3), steps=range(200)).astype(float)
    mean = float(generator.real(mean))
    assert count_distribution(counts, stats.poisson(mean)) > ALPHA
    assert count_distribution(counts, stats.poisson(mean + 0.03 * mean**0.5)) < ALPHA
    rng = np.random.default_rng(4)
    wide = rng.poisson(mean * (1 + 0.2 * mean**-0.5 * rng.standard_normal(counts.size)).clip(0))
    assert count_distribution(wide, stats.poisson(mean)) < ALPHA


def test_poisson_numbers_of_unusual_means(generator):
    means = [0.0, -1.0, -1e30, np.nan, np.inf, 1e6, 2.0, 1e12, 1e-30, -0.0] * 4
    drawn = generator.poisson(means, keys_of(len(means)), steps=range(20))
    by_mean = {str(m): drawn[..., i::10] for i, m in enumerate(means[:10])}
    for mean in ("0.0", "-1.0", "-1e+30", "1e-30", "-0.0"):
        assert (by_mean[mean] == 0).all(), mean
    assert np.isnan(by_mean["nan"]).all()
    assert not np.isfinite(by_mean["inf"]).any()
    assert (np.abs(by_mean["1000000.0"] - 1e6) < 6e3).all()
    assert (np.abs(by_mean["1000000000000.0"] - 1e12) < 6e6 + 1e5).all()  # rounded in float
    assert by_mean["2.0"].max() < 20
    finite = drawn[np.isfinite(drawn)]
    assert (finite == np.floor(finite)).all()


def test_poisson_numbers_do_not_depend_on_the_means_beside(generator):
    keys = keys_of(64)
    means = np.resize([0.5, np.nan, 1e6, 20.0, 64.0, -3.0, 1e3], 64)
    mixed = generator.poisson(means, keys)
    for mean in np.unique(means):
        alone = generator.poisson(mean, keys)
        same = means == mean if mean == mean else np.isnan(means)
        np.testing.assert_array_equal(mixed[..., same], alone[..., same])


@pytest.mark.parametrize(("n", "p"), [(1, 0.5), (20, 0.3), (1000, 0.001), (1000, 0.4)])
def test_binomial_numbers_invert_the_table(build, generator, n, p):
    keys, where = keys_of(500), {"steps": range(400)}
    cumulative = stats.binom.cdf(np.arange(n + 1), n, p)
    counts = generator.binomial(cumulative, keys, **where)
    u = build("double").draw("uniform", keys, **where)
    np.testing.assert_array_equal(counts, np.searchsorted(cumulative, u, side="right"))
    assert count_distribution(counts, stats.binom(n, p)) > ALPHA
    assert count_distribution(counts, stats.binom(n, p * 1.05)) < ALPHA


def test_binomial_numbers_stay_within_the_table(generator):
    keys = keys_of(100)
    for table, expected in (
        ([1.0], 0),
        ([0.0, 0.0, 1.0], 2),
        ([0.0, 0.0, 0.0], 2),
        ([1.0, 1.0], 0),
    ):
        assert (generator.binomial(table, keys) == expected).all()
    last = at(inverse_philox((WORD - 1,) * 4, 3))
    almost = [0.25, 0.5, 1 - 2.0**-53, 1.0]
    assert generator.binomial(almost, [3], **last).item() == 3
