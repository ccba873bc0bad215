"""Whatever happens to the process that trains, the run ends as if nothing had."""

import os
from collections import Counter
from pathlib import Path

import pytest
from faults.faulty_run import CIRCUITS
from faults.forked import forked
from faults.kinds import KINDS
from faults.scenarios import Scenario, draw_scenarios, failures, play, uninterrupted
from faults.tables import counts_of, counts_told, play_all
from faults.worker_kinds import WORKER_KINDS
from small_disk import can_mount

SCENARIOS, SEED = 200, 1
# Where the table of all scenarios goes; by default into the temporary folder of the tests.
TABLE = "NEUROTRAIN_FAULTS_TABLE"
# Those that end soonest; kills and Ctrl-C are among the tests of the command line.
QUICK = {
    "killed while writing": {"calls": [20]},
    "bits of checkpoints flipped": {"generation": 8, "more_ms": 5.0, "flips": [[0.3, 0.6]]},
    "disk full": {"pages": [8]},
    "two processes": {"generation": 9, "more_ms": 5.0, "second": "resume"},
}


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """Return what runs come to without any fault, by circuit, made when first asked for."""
    outcomes, folder = {}, tmp_path_factory.mktemp("uninterrupted")

    def of(circuit):
        if circuit not in outcomes:
            outcomes[circuit] = uninterrupted(folder / circuit, circuit)
        return outcomes[circuit]

    return of


def playable(scenarios, folder):
    """Return those that this process has the rights for."""
    mounts = can_mount(folder)
    return [each for each in scenarios if mounts or each.kind != "disk full"]


def test_the_page_tells_what_is_in_the_table(top):
    counts = counts_of(top / "docs" / "faults.csv", draw_scenarios(SCENARIOS, SEED))
    told = counts_told(top / "docs" / "faults.md")
    assert told.items() >= counts.items()
    assert told.keys() == {*KINDS, *WORKER_KINDS}


def test_scenarios_are_the_same_for_a_seed():
    drawn = [*draw_scenarios(SCENARIOS, SEED)]
    assert drawn == [*draw_scenarios(SCENARIOS, SEED)] != [*draw_scenarios(SCENARIOS, SEED + 1)]
    assert Counter(each.kind for each in drawn) == dict.fromkeys(KINDS, SCENARIOS // len(KINDS))
    assert {each.circuit for each in drawn} == {*CIRCUITS}


@pytest.mark.parametrize("kind", QUICK)
def test_one_of_a_kind(kind, tmp_path, expected):
    scenario = Scenario(0, kind, "linear", None, QUICK[kind])
    if not playable([scenario], tmp_path):
        pytest.skip("only root can mount a disk that fills up")
    row = play(scenario, tmp_path / "scenario", expected("linear"), forked)
    assert not failures([row]), row


@pytest.mark.nightly
def test_all_scenarios(tmp_path, expected):
    path = Path(os.environ.get(TABLE, tmp_path / "faults.csv"))
    scenarios = playable(draw_scenarios(SCENARIOS, SEED), tmp_path)
    play_all(scenarios, tmp_path, path, expected)
