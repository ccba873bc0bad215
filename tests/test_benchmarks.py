"""The benchmark: what it measures, that its variants agree, and what it does where they do not."""

import json
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
from brian2 import Network, defaultclock, ms

from neurotrain.benchmarks import asked, bench, cases, measurement, report
from neurotrain.benchmarks.agreement import disagreement
from neurotrain.benchmarks.brian2_objects import build_objects
from neurotrain.benchmarks.cases import Case, matches, select
from neurotrain.benchmarks.closed_loop_cost import VARIANTS as LOOP_VARIANTS
from neurotrain.benchmarks.closed_loop_cost import LearningLoop, format_loops, measure_loops
from neurotrain.benchmarks.drawing import draw_values
from neurotrain.benchmarks.fused import Fused
from neurotrain.benchmarks.hand_written import HandWritten, compile_kernel
from neurotrain.benchmarks.memory import Generation, measure_memory
from neurotrain.benchmarks.networks import NETWORKS
from neurotrain.benchmarks.ode_cost import VARIANTS as ODE_VARIANTS
from neurotrain.benchmarks.ode_cost import OdePopulation, format_odes, measure_odes
from neurotrain.benchmarks.outcome import Outcome, Seconds, peak_memory_mb
from neurotrain.benchmarks.predictive_coding_cost import VARIANTS as INFERENCE_VARIANTS
from neurotrain.benchmarks.predictive_coding_cost import (
    InferenceBatch,
    format_inference,
    measure_inference,
)
from neurotrain.benchmarks.processes import Process, VariantFailed
from neurotrain.benchmarks.reservoir_cost import VARIANTS as RESERVOIR_VARIANTS
from neurotrain.benchmarks.reservoir_cost import (
    ReservoirTrial,
    format_reservoirs,
    measure_reservoirs,
)
from neurotrain.benchmarks.values import Values
from neurotrain.benchmarks.variants import VARIANTS, Variant
from neurotrain.cli import main
from neurotrain.compiler import vector_bytes
from neurotrain.errors import InvalidInput

# The same on every Python.
pytestmark = pytest.mark.slow

EXTENTS = {"quick": cases.quick_cases, "default": cases.default_cases, "full": cases.full_cases}
TINY = Case("graded", 13, 16, 2, 200, (), compared_steps=100)


@pytest.fixture
def clock():
    """Let a test set the default clock."""
    before = defaultclock.dt
    yield defaultclock
    defaultclock.dt = before


def outcome_of(shape=(2, 3, 4), seed=1) -> Outcome:
    rng = np.random.default_rng(seed)
    return Outcome(rng.normal(-50, 10, shape), rng.integers(0, 3, shape))


# What is measured


@pytest.mark.parametrize("extent", EXTENTS)
def test_cases_are_whole(extent):
    found = EXTENTS[extent]()
    assert len({case.name for case in found}) == len(found)
    for case in found:
        assert set(case.variants) <= set(VARIANTS)
        assert len(set(case.variants)) == len(case.variants)
        assert case.compared_steps < case.steps
        assert (
            case.steps % cases.STEPS_PER_INPUT == case.compared_steps % cases.STEPS_PER_INPUT == 0
        )


def test_full_is_the_whole_product():
    sizes = {(c.network, c.neurons, c.trials) for c in cases.full_cases()}
    product = {(w, n, b) for w in NETWORKS for n in (20, 100, 500) for b in (1, 16, 64)}
    assert product < sizes
    assert {v for case in cases.full_cases() for v in case.variants} == set(VARIANTS)


def test_default_measures_all_that_is_asked_and_quick_none_of_it():
    default = {(case.name, v) for case in cases.default_cases() for v in case.variants}
    quick = {case.name for case in cases.quick_cases()}
    for one in asked.ASKED:
        assert {(one.case, one.slower), (one.case, one.faster)} <= default
        assert one.case not in quick


@pytest.mark.parametrize("name", VARIANTS)
def test_variant_has_what_it_is_compared_with(name):
    variant = VARIANTS[name]
    assert set(variant.references) <= set(VARIANTS)
    assert all(VARIANTS[r].precision == variant.precision for r in variant.references[:1])
    assert (variant.threads == 2) == name.endswith("-2-threads") == (variant.clock == "wall")


