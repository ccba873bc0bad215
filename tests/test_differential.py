"""Drawn networks come out the same on our device as on Brian2's own runtime.

A structure is drawn first (equations, synapses, monitors, slots), then several sets of numbers
for it (sizes, durations, connectivity, parameters), which need no compilation of their own. A
mismatch is reduced to a short script, which is printed and runs on either device.
"""

import logging
import re
from collections import Counter
from collections.abc import Iterator
from functools import partial
from multiprocessing import get_context

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, event, given, seed, settings
from hypothesis import strategies as st

import neurotrain.device  # noqa: F401
from neurotrain.errors import UnsupportedModel

from .differential.comparison import (
    Outcome,
    Runner,
    differences,
    is_ill_conditioned,
    report,
    run,
)
from .differential.coverage import FEATURES, features
from .differential.faults import FAULTS, Fault
from .differential.networks import structures
from .differential.reduction import reduced
from .differential.script import write
from .differential.values import all_values

# What the device may refuse, by words of the message; anything else that it refuses is a failure.
ALLOWED_REFUSALS: tuple[str, ...] = ()
# Several sets of numbers for each structure, since it is structures that have to be compiled.
VALUES = 4
PARTS = 16
REDUCTION_SECONDS = 150

on_runtime = partial(run, device="runtime")
on_device = partial(run, device="neurotrain")


@pytest.fixture(autouse=True)
def quiet_and_quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # Small loops do not gain from what optimizing takes.
    monkeypatch.setenv("NEUROTRAIN_CXXFLAGS", "-O0")
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


class Mismatch(Exception):
    """A script does not come out the same; what it is, and how."""

    def __init__(self, script: str, found: list[str]) -> None:
        self.script, self.found = script, found


class Comparison:
    """Compares a device with the reference, and counts what became of the cases."""

    def __init__(self, tested: Runner = on_device, reference: Runner = on_runtime) -> None:
        self.tested, self.reference = tested, reference
        self.outcomes: Counter[str] = Counter()
        self.features: Counter[str] = Counter()

    def of(self, script: str) -> None:
        """Run a script on both sides; raise Mismatch unless they agree."""
        found = self.found(script)
        if isinstance(found, str):
            self.outcomes[found] += 1
            event(found)
        elif not found:
            self.outcomes["same"] += 1
            self.features.update(features(script))
        elif is_ill_conditioned(script, self.reference, self.reference(script)):
            self.outcomes["ill-conditioned"] += 1
        else:
            raise Mismatch(script, found)

    def found(self, script: str) -> list[str] | str:
        """Return the differences, or why there is nothing to compare."""
        try:
            expected = self.reference(script)
        except Exception as error:
            return f"Brian2 does not run it: {root_of(error)}"
        try:
            return differences(self.tested(script), expected)
        except UnsupportedModel as error:
            if any(re.search(words, str(error)) for words in ALLOWED_REFUSALS):
                return "refused"
            return [f"refused: {error}"]
        except Exception as error:
            return [root_of(error)]

    def shortest(self, mismatch: Mismatch, seconds: float) -> str:
        """Return the report of the shortest script found that goes wrong in the same way."""

        def fails(script: str) -> bool:
            found = self.found(script)
            return isinstance(found, list) and not kinds(found).isdisjoint(kinds(mismatch.found))

        script = reduced(mismatch.script, fails, seconds)
        if is_ill_conditioned(script, self.reference, self.reference(script)):
            script = mismatch.script
        return report(script, list(self.found(script)))

    def share(self, outcome: str) -> float:
        return self.outcomes[outcome] / self.outcomes.total()


def kinds(found: list[str]) -> set[str]:
    """Return which arrays differ, or the words of an error without the names in it."""
    return {re.sub(r"'.*?'|\d", "", line.split(" ")[0] if "\n" in line else line) for line in found}


def root_of(error: BaseException) -> str:
    """Return the first line of what was raised first."""
    while error.__cause__ is not None:
        error = error.__cause__
    return f"{type(error).__name__}: {(str(error) or '?').splitlines()[0][:100]}"


def compare_drawn(
    comparison: Comparison, examples: int, seconds: float = REDUCTION_SECONDS, start: int = 0
) -> None:
    """Compare as many structures, each with several sets of numbers; others for each `start`.

    Raises AssertionError with the shortest script where they differ.
    """

    @seed(start)
    @settings(
        max_examples=examples,
        # What is found is made short by edits of the script: quicker than drawing it anew.
        phases=(Phase.generate,),
        verbosity=Verbosity.quiet,
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large),
        database=None,
    )
    @given(structures(), st.lists(all_values(), min_size=VALUES, max_size=VALUES))
    def check(structure, drawn):
        for values in drawn:
            comparison.of(write(structure, values))

    try:
        check()
    except Mismatch as mismatch:
        raise AssertionError(comparison.shortest(mismatch, seconds)) from None
    finally:
        print(comparison.outcomes)


@pytest.mark.slow
def test_drawn_networks_come_out_as_on_brian2():
    comparison = Comparison()
    compare_drawn(comparison, examples=25)
    assert comparison.outcomes.total() >= 100
    assert comparison.share("same") >= 0.8
    assert comparison.share("ill-conditioned") <= 0.05
    unseen = FEATURES.keys() - comparison.features.keys()
    assert len(unseen) <= len(FEATURES) / 5, unseen


def drawn_part(part: int) -> tuple[Counter[str], Counter[str]]:
    """Compare a part of thousands of cases; return what became of them and what they had."""
    comparison = Comparison()
    # The default run has compared those of 0.
    compare_drawn(comparison, examples=-(-750 // PARTS), start=part + 1)
    return comparison.outcomes, comparison.features


@pytest.mark.nightly
def test_thousands_of_drawn_networks_come_out_as_on_brian2():
    whole = Comparison()
    # A process for each part: what Brian2 makes is only freed when the process ends.
    with get_context("fork").Pool(maxtasksperchild=1) as pool:
        for outcomes, seen in pool.imap_unordered(drawn_part, range(PARTS), chunksize=1):
            whole.outcomes += outcomes
            whole.features += seen
    assert whole.outcomes.total() >= 3000
    assert whole.share("same") >= 0.8
    assert whole.share("ill-conditioned") <= 0.01
    assert not FEATURES.keys() - whole.features.keys()


@pytest.mark.nightly
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_planted_fault_is_found(fault: Fault):
    """A fault that comes true in the script of one side is seen, on Brian2 alone."""

    def faulty(script: str) -> Outcome:
        return on_runtime(fault(script))

    with pytest.raises(AssertionError, match="not what was expected"):
        compare_drawn(Comparison(tested=faulty), examples=100, seconds=0)
