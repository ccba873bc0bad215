"""The comparison of Brian2's own examples: it finds planted faults, and passes equal runs."""

import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).with_name("brian2_examples")))

import archive
import differences as exact
import report
import sampling
from selection import reason_to_exclude, scripts
from verdict import Judge, Outcome, departs_like, is_rounding

# The same on every Python.
pytestmark = pytest.mark.slow

RUNS = [{"asked": 1.0, "duration": 1.0, "start": 0.0, "random": False}]
EVENTS, STATE = "000/events/SpikeMonitor0", "000/state/NeuronGroup0"
TRACE = "000/trace/StateMonitor0/v"


def recording() -> dict[str, np.ndarray]:
    """Return what a tape would hold of one run, with 40 spikes of 4 neurons."""
    steps, neurons = np.arange(0, 400, 10), np.arange(40) % 4
    return {
        f"{EVENTS}/step": steps,
        f"{EVENTS}/i": neurons,
        f"{EVENTS}/t": steps * 1e-4,
        f"{EVENTS}/v": np.linspace(-0.05, -0.04, 40),
        f"{EVENTS}/count": np.full(4, 10),
        TRACE: np.sin(np.arange(300.0)).reshape(100, 3),
        f"{STATE}/lastspike": np.array([0.036, 0.037, -1e4, 0.039]),
        f"{STATE}/not_refractory": np.array([True, True, False, True]),
        f"{STATE}/w": np.array([0.0, np.nan, np.inf, 1e3]),
    }


def planted(key: str, where: object, value: object) -> dict[str, np.ndarray]:
    arrays = recording()
    arrays[key] = arrays[key].copy()
    arrays[key][where] = value
    return arrays


def test_equal_recordings_do_not_differ():
    assert exact.differences(recording(), recording(), RUNS) == []
    assert exact.equal_events(recording(), recording()) == 40


def test_rounding_is_not_a_difference():
    arrays = recording()
    arrays[TRACE] = arrays[TRACE] * (1 + 1e-12) + 1e-13
    assert exact.differences(recording(), arrays, RUNS) == []


@pytest.mark.parametrize(
    ("key", "where", "value", "time"),
    [
        (f"{EVENTS}/step", 20, 201, 0.02),
        (f"{EVENTS}/i", 20, 3, 0.02),
        (f"{EVENTS}/v", 20, -0.0441, 1.0),
        (f"{EVENTS}/count", 0, 11, 1.0),
        (TRACE, (50, 1), 0.0, 0.5),
        (TRACE, (50, 1), np.nan, 0.5),
        (TRACE, (50, 1), np.sin(151.0) + 1e-7, 0.5),
        (f"{STATE}/lastspike", 0, 0.0361, 1.0),
        (f"{STATE}/not_refractory", 0, False, 1.0),
        (f"{STATE}/w", 1, 1.0, 1.0),
        (f"{STATE}/w", 2, -np.inf, 1.0),
    ],
)
def test_one_wrong_value_is_found(key, where, value, time):
    found = exact.differences(recording(), planted(key, where, value), RUNS)
    assert [one.time for one in found] == [pytest.approx(time)]
    assert key.partition("/")[2].startswith(found[0].item)


def test_missing_events_objects_and_shapes_are_found():
    short = {k: v[:20] if k.startswith(EVENTS) and k[-1] != "t" else v for k, v in planted_all()}
    assert exact.differences(recording(), short, RUNS)[0].time == pytest.approx(0.02)
    assert exact.equal_events(recording(), short) == 20
    without = {key: values for key, values in recording().items() if key != TRACE}
    assert "the candidate did not" in exact.differences(recording(), without, RUNS)[0].text
    assert "the reference did not" in exact.differences(without, recording(), RUNS)[0].text
    thin = recording() | {TRACE: np.zeros((99, 3))}
    assert "shape" in exact.differences(recording(), thin, RUNS)[0].text


def planted_all():
    arrays = recording()
    arrays[f"{EVENTS}/t"] = arrays[f"{EVENTS}/t"][:20]
    return arrays.items()


def departure(time: float, run: int = 0) -> list[exact.Difference]:
    return [exact.Difference(run, time, "events/SpikeMonitor0", "")]


def test_a_departure_is_chaos_only_if_brian2_departs_from_itself_as_soon():
    assert departs_like(departure(0.6), [departure(0.8), departure(0.9)])
    assert not departs_like(departure(0.3), [departure(0.8), departure(0.9)])
    assert not departs_like(departure(0.9), [departure(0.8), []])
    assert not departs_like(departure(0.9, run=1), [departure(0.8), departure(0.8)])


