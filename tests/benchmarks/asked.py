"""The figures that are asked of the engine, as far as they were measured."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from neurotrain.benchmarks.measurement import Measurement


@dataclass(frozen=True)
class Asked:
    """How long one variant may take beside another, in the same case and turns.

    Parameters
    ----------
    case, slower, faster : str
        The case, and the variants whose times are divided.
    bound : float
    at_most : bool
        Whether the ratio must be no more than the bound; otherwise no less.
    clock : {'cpu', 'wall'}
    """

    case: str
    slower: str
    faster: str
    bound: float
    at_most: bool = False
    clock: str = "cpu"


def _beside_hand(neurons: int, bounds: dict[str, float]) -> list[Asked]:
    case = f"graded-n{neurons}-b16"
    return [
        Asked(case, f"fused-{precision}", f"hand-written-{precision}", bound, at_most=True)
        for precision, bound in bounds.items()
    ]


ASKED = [
    *_beside_hand(100, {"float32": 1.15, "float64": 1.2}),
    *_beside_hand(20, {"float32": 1.25, "float64": 1.25}),
    *_beside_hand(500, {"float32": 1.25, "float64": 1.25}),
    Asked("graded-n100-b16", "jax-float32", "fused-float32", 2.5),
    Asked("graded-n100-b16", "brian2-standalone", "fused-float32", 12),
    Asked("graded-n100-b16", "brian2-naive", "fused-float32", 80),
    Asked("graded-n100-b16", "fused-float32", "fused-float32-2-threads", 1.85, clock="wall"),
    Asked(
        "graded-n128-b8",
        "torch-gradient-compiled-float64",
        "plain-torch-gradient-float64",
        1.2,
        at_most=True,
    ),
    Asked("spiking-n1000-b16", "brian2-standalone", "fused-float32", 5),
    Asked("spiking-n1000-b16", "brian2-standalone-one-trial", "fused-float32", 5),
]
# SciPy's time by that of the compiled solver, for the same fields and tolerance.
ODE_AT_LEAST = 10.0
# Brian2's time with learning in a `network_operation`, by that of the compiled loop.
LOOP_AT_LEAST = 5.0
# Seconds, and of how large a reservoir.
RESERVOIR_AT_MOST, RESERVOIR = 60, "reservoir-n1000"
# A training step by predictive coding, by that of backpropagation: published for one GPU, data
# included (Rosenbaum 2022). Those without sweeps come to the same by a short cut.
INFERENCE_AT_MOST = {
    "fixed-prediction-20": 3.7,
    "fixed-prediction-5": 1.7,
    "strict-20": 4.1,
}
# Units of 1e6 bytes, beyond Python with Brian2 and the circuit, weights and recording.
MEMORY_BEYOND_MB = 150.0


def check_times(measurements: Iterable[Measurement]) -> list[dict[str, Any]]:
    """Return each figure that was measured beside its bound, and whether it holds."""
    timed = {(one.case.name, one.variant.name): one for one in measurements if one.turns}
    checks = []
    for asked in ASKED:
        pair = [timed.get((asked.case, name)) for name in (asked.slower, asked.faster)]
        if None not in pair:
            name = f"{asked.case}: {asked.slower} / {asked.faster}"
            ratio = pair[0].ratio(pair[1], asked.clock)
            checks.append(_check(name, ratio, asked.bound, asked.at_most))
    return checks


def check_memory(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return how much memory the generations took beyond what they must."""
    return [
        _check(f"{row['case']}: {row['variant']}, MB", row["beyond_mb"], MEMORY_BEYOND_MB, True)
        for row in rows
        if row["ns_per_neuron_step"] is not None
    ]


def check_odes(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return how many times longer SciPy took to solve a population's fields."""
    return [
        _check(f"{row['case']}: {row['variant']} / sdirk4", row["ratio_to_reference"], ODE_AT_LEAST)
        for row in rows
        if row["variant"].startswith("scipy") and row["ratio_to_reference"] is not None
    ]


def check_loops(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return how many times longer Brian2 took to learn in a closed loop."""
    return [
        _check(f"{row['case']}: {row['variant']} / compiled", ratio, LOOP_AT_LEAST)
        for row in rows
        if row["variant"].startswith("brian2") and (ratio := row["ratio_to_reference"]) is not None
    ]


def check_reservoirs(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return how many seconds a full-size training takes, of fifteen trials of 50,000 steps."""
    return [
        _check(
            f"{row['case']}: seconds of 750,000 steps", us * 0.75, RESERVOIR_AT_MOST, at_most=True
        )
        for row in rows
        if row["variant"] == "compiled" and row["case"] == RESERVOIR and (us := row.get("us"))
    ]


def check_inference(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return how many times longer predictive coding took than backpropagation."""
    return [
        _check(f"{row['case']}: {row['variant']} / backpropagation", ratio, bound, at_most=True)
        for row in rows
        if (bound := INFERENCE_AT_MOST.get(row["variant"])) is not None
        and (ratio := row["ratio_to_reference"]) is not None
    ]


def _check(name: str, measured: float, bound: float, at_most: bool = False) -> dict[str, Any]:
    return {
        "name": name,
        "measured": measured,
        "bound": f"{'<=' if at_most else '>='} {bound:g}",
        "holds": measured <= bound if at_most else measured >= bound,
    }


def format_checks(checks: Iterable[dict[str, Any]]) -> str:
    """Return the figures as a table."""
    return "\n".join(
        f"  {'yes' if check['holds'] else 'NO':<5}{check['measured']:9.2f}  asked "
        f"{check['bound']:<9}{check['name']}"
        for check in checks
    )
