"""The benchmark as a whole: what `neurotrain bench` runs."""

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from neurotrain.benchmarks.asked import (
    check_inference,
    check_loops,
    check_memory,
    check_odes,
    check_reservoirs,
    check_times,
    format_checks,
)
from neurotrain.benchmarks.cases import (
    Case,
    default_cases,
    full_cases,
    matches,
    quick_cases,
    select,
)
from neurotrain.benchmarks.closed_loop_cost import VARIANTS as LOOPS
from neurotrain.benchmarks.closed_loop_cost import LearningLoop, format_loops, measure_loops
from neurotrain.benchmarks.measurement import Measurement, measure_case
from neurotrain.benchmarks.memory import Generation, format_memory, measure_memory
from neurotrain.benchmarks.ode_cost import VARIANTS as SOLVES
from neurotrain.benchmarks.ode_cost import OdePopulation, format_odes, measure_odes
from neurotrain.benchmarks.predictive_coding_cost import VARIANTS as INFERENCES
from neurotrain.benchmarks.predictive_coding_cost import (
    InferenceBatch,
    format_inference,
    measure_inference,
)
from neurotrain.benchmarks.report import describe_machine, format_rows, rows_of
from neurotrain.benchmarks.reservoir_cost import VARIANTS as RESERVOIRS
from neurotrain.benchmarks.reservoir_cost import (
    ReservoirTrial,
    format_reservoirs,
    measure_reservoirs,
)
from neurotrain.errors import require_whole

TURNS = {"quick": 2, "default": 7, "full": 7}


@dataclass(frozen=True)
class Report:
    """What came out.

    Parameters
    ----------
    machine : dict
    rows, memory, parts, checks : list of dict
        Times, memory of a large generation, times of what else there is beside circuits, and the
        figures that are asked of the engine.
    failed : bool
        Whether a variant failed, or computed something else than the others.
    """

    machine: dict[str, Any]
    rows: list[dict[str, Any]]
    memory: list[dict[str, Any]]
    parts: list[dict[str, Any]]
    checks: list[dict[str, Any]]
    failed: bool

    def as_json(self) -> dict[str, Any]:
        """Return what `neurotrain bench --json` prints."""
        return {
            "machine": self.machine,
            "rows": [*self.rows, *self.memory, *self.parts],
            "checks": self.checks,
        }


@dataclass(frozen=True)
class Part:
    """Something beside circuits, all of whose variants take turns in one process.

    Parameters
    ----------
    case : OdePopulation, LearningLoop, ReservoirTrial or InferenceBatch
    variants : tuple of str
    measure, show, check : callable
        From the case to rows, and from these to a table and to figures that are asked for.
    """

    case: OdePopulation | LearningLoop | ReservoirTrial | InferenceBatch
    variants: tuple[str, ...]
    measure: Callable[[Any], list[dict[str, Any]]]
    show: Callable[[list[dict[str, Any]]], str]
    check: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]

    @property
    def names(self) -> list[str]:
        """Each ``CASE/VARIANT``."""
        return [f"{self.case.name}/{variant}" for variant in self.variants]


EXPLANATION = """\
ns: nanoseconds per neuron-step, which is one step of one neuron on one trial; CPU time, or wall
time with two threads; median, minimum and maximum of the turns. ms/s: the same for the network,
per simulated second and trial. ratio: times the hand-written kernel of the same precision, or
else the fused one, or one thread. fused: times fused-float32. MB: peak resident set of the
variant's own process. prep: what each run needs besides."""


def bench(
    extent: str = "default",
    only: str | None = None,
    repeats: int | None = None,
    show: Callable[[str], None] = lambda text: None,
) -> Report:
    """Measure the engine beside all else that is installed.

    Parameters
    ----------
    extent : {'quick', 'default', 'full'}
        Within a minute, about ten minutes, or hours.
    only : str, optional
        Of the cases and variants only those whose ``CASE/VARIANT`` has this part or matches this
        shell pattern, and what they are compared with.
    repeats : int, optional
        Turns of each variant.
    show : callable, optional
        Is given every table as soon as it is complete.

    Raises
    ------
    InvalidInput
        If nothing matches, or there are no turns.
    """
    repeats = TURNS[extent] if repeats is None else repeats
    require_whole("The number of repeats", repeats)
    cases, generation, parts = contents(extent)
    names = [f"{generation.name}/fused-float32-{steps}-steps" for steps in generation.steps]
    others = [name for part in parts for name in part.names]
    chosen = select(cases, only, [*names, *others])
    machine = describe_machine()
    show(", ".join(f"{name} {value}" for name, value in machine.items() if value))
    show(EXPLANATION)
    every, rows = [], []
    for case in chosen:
        measured = _measure(case, repeats)
        every += measured
        rows += rows_of(measured)
        show(format_rows(rows_of(measured)))
    memory = [
        _measure_memory(generation, steps)
        for name, steps in zip(names, generation.steps, strict=True)
        if only is None or matches(name, only)
    ]
    if memory:
        show(format_memory(memory))
    checks = [*check_times(every), *check_memory(memory)]
    beside = []
    for part in parts:
        if any(only is None or matches(name, only) for name in part.names):
            measured = _measure_part(part)
            beside += measured
            checks += part.check(measured)
            show(part.show(measured))
    if checks:
        show(f"Asked of the engine\n{format_checks(checks)}")
    failed = any(one.failed for one in every) or any(row["note"] for row in memory)
    failed = failed or any(row["note"].startswith("failed") for row in beside)
    return Report(machine, rows, memory, beside, checks, failed)


def contents(extent: str) -> tuple[list[Case], Generation, list[Part]]:
    """Return the cases, whose memory is measured, and what there is beside circuits."""
    if extent == "quick":
        reservoir = ReservoirTrial(50, 200, 1)
        small = _parts(
            OdePopulation(8, 1), LearningLoop(50, 1, 1), reservoir, InferenceBatch(20, 2)
        )
        return quick_cases(), Generation(30, 16, 4, (20, 40)), small
    if extent == "full":
        generation = replace(Generation(), steps=(100, 400, 10_000))
        loop, trial = LearningLoop(turns=7), ReservoirTrial(turns=7)
        large = _parts(OdePopulation(turns=7), loop, trial, InferenceBatch(turns=50))
        return full_cases(), generation, large
    usual = _parts(OdePopulation(), LearningLoop(), ReservoirTrial(), InferenceBatch())
    return default_cases(), Generation(), usual


def _parts(
    population: OdePopulation, loop: LearningLoop, trial: ReservoirTrial, batch: InferenceBatch
) -> list[Part]:
    return [
        Part(population, SOLVES, measure_odes, format_odes, check_odes),
        Part(loop, LOOPS, measure_loops, format_loops, check_loops),
        Part(trial, RESERVOIRS, measure_reservoirs, format_reservoirs, check_reservoirs),
        Part(batch, INFERENCES, measure_inference, format_inference, check_inference),
    ]


def _measure(case: Case, repeats: int) -> list[Measurement]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        return measure_case(case, repeats, Path(folder), _say)


def _measure_memory(generation: Generation, steps: int) -> dict[str, Any]:
    _say(f"{generation.name}: {steps} steps")
    return measure_memory(generation, steps)


def _measure_part(part: Part) -> list[dict[str, Any]]:
    _say(f"{part.case.name}: {part.case.turns} turns")
    return part.measure(part.case)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
