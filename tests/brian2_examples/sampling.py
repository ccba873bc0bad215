"""Whether two sets of runs come from the same distribution, the unit being a run.

Two runs of one network share nothing but their distribution when their noise is independent;
the spikes within a run are not independent of each other. So every test takes one number from
each run: its counts, means and spreads are compared by Welch's t-test, and the distance of the
pooled distributions of interspike intervals (Kolmogorov-Smirnov) by permuting the runs.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, islice
from math import comb

import numpy as np
from scipy import stats

Arrays = Mapping[str, np.ndarray]

# A script that matches is called a mismatch with this probability at most, over all its tests.
FALSE_ALARMS = 1e-3
# Below this, relative to the magnitude, two means are equal even if no run varies.
NEGLIGIBLE = 1e-6
MOST_LENGTHS = 256
DIVISIONS_AT_ONCE = 16_384


def disagreements(expected: Sequence[Arrays], found: Sequence[Arrays]) -> list[str]:
    """Return what differs between two sets of recordings, at the rate `FALSE_ALARMS`.

    The rate is divided by the number of tests (Bonferroni).
    """
    sets = [[dict(observables(one)) for one in group] for group in (expected, found)]
    names = sorted({name for group in sets for one in group for name in one})
    monitors = sorted(key for key in expected[0] if key.endswith("/step"))
    level = FALSE_ALARMS / max(1, len(names) + len(monitors))
    texts = (_compare_means(name, sets[0], sets[1], level) for name in names)
    intervals = (_compare_intervals(key, expected, found, level) for key in monitors)
    return [text for text in (*texts, *intervals) if text]


def observables(arrays: Arrays) -> Iterator[tuple[str, float]]:
    """Yield numbers that sum up a recording: of each monitor and variable, one or a few."""
    for key, values in arrays.items():
        _, kind, _, variable = key.split("/")
        if kind == "events" and variable == "step":
            yield f"{key[:-5]}: events", float(len(values))
            intervals = interspike_steps(arrays, key)
            if len(intervals) > 1:
                yield f"{key[:-5]}: mean interval", float(intervals.mean())
                yield f"{key[:-5]}: spread of intervals", float(intervals.std())
        elif kind != "events" and variable != "t" and values.size:
            yield f"{key}: mean", _mean(values)
            if kind == "trace":
                yield f"{key}: spread", _mean(values.std(axis=0))


def _mean(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else 0.0


def interspike_steps(arrays: Arrays, key: str) -> np.ndarray:
    """Return the steps between successive events of the same neuron, of all neurons."""
    steps, neurons = arrays[key], arrays[key.replace("/step", "/i")]
    order = np.lexsort((steps, neurons))
    same = np.diff(neurons[order]) == 0
    return np.diff(steps[order])[same]


def _compare_means(
    name: str, expected: list[dict[str, float]], found: list[dict[str, float]], level: float
) -> str | None:
    """Return what is wrong with one observable; a run without it counts as none."""
    a, b = ([one[name] for one in group if name in one] for group in (expected, found))
    if min(len(a), len(b)) < 2:
        return None
    p = welch(np.array(a), np.array(b))
    means = f"{np.mean(a):.6g} expected, {np.mean(b):.6g} found"
    return f"{name}: {means} (p = {p:.1e})" if p < level else None


def welch(a: np.ndarray, b: np.ndarray) -> float:
    """Return the two-sided p-value of Welch's test, forgiving negligible differences."""
    variances = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
    difference = abs(a.mean() - b.mean())
    if difference <= NEGLIGIBLE * max(abs(a).max(), abs(b).max()):
        return 1.0
    if sum(variances) == 0:
        return 0.0
    freedom = sum(variances) ** 2 / sum(
        v**2 / (len(x) - 1) for v, x in zip(variances, (a, b), strict=True)
    )
    return float(2 * stats.t.sf(difference / np.sqrt(sum(variances)), freedom))


def _compare_intervals(
    key: str, expected: Sequence[Arrays], found: Sequence[Arrays], level: float
) -> str | None:
    runs = [interspike_steps(one, key) for one in (*expected, *found)]
    sizes = [len(one) for one in runs]
    if min(sum(sizes[: len(expected)]), sum(sizes[len(expected) :])) < 2:
        return None
    p = interval_test(runs, len(expected), level)
    return f"{key[:-5]}: distribution of intervals (p = {p:.1e})" if p < level else None


def interval_test(runs: Sequence[np.ndarray], n_first: int, level: float) -> float:
    """Return the p-value that the first runs and the others have equal interval distributions.

    If intervals were independent, the usual two-sample test would hold; they are not, which
    makes it reject too easily. So what it accepts is accepted, and the rest is judged by all
    ways to divide the runs.
    """
    pooled = [np.concatenate(part) for part in (runs[:n_first], runs[n_first:])]
    if (p := float(stats.ks_2samp(*pooled).pvalue)) >= level:
        return p
    cumulative = _cumulative(runs)
    observed = _distances(cumulative, np.array([range(n_first)]))[0]
    choices = combinations(range(len(runs)), n_first)
    at_least = 0
    while chunk := list(islice(choices, DIVISIONS_AT_ONCE)):
        at_least += int((_distances(cumulative, np.array(chunk)) >= observed - 1e-12).sum())
    return at_least / comb(len(runs), n_first)


def _cumulative(runs: Sequence[np.ndarray]) -> np.ndarray:
    """Return how many intervals of each run are at most as long as each of some lengths."""
    lengths = np.unique(np.concatenate(runs))
    if len(lengths) > MOST_LENGTHS:
        lengths = np.quantile(np.concatenate(runs), np.linspace(0, 1, MOST_LENGTHS))
    return np.array([np.searchsorted(np.sort(one), lengths, side="right") for one in runs], float)


def _distances(cumulative: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return the Kolmogorov-Smirnov distance of the chosen runs from the rest, of each choice."""
    first = np.zeros((len(chosen), len(cumulative)))
    np.put_along_axis(first, chosen, 1.0, axis=1)
    counts = first @ cumulative, (1 - first) @ cumulative
    shares = (one / np.maximum(one[:, -1:], 1) for one in counts)
    return np.abs(np.subtract(*shares)).max(axis=1)