def test_values_may_be_off_as_rounding_leaves_those_of_brian2():
    def off(size: float) -> list[exact.Difference]:
        return [exact.Difference(0, 1.0, TRACE, "", size)]

    assert is_rounding(off(1e-6), [off(1e-7), []])
    assert not is_rounding(off(1e-4), [off(1e-7), []])
    assert not is_rounding(off(1e-6), [[], []])
    assert not is_rounding(off(1e-6) + departure(0.5), [off(1e-7), departure(0.5)])


def spike_runs(seed: int, n: int = 10, rate: float = 0.02, spread: float = 1.0, shape: float = 1.0):
    """Return recordings of gamma renewal trains: intervals and trace scaled as given."""
    generator = np.random.default_rng(seed)
    return [one_run(generator, rate, spread, shape) for _ in range(n)]


def one_run(generator, rate, spread, shape):
    steps, neurons = [], []
    for neuron in range(10):
        intervals = generator.gamma(shape, 1 / (rate * shape), 400)
        times = np.cumsum(np.ceil(intervals)).astype(int)
        steps.append(times[times < 5000])
        neurons.append(np.full(len(steps[-1]), neuron))
    trace = generator.normal(0, spread, (200, 3))
    return {f"{EVENTS}/step": np.concatenate(steps), f"{EVENTS}/i": np.concatenate(neurons)} | {
        TRACE: trace
    }


def test_equal_distributions_agree():
    # Over 20 scripts, FALSE_ALARMS each: one false alarm in 50 versions of this test at most.
    for seed in range(20):
        assert sampling.disagreements(spike_runs(seed), spike_runs(1000 + seed)) == []


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ({"rate": 0.022}, "events"),
        ({"shape": 1.3}, "distribution of intervals"),
        ({"spread": 1.1}, "spread"),
    ],
)
def test_other_distributions_are_found(fault, named):
    wrong = sampling.disagreements(spike_runs(0), spike_runs(1, **fault))
    assert any(named in text for text in wrong)


def test_what_never_varies_must_be_equal():
    a, b = ([{f"{STATE}/w": np.full(3, value)}] * 10 for value in (1.0, 1.001))
    assert sampling.disagreements(a, b)
    assert sampling.disagreements(a, a) == []


def test_the_interval_test_holds_when_each_run_has_its_own_rate():
    # 200 pairs at 5 %: more than 24 rejections come by chance with probability < 1e-5. The test
    # that takes intervals for independent rejects nearly always.
    generator = np.random.default_rng(0)
    p = [interval_p(generator) for _ in range(200)]
    assert (np.array(p) < 0.05).sum() <= 24


def interval_p(generator):
    runs = [generator.exponential(generator.uniform(5, 20), 300).astype(int) for _ in range(10)]
    return sampling.interval_test(runs, 5, 0.05)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("neuron = SpatialNeuron(morphology=m); run(1*ms)", "multicompartment"),
        ("import multiprocessing; run(1*ms)", "processes"),
        ("device.run(run_args={G.tau: tau})", "standalone"),
        ("net.run(1*ms); method = 'gsl_rk2'", "GNU Scientific"),
        ("set_device('cpp_standalone'); run(1*ms)", None),
        ("repeated_run(connect)", "does not simulate"),
    ],
)
def test_scripts_are_left_out_for_a_reason(text, reason):
    found = reason_to_exclude(text)
    assert found is None if reason is None else reason in found


def test_without_a_network_the_report_says_what_to_do(tmp_path, monkeypatch):
    failed = subprocess.CompletedProcess([], 1, "", "ERROR: No matching distribution\n")
    monkeypatch.setenv("NEUROTRAIN_CACHE", str(tmp_path))
    monkeypatch.setattr(archive.subprocess, "run", lambda *args, **options: failed)
    with pytest.raises(archive.NotFetched, match=r"No matching distribution.*put the archive"):
        archive.fetch()


