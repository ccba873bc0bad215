"""What becomes of one example on the device under test, beside what Brian2 makes of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from differences import Difference, differences, equal_events
from player import Spec
from plays import Play, TookTooLong, plays
from sampling import disagreements
from selection import extent, reason_to_exclude

REFUSAL = "UnsupportedModel"
SEEDS = tuple(range(1, 11))
CONTROL_SEEDS = tuple(range(101, 111))
ROUNDINGS = SEEDS[:3]
# The device may part from Brian2 as early as this share of the time after which Brian2 parts
# from itself when every step is disturbed in the last place.
EARLIEST = 0.5
# And where all events are equal, its values may be off by so many times as much as Brian2's.
MOST_ROUNDING = 100


@dataclass(frozen=True)
class Outcome:
    """What became of a script.

    Attributes
    ----------
    verdict : str
        matches, refused, mismatch, crashed or excluded.
    kind : str
        deterministic, stochastic, chaotic, or empty where nothing was compared.
    detail : str
        The reason, or what was compared.
    shortened : str
        How much less was simulated than the script asks for; empty if nothing less.
    """

    script: str
    verdict: str
    kind: str = ""
    detail: str = ""
    shortened: str = ""
    brian2_seconds: float = 0.0
    device_seconds: float = 0.0


class Judge:
    """Compares a device with Brian2's runtime device over scripts.

    Parameters
    ----------
    examples, scratch, kept : Path
        The folder of scripts; where the device's recordings go; where those of Brian2 are kept
        for the next report.
    control : bool
        Whether to judge, instead of the device, Brian2 itself with other noise and with
        differences in the last place: it has to match.
    time_limit : int
        Seconds of processor time that one run of a script may take.
    """

    def __init__(
        self, examples: Path, scratch: Path, kept: Path, control: bool, time_limit: int
    ) -> None:
        self.examples, self.scratch, self.kept = examples, scratch, kept
        self.control, self.time_limit = control, time_limit

    def outcome(self, script: str) -> Outcome:
        """Run the script on both devices and return what became of it."""
        reason = reason_to_exclude((self.examples / script).read_text())
        if reason:
            return Outcome(script, "excluded", detail=reason)
        try:
            reference = self._brian2(script, (0,))[0]
        except TookTooLong as error:
            return Outcome(script, "excluded", detail=f"takes Brian2 itself {error}")
        if reason := _reason_by_run(reference):
            return Outcome(script, "excluded", detail=reason)
        try:
            return self._considered(script, reference)
        except TookTooLong as error:
            return Outcome(script, "crashed", detail=f"takes {error}")

    def _considered(self, script: str, reference: Play) -> Outcome:
        kind = "stochastic" if reference.random else "deterministic"
        outcome = Outcome(script, "", kind, "", shortened(reference), reference.seconds)
        found = self._candidate(script, (CONTROL_SEEDS[0],) if self.control else (0,))[0]
        outcome = replace(outcome, device_seconds=found.seconds)
        if found.is_error(REFUSAL):
            return replace(outcome, verdict="refused", detail=found.error["message"])
        if _failed(reference, found):
            error = found.error or {"kinds": ["nothing"], "message": "", "where": []}
            text = f"{error['kinds'][0]}: {error['message']} ({', '.join(error['where'][:1])})"
            return replace(outcome, verdict="crashed", detail=text)
        if reference.random:
            return self._stochastic(outcome)
        return self._deterministic(outcome, reference, found)

    def _stochastic(self, outcome: Outcome) -> Outcome:
        seeds = CONTROL_SEEDS if self.control else SEEDS
        expected = self._brian2(outcome.script, SEEDS, noise=True)
        found = self._candidate(outcome.script, seeds, noise=True)
        return _by_distribution(outcome, expected, found, "rates and distributions agree")

    def _deterministic(self, outcome: Outcome, reference: Play, found: Play) -> Outcome:
        expected, arrays = reference.arrays(), found.arrays()
        apart = differences(expected, arrays, reference.runs)
        n_spikes = sum(len(expected[key]) for key in expected if key.endswith("/step"))
        if not apart:
            text = f"{n_spikes} events and {_n_values(expected)} values equal"
            return replace(outcome, verdict="matches", detail=text)
        disturbed = self._brian2(outcome.script, ROUNDINGS, rounding=True)
        itself = [differences(expected, one.arrays(), one.runs) for one in disturbed]
        if is_rounding(apart, itself):
            text = f"{n_spikes} events equal, and values but for rounding: {apart[0].text}"
            return replace(outcome, verdict="matches", detail=text)
        if not departs_like(apart, itself):
            text = "; ".join(f"{d.item} at {d.time:g} s: {d.text}" for d in apart[:3])
            return replace(outcome, verdict="mismatch", detail=text)
        n_equal = equal_events(expected, arrays)
        text = f"equal for {n_equal} events and until {_when(apart[0])}, then chaotic: " + (
            f"Brian2 departs from itself at {_when(min((one[0] for one in itself), key=_order))}"
        )
        return self._chaotic(replace(outcome, kind="chaotic"), text)

    def _chaotic(self, outcome: Outcome, text: str) -> Outcome:
        seeds = CONTROL_SEEDS if self.control else SEEDS
        expected = self._brian2(outcome.script, SEEDS, rounding=True)
        found = self._candidate(outcome.script, seeds, rounding=True)
        return _by_distribution(outcome, expected, found, text)

    def _brian2(
        self, script: str, seeds: Sequence[int], noise: bool = False, rounding: bool = False
    ) -> list[Play]:
        spec = self._spec(script, "runtime", seeds, noise, rounding)
        return plays(spec, self.kept)

    def _candidate(
        self, script: str, seeds: Sequence[int], noise: bool = False, rounding: bool = False
    ) -> list[Play]:
        if self.control:
            return self._brian2(script, seeds, noise, True)
        return plays(self._spec(script, "neurotrain", seeds, noise, rounding))

    def _spec(
        self, script: str, device: str, seeds: Sequence[int], noise: bool, rounding: bool
    ) -> Spec:
        size = extent(script)
        flags = f"{device}-{noise:d}{rounding:d}"
        out = self.scratch / script.replace("/", "_") / flags
        return Spec(
            script=str(self.examples / script),
            device=device,
            seeds=tuple(seeds),
            noise=noise,
            rounding=rounding,
            run_steps=size.run,
            total_steps=size.total,
            time_limit=self.time_limit,
            out=str(out),
        )


def shortened(play: Play) -> str:
    """Say how much less than the script asks for was simulated."""
    asked, done = (sum(run[key] for run in play.runs) for key in ("asked", "duration"))
    stopped = ", then stopped" if play.stopped else ""
    return f"{done:g} s of {asked:g} s{stopped}" if done < asked * 0.999 or stopped else ""


def is_rounding(apart: list[Difference], itself: list[list[Difference]]) -> bool:
    """Return whether all events are equal, and values as close as rounding leaves Brian2's."""
    own: dict[tuple[int, str], float] = {}
    for one in (one for each in itself for one in each):
        own[one.run, one.item] = max(one.size, own.get((one.run, one.item), 0.0))
    return all(
        one.size <= MOST_ROUNDING * own.get((one.run, one.item), 0.0) < np.inf for one in apart
    )