def test_pattern_is_a_part_or_matches_the_whole():
    assert matches("graded-n20-b16/jax-float32", "jax")
    assert matches("graded-n20-b16/jax-float32", "*b16/jax*")
    assert not matches("graded-n20-b16/jax-float32", "b1?/jax*")


def test_selected_variants_come_with_what_they_are_compared_with():
    chosen = select(cases.default_cases(), "graded-n100-b16/jax-float32")
    assert [case.name for case in chosen] == ["graded-n100-b16"]
    assert set(chosen[0].variants) == {
        *("jax-float32", "hand-written-float32", "fused-float32", "fused-float64")
    }


def test_selecting_nothing_is_refused_with_the_nearest_name():
    with pytest.raises(InvalidInput, match="did you mean 'graded-n100-b16'"):
        select(cases.default_cases(), "graded-n10O-b16")
    assert select(cases.default_cases(), "memory", ["memory-n1-b1-p1/x"]) == []


# What it computes


def test_values_survive_a_file(tmp_path):
    values = draw_values(TINY)
    values.save(tmp_path / "values.npz")
    again = Values.load(tmp_path / "values.npz")
    assert again.arrays.keys() == values.arrays.keys()
    assert all((again[name] == array).all() for name, array in values.arrays.items())


def test_weights_as_a_matrix():
    case = replace(TINY, network="conductance", neurons=10)
    values = draw_values(case)
    assert [values.columns(name) for name in values.couplings] == [slice(0, 8), slice(8, 10)]
    matrix, weight = values.matrix("inhibitory"), values["weight:inhibitory"]
    at = np.flatnonzero((values["pre:inhibitory"] == 9) & (values["post:inhibitory"] == 4))
    assert matrix.shape == (2, 10, 2)
    assert (matrix[:, 4, 1] == weight[:, at[0]]).all()


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("width", [16, 32, 64])
def test_hand_written_kernel_agrees_with_brian2(precision, width, tmp_path, truth):
    if width > vector_bytes():
        pytest.skip("this processor has no such vectors")
    dtype = np.dtype(precision)
    kernel = HandWritten(TINY, dtype, draw_values(TINY))
    tile = 2 if TINY.trials * dtype.itemsize >= 2 * width else 1
    kernel.shape = compile_kernel(dtype, width, tile, 5, tmp_path)
    assert disagreement(kernel.compare(), truth, precision) == ""


@pytest.fixture(scope="module")
def truth() -> Outcome:
    """Return what Brian2 makes of the tiny case, on the first trials."""
    fused = Fused(TINY, VARIANTS["fused-float64"], draw_values(TINY))
    candidates, trials, initial = fused.given
    few = slice(0, 3)
    fused.given = candidates, trials.select(few), {name: v[few] for name, v in initial.items()}
    fused.how["execution"] = "brian2"
    return fused.compare()


def test_truth_has_spikes_and_differs_among_candidates(truth):
    assert truth.spike_count.sum() > 5
    assert np.abs(truth.v_mV[0] - truth.v_mV[1]).max() > 1


@pytest.mark.parametrize("network", NETWORKS)
def test_trials_side_by_side_agree_with_trials_one_by_one(network, clock):
    case = Case(network, 40, 3, 1, 200, (), compared_steps=100)
    values = draw_values(case)
    if network == "spiking":
        values.arrays["bias"] += 0.03
    circuit = Fused(case, VARIANTS["fused-float64"], values)
    circuit.how["execution"] = "brian2"
    expected = circuit.compare()
    clock.dt = NETWORKS[network].dt_ms * ms
    objects = build_objects(case, values, trials=3)
    Network(*objects.timed, objects.voltage).run(case.steps * defaultclock.dt, namespace={})
    assert expected.spike_count.sum() > 2
    assert disagreement(objects.outcome(), expected, "float64") == ""


