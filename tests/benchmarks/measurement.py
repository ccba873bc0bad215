"""Timing the variants of a case, in turns."""

import json
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from neurotrain.benchmarks.agreement import disagreement
from neurotrain.benchmarks.cases import Case
from neurotrain.benchmarks.drawing import draw_values
from neurotrain.benchmarks.outcome import Outcome, Seconds
from neurotrain.benchmarks.processes import Process, VariantFailed
from neurotrain.benchmarks.variants import VARIANTS, Variant


@dataclass
class Measurement:
    """One variant of a case, timed or not.

    Parameters
    ----------
    case : Case
    variant : Variant
    share : (candidates, trials)
        How many it simulates in a run.
    turns : list of Seconds
        Empty where it could not be timed.
    peak_memory_mb : float
    note : str
        Why it could not be timed, or what is worth knowing.
    failed : bool
        Whether it should have been timed.
    """

    case: Case
    variant: Variant
    share: tuple[int, int] = (0, 0)
    turns: list[Seconds] = field(default_factory=list)
    peak_memory_mb: float = float("nan")
    note: str = ""
    failed: bool = False

    def nanoseconds(self, clock: str) -> np.ndarray:
        """Return the time per neuron-step of every turn, on the clock 'cpu' or 'wall'."""
        neuron_steps = self.share[0] * self.share[1] * self.case.neurons * self.case.steps
        return np.array([getattr(turn, clock) for turn in self.turns]) / neuron_steps * 1e9

    def ratio(self, other: "Measurement", clock: str) -> float:
        """Return how many times longer it takes than `other`: the median over the turns."""
        return float(np.median(self.nanoseconds(clock) / other.nanoseconds(clock)))


def measure_case(
    case: Case, repeats: int, folder: Path, say: Callable[[str], None]
) -> list[Measurement]:
    """Prepare, compare and time all variants of a case.

    Parameters
    ----------
    case : Case
    repeats : int
        Turns that are counted.
    folder : Path
        An empty folder.
    say : callable
        Is told in words what is going on.
    """
    measurements = [Measurement(case, VARIANTS[name]) for name in case.variants]
    draw_values(case).save(folder / "values.npz")
    (folder / "case.json").write_text(json.dumps(asdict(case)))
    with ExitStack() as stack:
        running: list[tuple[Measurement, Process]] = []
        for one in measurements:
            one.note = one.variant.missing
            if not one.note:
                say(f"{case.name}: preparing {one.variant.name}")
                process = Process(one.variant, folder / one.variant.name)
                stack.callback(process.close)
                running.append((one, process))
                _attempt(one, process.wait_until_ready)
        say(f"{case.name}: comparing")
        _compare(running)
        for turn in range(1 + repeats):
            say(f"{case.name}: turn {turn} of {repeats}")
            _take_turns(running, counted=turn > 0)
        for one, process in running:
            one.share, one.peak_memory_mb = process.share, process.peak_memory_mb
            one.note = one.note or process.note
    return measurements


def _attempt(one: Measurement, action: Callable[[], object]) -> object:
    """Return what `action` does; where it fails, note why."""
    try:
        return action()
    except VariantFailed as error:
        one.failed, one.note, one.turns = True, f"failed: {error}", []
        return None


def _compare(running: Iterable[tuple[Measurement, Process]]) -> None:
    """Let every variant simulate the compared steps, and fail those that compute something else."""
    outcomes: list[tuple[Measurement, Outcome]] = []
    for one, process in running:
        outcome = None if one.failed else _attempt(one, process.compare)
        if isinstance(outcome, Outcome):
            outcomes.append((one, outcome))
    precise = [outcome for one, outcome in outcomes if one.variant.precision == "float64"]
    for one, outcome in outcomes:
        told = disagreement(outcome, (precise or [outcomes[0][1]])[0], one.variant.precision)
        if told:
            one.failed, one.note = True, told


def _take_turns(running: Iterable[tuple[Measurement, Process]], counted: bool) -> None:
    for one, process in running:
        seconds = None if one.failed else _attempt(one, process.run)
        if counted and isinstance(seconds, Seconds):
            one.turns.append(seconds)