def test_only_the_examples_are_unpacked(tmp_path):
    for name in ("brian2-9/examples/a/b.py", "brian2-9/setup.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("pass\n")
    with tarfile.open(tmp_path / "brian2-9.tar.gz", "w:gz") as file:
        file.add(tmp_path / "brian2-9", "brian2-9")
    folder = archive.unpack(tmp_path / "brian2-9.tar.gz", tmp_path / "out")
    assert scripts(folder) == ["a/b.py"]
    assert scripts(folder, "*b.py") == ["a/b.py"]
    assert scripts(folder, "c") == []
    assert not (tmp_path / "out" / "brian2-9" / "setup.py").exists()


def test_the_share_counts_refusals_and_nothing_wrong_is_forgiven():
    matches = [Outcome(f"{k}.py", "matches") for k in range(9)]
    refused, excluded = Outcome("r.py", "refused", detail="why"), Outcome("e.py", "excluded")
    assert report.summary([*matches, refused, excluded])["share"] == pytest.approx(0.9)
    assert report.holds([*matches, refused, excluded])
    assert not report.holds([*matches, refused, refused])
    assert not report.holds([*matches, Outcome("m.py", "mismatch")])
    assert not report.holds([*matches, Outcome("c.py", "crashed")])
    assert "90.0% of 10 considered" in report.table([*matches, refused, excluded])


SCRIPT = """
from brian2 import *
set_device('cpp_standalone')
G = NeuronGroup(20, 'dv/dt = (I - v)/(10*ms){noise} : 1\\nI : 1', threshold='v > 1', reset='v = 0',
                method='euler')
G.v = 'rand()'
G.I = '1.1 + rand()'
S = Synapses(G, G, 'w : 1', on_pre='v_post += w')
S.connect(p=0.2)
S.w = {weight}
spikes, trace = SpikeMonitor(G), StateMonitor(G, 'v', record=True)
run({duration}*ms, report='text')
{end}
"""
SOUND = {"noise": "", "weight": "0.01", "duration": 100, "end": "show()"}
NOISE = " + 0.1*xi/sqrt(10*ms)"


class Planted(Judge):
    """Runs another script on what is under test."""

    def _candidate(self, script, *args, **options):
        return super()._candidate("faulty.py", *args, **options)


def judged(tmp_path: Path, sound: dict, fault: dict, time_limit: int = 60) -> Outcome:
    for name, content in (("sound.py", sound), ("faulty.py", sound | fault)):
        (tmp_path / name).write_text(SCRIPT.format(**SOUND | content))
    judge = Planted(tmp_path, tmp_path / "scratch", tmp_path / "kept", True, time_limit)
    return judge.outcome("sound.py")


def test_a_script_matches_itself_and_long_runs_are_cut(tmp_path):
    outcome = judged(tmp_path, {"duration": 1200, "end": "run(100*ms)"}, {})
    assert (outcome.verdict, outcome.kind) == ("matches", "deterministic"), outcome
    assert " 0 events" not in outcome.detail
    assert outcome.shortened == "1.1 s of 1.3 s"


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        ({"weight": "0.0101"}, "mismatch"),
        pytest.param({"end": "1/0"}, "crashed", marks=pytest.mark.nightly),
    ],
)
def test_faults_are_found_in_a_script(tmp_path, fault, verdict):
    assert judged(tmp_path, {}, fault).verdict == verdict


@pytest.mark.nightly
def test_scripts_are_left_out_when_brian2_cannot_run_them(tmp_path):
    for duration, reason in (("0", "does not simulate"), ("1/0", "division by zero")):
        outcome = judged(tmp_path, {"duration": duration}, {})
        assert outcome.verdict == "excluded"
        assert reason in outcome.detail


@pytest.mark.nightly
def test_a_script_that_takes_too_long_is_left_out(tmp_path):
    outcome = judged(tmp_path, {"end": "while True: pass"}, {}, 3)
    assert outcome.verdict == "excluded"
    assert "takes Brian2 itself" in outcome.detail


@pytest.mark.slow
@pytest.mark.nightly
def test_noisy_scripts_are_judged_by_distribution(tmp_path):
    sound = {"noise": NOISE, "duration": 200}
    outcome = judged(tmp_path, sound, {"noise": NOISE.replace("0.1", "0.2")})
    assert (outcome.verdict, outcome.kind) == ("mismatch", "stochastic"), outcome


def examples(**options) -> list[Outcome]:
    try:
        return report.report(jobs=2, **options)
    except archive.NotFetched as error:
        pytest.skip(str(error))


@pytest.mark.nightly
def test_brian2s_examples_match_on_the_device():
    outcomes = examples()
    assert report.holds(outcomes), report.table(outcomes)


@pytest.mark.nightly
def test_brian2_matches_itself_with_other_noise_and_rounding():
    outcomes = examples(control=True)
    wrong = [one for one in outcomes if one.verdict not in ("matches", "excluded")]
    assert wrong == []