# What PyTorch warns of in its own code is no concern of ours.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_jax_and_torch_agree_with_brian2(precision, truth):
    pytest.importorskip("jax")
    pytest.importorskip("torch")
    from neurotrain.benchmarks.jax_scan import Jax
    from neurotrain.benchmarks.torch_compiled import Torch

    for name, kind in (("jax", Jax), ("torch", Torch)):
        runner = kind(TINY, VARIANTS[f"{name}-{precision}"], draw_values(TINY))
        assert disagreement(runner.compare(), truth, precision) == ""


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_gradients_agree_with_difference_quotients_and_one_another():
    pytest.importorskip("torch")
    from neurotrain.benchmarks.gradient import Gradient, gradient_outcome
    from neurotrain.benchmarks.torch_gradient import TorchGradient

    values = draw_values(TINY)
    kinds = {"torch-gradient": Gradient, "plain-torch-gradient": TorchGradient}
    if find_spec("jax"):
        from neurotrain.benchmarks.jax_gradient import JaxGradient

        kinds["jax-gradient"] = JaxGradient
    found = {n: k(TINY, VARIANTS[f"{n}-float64"], values).compare() for n, k in kinds.items()}
    fused = Fused(TINY, VARIANTS["fused-float64"], values)
    candidates, trials, state = fused.given
    blocks = fused.circuit.parameters.split(candidates)
    steps = TINY.compared_steps

    def losses(shift: float) -> np.ndarray:
        bias = blocks["neurons.bias"].copy()
        bias[:, 1] += shift
        shifted = fused.circuit.parameters.join(blocks | {"neurons.bias": bias})
        recording = fused.circuit.simulate(
            shifted, trials, state, execution="fused-float64", states=("v",)
        )
        last = recording.state["v"][:, :, steps - cases.STEPS_PER_INPUT : steps]
        return last.mean(axis=(1, 2, 3)) * 1e3

    quotient = (losses(1e-6) - losses(-1e-6)) / 2e-6
    assert found["torch-gradient"].v_mV[:, 0, 1] == pytest.approx(quotient, rel=1e-5)
    expected = gradient_outcome(found["torch-gradient"].v_mV[:, 0])
    for outcome in found.values():
        assert disagreement(outcome, expected, "float64") == ""


# That variants agree


def test_same_outcomes_agree_also_in_part():
    one = outcome_of()
    assert disagreement(one, one, "float64") == ""
    part = Outcome(one.v_mV[:1, :2], one.spike_count[:1, :2])
    assert disagreement(part, one, "float64") == disagreement(one, part, "float64") == ""


@pytest.mark.parametrize(
    ("precision", "shift_mV"), [("float32", 2.0), ("float64", 2e-6), ("float64", np.nan)]
)
def test_other_voltages_disagree(precision, shift_mV):  # noqa: N803
    one = outcome_of()
    other = Outcome(one.v_mV.copy(), one.spike_count)
    other.v_mV[0, 1, 2] += shift_mV
    assert "voltages" in disagreement(other, one, precision)


def test_other_spikes_disagree():
    one = outcome_of()
    other = Outcome(one.v_mV, one.spike_count.copy())
    other.spike_count[1, 2, 3] += 1
    assert "spike counts" in disagreement(other, one, "float32")


# How it is measured and told


class StubProcess:
    """A variant that is as fast as it is told, and computes what it is told."""

    seconds = {"fused-float64": 2.0, "fused-float32": 1.0, "jax-float32": 5.0}
    fails: dict[str, str] = {}
    wrong: set[str] = set()

    def __init__(self, variant: Variant, folder) -> None:
        self.name, self.note, self.share, self.peak_memory_mb = variant.name, "", (2, 3), 10.0
        self.is_cold = True

    def wait_until_ready(self) -> None:
        self._fail("preparing")

    def compare(self) -> Outcome:
        self._fail("comparing")
        return outcome_of(seed=2 if self.name in self.wrong else 1)

    def run(self) -> Seconds:
        self._fail("running")
        seconds = self.seconds[self.name] * (100 if self.is_cold else 1)
        self.is_cold = False
        return Seconds(seconds, 2 * seconds)

    def close(self) -> None:
        pass

    def _fail(self, stage: str) -> None:
        if self.fails.get(self.name) == stage:
            raise VariantFailed(f"{stage} went wrong")


NAMES = ("fused-float32", "fused-float64", "jax-float32")


