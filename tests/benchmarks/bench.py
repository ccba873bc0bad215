"""The benchmark as a whole: what `neurotrain bench` runs."""

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from neurotrain.benchmarks.asked import (
    check_loops,
    check_memory,
    check_odes,
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
from neurotrain.benchmarks.ode_cost import VARIANTS, OdePopulation, format_odes, measure_odes
from neurotrain.benchmarks.report import describe_machine, format_rows, rows_of
from neurotrain.errors import require_whole

TURNS = {"quick": 2, "default": 7, "full": 7}


@dataclass(frozen=True)
class Report:
    """What came out.

    Parameters
    ----------
    machine : dict
    rows, memory, odes, loops, checks : list of dict
        Times, memory of a large generation, times of solving vector fields and of learning in a
        closed loop, and the figures that are asked of the engine.
    failed : bool
        Whether a variant failed, or computed something else than the others.
    """

    machine: dict[str, Any]
    rows: list[dict[str, Any]]
    memory: list[dict[str, Any]]
    odes: list[dict[str, Any]]
    loops: list[dict[str, Any]]
    checks: list[dict[str, Any]]
    failed: bool

    def as_json(self) -> dict[str, Any]:
        """Return what `neurotrain bench --json` prints."""
        return {
            "machine": self.machine,
            "rows": [*self.rows, *self.memory, *self.odes, *self.loops],
            "checks": self.checks,
        }


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
    cases, generation, population, loop = contents(extent)
    names = [f"{generation.name}/fused-float32-{steps}-steps" for steps in generation.steps]
    solves = [f"{population.name}/{name}" for name in VARIANTS] if population.turns else []
    learning = [f"{loop.name}/{name}" for name in LOOPS] if loop.turns else []
    chosen = select(cases, only, [*names, *solves, *learning])
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
    wanted = any(only is None or matches(name, only) for name in solves)
    odes = _measure_odes(population) if wanted else []
    wanted = any(only is None or matches(name, only) for name in learning)
    loops = _measure_loops(loop) if wanted else []
    checks = [*check_times(every), *check_memory(memory), *check_odes(odes), *check_loops(loops)]
    if memory:
        show(format_memory(memory))
    if odes:
        show(format_odes(odes))
    if loops:
        show(format_loops(loops))
    if checks:
        show(f"Asked of the engine\n{format_checks(checks)}")
    failed = any(one.failed for one in every)
    failed = failed or any(row["note"] for row in (*memory, *odes, *loops))
    return Report(machine, rows, memory, odes, loops, checks, failed)


def contents(extent: str) -> tuple[list[Case], Generation, OdePopulation, LearningLoop]:
    """Return the cases, whose memory is measured, the fields to be solved, and who learns."""
    if extent == "quick":
        generation = Generation(30, 16, 4, (20, 40))
        return quick_cases(), generation, OdePopulation(8, 1), LearningLoop(50, 1, 1)
    if extent == "full":
        generation = replace(Generation(), steps=(100, 400, 10_000))
        return full_cases(), generation, OdePopulation(turns=7), LearningLoop(turns=7)
    return default_cases(), Generation(), OdePopulation(), LearningLoop()


def _measure(case: Case, repeats: int) -> list[Measurement]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        return measure_case(case, repeats, Path(folder), _say)


def _measure_memory(generation: Generation, steps: int) -> dict[str, Any]:
    _say(f"{generation.name}: {steps} steps")
    return measure_memory(generation, steps)


def _measure_odes(population: OdePopulation) -> list[dict[str, Any]]:
    _say(f"{population.name}: {population.turns} turns")
    return measure_odes(population)


def _measure_loops(loop: LearningLoop) -> list[dict[str, Any]]:
    _say(f"{loop.name}: {loop.turns} turns")
    return measure_loops(loop)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