def departs_like(apart: list[Difference], itself: list[list[Difference]]) -> bool:
    """Return whether differences come no earlier than rounding explains, in each run."""
    if not all(itself):
        return False
    for number in {one.run for one in apart}:
        earliest = min(one.time for one in apart if one.run == number)
        own = [one.time for each in itself for one in each if one.run == number]
        if not own or earliest < EARLIEST * min(own):
            return False
    return True


def _by_distribution(
    outcome: Outcome, expected: list[Play], found: list[Play], text: str
) -> Outcome:
    broken = next((one for one in found if one.error and not one.runs), None)
    if broken is not None:
        return replace(outcome, verdict="crashed", detail=broken.error["message"])
    wrong = disagreements(*([one.arrays() for one in group] for group in (expected, found)))
    if wrong:
        return replace(outcome, verdict="mismatch", detail="; ".join(wrong[:3]))
    return replace(outcome, verdict="matches", detail=text)


def _reason_by_run(reference: Play) -> str | None:
    """Return why a script is not considered, from how it ended in Brian2 itself."""
    if reference.is_error("ModuleNotFoundError"):
        return reference.error["message"]
    if any(run["duration"] > 0 for run in reference.runs):
        return None
    if reference.error is not None:
        return f"Brian2 itself cannot run it here: {reference.error['message'][:100]}"
    return "does not simulate"


def _failed(reference: Play, found: Play) -> bool:
    """Return whether the device ended a script otherwise than Brian2 did."""
    ends = [one.error["kinds"][0] if one.error else None for one in (reference, found)]
    return ends[0] != ends[1] or len(reference.runs) != len(found.runs)


def _n_values(arrays: dict) -> int:
    return sum(values.size for key, values in arrays.items() if "/events/" not in key)


def _when(one: Difference) -> str:
    return f"{one.time:g} s of run {one.run + 1}"


def _order(one: Difference) -> tuple[int, float]:
    return one.run, one.time