@pytest.fixture
def stub(monkeypatch):
    """Replace all processes, and measure one tiny case and no memory."""
    kind = type("Stub", (StubProcess,), {"fails": {}, "wrong": set()})
    monkeypatch.setattr(measurement, "Process", kind)
    monkeypatch.setattr(Variant, "missing", "")
    small = replace(TINY, variants=NAMES)
    none = replace(Generation(), steps=())
    monkeypatch.setattr(bench, "contents", lambda extent: ([small], none, []))
    return kind


def rows_printed(capsys, code: int = 0) -> dict[str, dict]:
    assert main(["bench", "--json", "--repeats", "2"]) == code
    printed = json.loads(capsys.readouterr().out)
    assert set(printed) == {"machine", "rows", "checks"}
    return {row["variant"]: row for row in printed["rows"]}


def test_rows_are_times_and_ratios(stub, capsys):
    rows = rows_printed(capsys)
    assert list(rows) == list(NAMES)
    row = rows["jax-float32"]
    assert row["case"] == "graded-n13-b16"
    # Of 2 candidates on 3 trials.
    assert row["ns_per_neuron_step"] == pytest.approx(5e9 / (2 * 3 * 13 * 200))
    assert row["max_ns"] == row["min_ns"] == row["ns_per_neuron_step"]
    assert row["ratio_to_reference"] == row["ratio_to_fused_float32"] == pytest.approx(5)
    assert row["reference"] == "fused-float32"
    assert rows["fused-float64"]["reference"] == "fused-float64"
    assert rows["fused-float64"]["ratio_to_fused_float32"] == pytest.approx(2)


@pytest.mark.parametrize("stage", ["preparing", "comparing", "running"])
def test_variant_that_fails_is_told_and_not_timed(stub, stage, capsys):
    stub.fails["jax-float32"] = stage
    rows = rows_printed(capsys, code=1)
    assert rows["jax-float32"]["ns_per_neuron_step"] is None
    assert rows["jax-float32"]["note"] == f"failed: {stage} went wrong"
    assert rows["fused-float32"]["ns_per_neuron_step"] > 0


def test_variant_that_computes_something_else_is_not_timed(stub, capsys):
    stub.wrong.add("jax-float32")
    rows = rows_printed(capsys, code=1)
    assert rows["jax-float32"]["ns_per_neuron_step"] is None
    assert "computes something else" in rows["jax-float32"]["note"]


