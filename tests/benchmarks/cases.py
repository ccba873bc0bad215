"""What `neurotrain bench` measures: which networks, how large, in which variants."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from neurotrain.benchmarks.variants import VARIANTS
from neurotrain.errors import unknown_name

# Of one run: enough for a tenth of a second in the fastest variants.
NEURON_STEPS = 100_000_000
STEPS_PER_INPUT = 20
CHANNELS = 4

FUSED = ("fused-float32", "fused-float64")
HAND_WRITTEN = ("hand-written-float32", "hand-written-float64")
BRIAN2 = ("brian2-standalone", "brian2-cython", "brian2-naive")
ARRAYS = ("jax-float32", "jax-float64", "torch-float32", "torch-float64")
GRADIENTS = (
    "plain-torch-gradient-float64",
    "torch-gradient-float64",
    "torch-gradient-compiled-float64",
    "jax-gradient-float64",
)
THREADS = ("fused-float32-2-threads", "fused-float64-2-threads")


@dataclass(frozen=True)
class Case:
    """One network of one size, and the variants that are timed side by side.

    Parameters
    ----------
    network : {'graded', 'conductance', 'spiking'}
    neurons, trials, candidates, steps : int
        One step of one neuron on one trial of one candidate is a neuron-step.
    variants : tuple of str
        Names from `neurotrain.benchmarks.variants.VARIANTS`.
    compared_steps : int
        Steps over which the variants are compared, fewer than `steps`: later, rounding alone
        may shift single spikes.
    """

    network: str
    neurons: int
    trials: int
    candidates: int
    steps: int
    variants: tuple[str, ...]
    compared_steps: int

    @property
    def name(self) -> str:
        """What it is called in tables and on the command line."""
        return f"{self.network}-n{self.neurons}-b{self.trials}"


def make_case(network: str, neurons: int, trials: int, variants: Iterable[str]) -> Case:
    """Return a case of which every variant that simulates all of it has the same work to do."""
    candidates = 4 if network == "spiking" else 16
    steps = NEURON_STEPS // (neurons * trials * candidates)
    steps = min(max(steps, 1200), 20_000) // STEPS_PER_INPUT * STEPS_PER_INPUT
    compared_steps = 500 if network == "spiking" else 1000
    return Case(network, neurons, trials, candidates, steps, tuple(variants), compared_steps)


def gradient_case(neurons: int = 128, trials: int = 8) -> Case:
    """Return a case whose variants differentiate through the network, with every state kept."""
    return Case("graded", neurons, trials, 1, 1000, GRADIENTS, compared_steps=400)


def default_cases() -> list[Case]:
    """Return what takes about ten minutes, with every figure that is asked of the engine."""
    beside_hand = (*HAND_WRITTEN, *FUSED)
    everything = (*beside_hand, *THREADS, *BRIAN2, *ARRAYS)
    return [
        make_case("graded", 100, 16, everything),
        make_case("graded", 20, 16, beside_hand),
        make_case("graded", 500, 16, beside_hand),
        make_case("graded", 100, 1, FUSED),
        make_case("graded", 100, 64, beside_hand),
        make_case("conductance", 100, 16, (*FUSED, "brian2-standalone", *ARRAYS[:2])),
        make_case("spiking", 1000, 16, (*FUSED, *BRIAN2, "brian2-standalone-one-trial")),
        gradient_case(),
    ]


def quick_cases() -> list[Case]:
    """Return networks so small that all is done within a minute; their times say little."""
    few = [
        make_case("graded", 30, 16, (*HAND_WRITTEN, *FUSED, *THREADS[:1], *ARRAYS[:1])),
        make_case("conductance", 30, 16, FUSED),
        make_case("spiking", 100, 16, (*FUSED, "brian2-naive")),
    ]
    few = [replace(case, candidates=2, steps=200, compared_steps=100) for case in few]
    return [*few, replace(gradient_case(20, 4), steps=200, compared_steps=100)]


def full_cases() -> list[Case]:
    """Return every network in every size and variant, which takes hours."""
    two_threads = [f"{name}-2-threads" for name in (*FUSED, *ARRAYS)]
    variants = {
        "graded": (*HAND_WRITTEN, *FUSED, *BRIAN2, *ARRAYS, *two_threads),
        "conductance": (*FUSED, *BRIAN2, *ARRAYS, *two_threads),
        "spiking": (*FUSED, *BRIAN2, "brian2-standalone-one-trial", *THREADS),
    }
    cases = [
        make_case(network, neurons, trials, names)
        for network, names in variants.items()
        for neurons in ((20, 100, 500, 1000) if network == "spiking" else (20, 100, 500))
        for trials in (1, 16, 64)
    ]
    cases = [_without_hand_written(case) if case.trials == 1 else case for case in cases]
    return [*cases, gradient_case()]


def _without_hand_written(case: Case) -> Case:
    # It computes trials side by side, and is no yardstick where there is but one.
    return replace(case, variants=tuple(v for v in case.variants if v not in HAND_WRITTEN))


def select(cases: Iterable[Case], pattern: str | None, others: Iterable[str] = ()) -> list[Case]:
    """Return the cases and variants whose CASE/VARIANT matches, with those they are compared with.

    Parameters
    ----------
    cases : iterable of Case
    pattern : str, optional
        A part of the name, or a shell pattern of the whole.
    others : iterable of str
        Names of what else can be asked for.

    Raises
    ------
    InvalidInput
        If nothing matches.
    """
    cases = list(cases)
    if pattern is None:
        return cases
    chosen = [replace(case, variants=_selected(case, pattern)) for case in cases]
    if not any(case.variants for case in chosen) and not any(
        matches(name, pattern) for name in others
    ):
        known = {case.name for case in cases} | {v for case in cases for v in case.variants}
        raise unknown_name("benchmark", pattern, known | set(others))
    return [case for case in chosen if case.variants]


def _selected(case: Case, pattern: str) -> tuple[str, ...]:
    wanted = {v for v in case.variants if matches(f"{case.name}/{v}", pattern)}
    wanted |= {r for v in wanted for r in VARIANTS[v].references if r in case.variants}
    return tuple(v for v in case.variants if v in wanted)


def matches(name: str, pattern: str) -> bool:
    """Whether `pattern` is a part of `name`, or a shell pattern that all of it matches."""
    return pattern in name or fnmatchcase(name, pattern)