def test_missing_library_is_a_line_and_no_error(stub, monkeypatch, capsys):
    monkeypatch.undo()
    monkeypatch.setattr(measurement, "Process", StubProcess)
    monkeypatch.setattr("neurotrain.benchmarks.variants.find_spec", lambda name: None)
    small = replace(TINY, variants=NAMES)
    monkeypatch.setattr(bench, "contents", lambda e: ([small], replace(Generation(), steps=()), []))
    assert main(["bench"]) == 0
    out = capsys.readouterr().out
    assert "not installed (pip install jax)" in out
    assert "fused-float64" in out


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--only", "jaks"], "jax-float32"),
        (["--repeats", "0"], "at least 1"),
        (["--quick", "--full"], "contradict"),
        (["--ful"], "--full"),
    ],
)
def test_wrong_use(stub, arguments, named, capsys):
    assert main(["bench", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert named in captured.err
    assert captured.err.count("\n") == 1


def timed(case: str, variant: str, seconds: list[float]) -> measurement.Measurement:
    network, neurons, trials = case.replace("-n", " ").replace("-b", " ").split()
    of = Case(network, int(neurons), int(trials), 4, 1000, (), compared_steps=100)
    turns = [Seconds(s, s / 2 if variant.endswith("2-threads") else s) for s in seconds]
    return measurement.Measurement(of, VARIANTS[variant], (4, int(trials)), turns)


def test_checks_hold_within_their_bounds_and_fail_beyond():
    case = "graded-n100-b16"
    hand = timed(case, "hand-written-float32", [1.0, 1.0, 9.0])
    threads = timed(case, "fused-float32-2-threads", [1.1, 1.3, 1.1])
    for seconds, holds in ((1.14, True), (1.16, False)):
        checks = asked.check_times([hand, threads, timed(case, "fused-float32", [seconds] * 3)])
        beside = next(c for c in checks if "hand-written" in c["name"])
        assert beside["measured"] == pytest.approx(seconds)
        assert (beside["bound"], beside["holds"]) == ("<= 1.15", holds)
        assert next(c for c in checks if "2-threads" in c["name"])["holds"]
    assert "NO" in asked.format_checks(checks)


def test_memory_is_checked_where_it_was_measured():
    row = {"case": "a", "variant": "b", "ns_per_neuron_step": 1.0, "beyond_mb": 151.0}
    checks = asked.check_memory([row, {**row, "ns_per_neuron_step": None}])
    assert [check["holds"] for check in checks] == [False]


def test_peak_memory_is_read_from_the_process_status(tmp_path):
    (tmp_path / "status").write_text("Name:\tx\nVmHWM:\t    2000 kB\nVmRSS:\t 1000 kB\n")
    assert peak_memory_mb(tmp_path / "status") == pytest.approx(2.048)
    assert np.isnan(peak_memory_mb(tmp_path / "missing"))


def test_machine_is_described():
    machine = report.describe_machine()
    assert machine["brian2"]
    assert json.loads(json.dumps(machine)) == machine


# In real processes


def test_process_that_cannot_start_says_why(tmp_path):
    process = Process(VARIANTS["hand-written-float32"], tmp_path / "x")
    with pytest.raises(VariantFailed, match=r"FileNotFoundError.*case\.json"):
        process.wait_until_ready()
    process.close()


def test_quick_benchmark_of_the_kernels(capsys):
    only = "graded*/hand-written-float64"
    assert main(["bench", "--quick", "--only", only, "--repeats", "1"]) == 0
    captured = capsys.readouterr()
    lines = [line.split() for line in captured.out.splitlines()]
    variants = {line[0]: line for line in lines if line and line[0] in VARIANTS}
    assert set(variants) == {"hand-written-float64", "fused-float64", "fused-float32"}
    assert all(float(line[1]) > 0 for line in variants.values())
    assert "turn 1 of 1" in captured.err


def test_memory_of_a_generation():
    row = measure_memory(Generation(20, 16, 4), 20)
    assert row["note"] == ""
    assert row["weights_mb"] == pytest.approx(4 * (20 * 20 + 20 * 4 + 20) * 8e-6)
    assert row["recording_mb"] > 4 * 16 * 20 * 4e-6
    assert 50 < row["before_mb"] < row["peak_memory_mb"]


def test_fields_are_solved_beside_scipy():
    rows = {row["variant"]: row for row in measure_odes(OdePopulation(3, 1))}
    assert tuple(rows) == ODE_VARIANTS
    assert all(row["note"] == "" and row["ms"] > 0 for row in rows.values())
    # The same fields at the same tolerance.
    assert max(row["error"] or 0 for row in rows.values()) < 1e-3
    assert rows["sdirk4"]["error"] is not None
    for name in ("scipy-radau", "scipy-bdf"):
        assert rows[name]["ratio_to_reference"] > 10
    checks = asked.check_odes(rows.values())
    assert [check["holds"] for check in checks] == [True, True]
    assert len(format_odes(list(rows.values())).splitlines()) == 2 + len(rows)


def test_fields_that_cannot_be_solved_are_told(monkeypatch):
    def fails(*arguments):
        raise VariantFailed("it went wrong")

    monkeypatch.setattr("neurotrain.benchmarks.processes.run_module", fails)
    rows = measure_odes(OdePopulation(3, 1))
    assert {row["note"] for row in rows} == {"failed: it went wrong"}
    assert asked.check_odes(rows) == []
    assert "went wrong" in format_odes(rows)


@pytest.mark.nightly
def test_loops_learn_beside_numpy_and_brian2():
    rows = {row["variant"]: row for row in measure_loops(LearningLoop(40, 1, 1))}
    assert tuple(rows) == LOOP_VARIANTS
    assert all(row["note"] == "" and row["us"] > 0 for row in rows.values())
    assert max(row["error"] for row in rows.values()) < 1e-6
    (check,) = asked.check_loops(rows.values())
    # So small a network says little about time, but that much.
    assert check["holds"]
    assert len(format_loops(list(rows.values())).splitlines()) == 2 + len(rows)


def test_reservoirs_learn_beside_numpy():
    rows = {row["variant"]: row for row in measure_reservoirs(ReservoirTrial(30, 100, 1))}
    assert tuple(rows) == RESERVOIR_VARIANTS
    assert all(row["note"] == "" and row["us"] > 0 for row in rows.values())
    assert max(row["error"] for row in rows.values()) < 1e-6
    assert asked.check_reservoirs(rows.values()) == []
    full = [row | {"case": asked.RESERVOIR} for row in rows.values()]
    assert [check["holds"] for check in asked.check_reservoirs(full)] == [True]
    assert len(format_reservoirs(list(rows.values())).splitlines()) == 2 + len(rows)


def test_loops_that_fail_are_told(monkeypatch):
    def fails(*arguments):
        raise VariantFailed("it went wrong")

    monkeypatch.setattr("neurotrain.benchmarks.processes.run_module", fails)
    rows = measure_loops(LearningLoop(40, 1, 1))
    assert {row["note"] for row in rows} == {"failed: it went wrong"}
    assert asked.check_loops(rows) == []
    assert "went wrong" in format_loops(rows)


def test_predictive_coding_is_timed_beside_backpropagation():
    pytest.importorskip("torch")
    rows = {row["variant"]: row for row in measure_inference(InferenceBatch(8, 1))}
    assert tuple(rows) == INFERENCE_VARIANTS
    assert all(row["note"] == "" and row["ms"] > 0 for row in rows.values())
    # In single precision.
    assert max(row["error"] or 0 for row in rows.values()) < 1e-4
    assert rows["backpropagation"]["ratio_to_reference"] == 1
    # With so few images times say nothing.
    names = [
        check["name"].split("/")[0].split()[-1] for check in asked.check_inference(rows.values())
    ]
    assert names == ["fixed-prediction-20", "fixed-prediction-5", "strict-20"]
    assert len(format_inference(list(rows.values())).splitlines()) == 2 + len(rows)


@pytest.mark.parametrize(("note", "code"), [("failed: it went wrong", 1), ("not installed", 0)])
def test_parts_beside_circuits_are_told_and_fail_with_their_variants(
    note, code, monkeypatch, capsys
):
    def rows(case):
        return [{"case": case.name, "variant": name, "note": note} for name in ("one", "two")]

    part = bench.Part(InferenceBatch(8, 1), ("one", "two"), rows, str, lambda rows: [])
    none = replace(Generation(), steps=())
    monkeypatch.setattr(bench, "contents", lambda extent: ([], none, [part]))
    assert list(rows_printed(capsys, code)) == ["one", "two"]
    # Nothing else of it is asked for.
    assert main(["bench", "--json", "--only", "coding-b8/two"]) == code
    assert main(["bench", "--json", "--only", "strict"]) == 2


@pytest.mark.parametrize("missing", [False, True])
def test_inference_that_cannot_be_timed_is_told(missing, monkeypatch):
    def fails(*arguments):
        raise VariantFailed("it went wrong")

    monkeypatch.setattr("neurotrain.benchmarks.processes.run_module", fails)
    found = None if missing else True
    monkeypatch.setattr(
        "neurotrain.benchmarks.predictive_coding_cost.find_spec", lambda name: found
    )
    rows = measure_inference(InferenceBatch(8, 1))
    told = "PyTorch is not installed" if missing else "failed: it went wrong"
    assert {row["note"] for row in rows} == {told}
    assert asked.check_inference(rows) == []
    assert told in format_inference(rows)


@pytest.mark.nightly
def test_quick_benchmark(capsys):
    # Everything that is installed, Brian2's Cython runtime included.
    assert main(["bench", "--quick"]) == 0, capsys.readouterr().out


@pytest.mark.nightly
def test_memory_does_not_grow_with_time():
    short, long = (measure_memory(Generation(), steps) for steps in (50, 200))
    assert abs(long["beyond_mb"] - short["beyond_mb"]) < 10
    assert long["beyond_mb"] < asked.MEMORY_BEYOND_MB
