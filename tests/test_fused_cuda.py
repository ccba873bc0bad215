"""The fused kernel on a device: emulated, compiled for every architecture, and run on a GPU."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import test_executions
from brian2 import Network, NeuronGroup, SpikeMonitor, check_units, implementation, ms
from device_networks import (
    NO_GPU,
    NO_NVCC,
    Simulation,
    assert_close,
    assert_same_training,
    has_gpu,
    real_nvcc,
    same_bits,
)
from emulated_cuda import ORDERS, emulation

import neurotrain as nt
from neurotrain.benchmarks import cuda_roofline, cuda_speed
from neurotrain.errors import CompilerNotFound, DeviceFailed, InvalidInput, UnsupportedModel
from neurotrain.executions.fused.source import generate_source
from neurotrain.executions.fused.values import Span
from neurotrain.executions.fused_cuda import compiler, kernel, refusals
from neurotrain.lowering.network import lower
from neurotrain.models import MODELS, morris_lecar

# The same on every Python.
pytestmark = pytest.mark.slow


DEFAULT = ("morris-lecar", "leaky-integrate-and-fire", "rate")
LEFT_OUT = [pytest.param(one, marks=pytest.mark.nightly) for one in MODELS if one not in DEFAULT]


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("compiled")


@pytest.fixture
def emulated(monkeypatch, folder):
    """A CPU takes the part of a GPU."""
    for name, value in emulation().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("NEUROTRAIN_CACHE", str(folder))
    monkeypatch.setenv("NEUROTRAIN_NVCCFLAGS", "-O1")
    monkeypatch.setenv("CUDA_EMULATION_GUARD", "0")
    monkeypatch.setattr(kernel, "require_gpu", lambda _: 8.0)
    kernel._compiled.cache_clear()
    yield monkeypatch
    kernel._compiled.cache_clear()
    kernel._source.cache_clear()


def orders(simulation, monkeypatch, execution, chosen=ORDERS):
    """Return what every order of threads gives."""
    found = []
    for order in chosen:
        monkeypatch.setenv("CUDA_EMULATION_ORDER", order)
        found.append(simulation.run(execution))
    return found


# --- emulated


@pytest.mark.parametrize("name", [*DEFAULT, *LEFT_OUT])
def test_an_emulated_device_does_what_a_processor_does(emulated, name):
    reference = Simulation(name).run("fused-float64")
    assert name == "rate" or reference.spike_count.sum() > 10
    forward, reverse = orders(Simulation(name), emulated, "fused-cuda-float64", ORDERS[:2])
    assert_close(forward, reference, 1e-10)
    assert same_bits(reverse, forward)


def test_single_precision_is_that_of_a_processor(emulated):
    simulation = Simulation("leaky-integrate-and-fire")
    assert_close(simulation.run("fused-cuda"), simulation.run("fused"), 2e-5)


def test_neither_the_size_of_a_block_nor_its_trials_change_a_bit(emulated):
    simulation = Simulation("leaky-integrate-and-fire")
    reference = simulation.run("fused-cuda-float64")
    emulated.setattr(kernel, "MOST_TRIALS", 2)
    emulated.setattr(kernel, "FEWEST_TRIALS", 2)
    emulated.setattr(kernel, "MOST_THREADS", 32)
    assert same_bits(simulation.run("fused-cuda-float64"), reference)


@pytest.mark.parametrize("noise", [False, pytest.param(True, marks=pytest.mark.nightly)])
def test_events_delays_sums_and_noise_are_those_of_a_processor(emulated, noise):
    circuit = test_executions.make(test_executions.Groups(noise=noise))
    candidates, initial = test_executions.draw(circuit)
    reference, forward = (
        test_executions.simulate(circuit, candidates, initial, execution=f"{one}-float64")
        for one in ("fused", "fused-cuda")
    )
    emulated.setenv("CUDA_EMULATION_ORDER", "reverse")
    reverse = test_executions.simulate(circuit, candidates, initial, execution="fused-cuda-float64")
    assert reference.spike_count.sum() > 100
    assert_close(forward, reference, 1e-10)
    assert same_bits(reverse, forward)


@pytest.mark.nightly
@pytest.mark.parametrize("name", MODELS)
def test_brian2_gives_the_same_and_so_does_every_order_of_threads(emulated, name):
    simulation = Simulation(name, candidates=1, trials=2)
    reference = simulation.run("brian2")
    forward, *others = orders(simulation, emulated, "fused-cuda-float64")
    assert_close(forward, reference, 1e-9)
    assert all(same_bits(one, forward) for one in others)


@pytest.mark.nightly
@pytest.mark.parametrize("name", MODELS)
def test_every_model_in_single_precision(emulated, name):
    got, reference = (Simulation(name).run(one) for one in ("fused-cuda", "fused"))
    assert (got.spike_count == reference.spike_count).mean() > 0.99
    assert not got.failed.any()


def test_more_than_fits_into_shared_memory_lies_in_the_scratch(emulated):
    simulation = Simulation("rate")
    reference = simulation.run("fused-cuda-float64")
    emulated.setattr(kernel.Device, "facts", lambda self: (4, 3000))
    assert same_bits(simulation.run("fused-cuda-float64"), reference)


@pytest.mark.nightly
def test_a_failed_trial_ends_and_the_others_do_not(emulated):
    neurons = NeuronGroup(
        5, "dv/dt = (v**2*bias + stimulus)/ms : 1\nbias : 1\nstimulus : 1", method="euler",
        threshold="v > 100", dt=0.1 * ms, name="exploding*",
    )  # fmt: skip
    circuit = nt.Circuit(
        neurons, inputs=nt.Input("stimulus", 1), readout=nt.GradedReadout("v", 1),
        train={"neurons.bias": nt.Normal(0, 1), "input.weight": nt.Normal(0, 1)}, namespace={},
    )  # fmt: skip
    inputs = np.zeros((3, 4, 1))
    inputs[1] = np.inf
    trials = nt.Trials(inputs, 5.0, np.zeros(3, int), {"decision": (10.0, 20.0)})
    initial = circuit.draw_initial_state(3, np.random.default_rng(0))
    candidates = np.zeros((2, circuit.parameters.size))
    for execution in ("fused-float64", "fused-cuda-float64"):
        got = circuit.simulate(candidates, trials, initial, execution=execution)
        np.testing.assert_array_equal(got.failed, [[False, True, False]] * 2)


@pytest.mark.nightly
def test_a_training_is_that_of_a_processor(emulated, tmp_path):
    assert_same_training("fused-cuda-float64", tmp_path)


# --- faults

MUTANTS = {
    "no barrier": ("__syncthreads();", ""),
    "one element too many": ("at < int(n); at +=", "at <= int(n); at +="),
    "another's weights": ("(post / ROWS) * n_pre + pre", "(post / ROWS) * n_pre + pre / 2"),
    "events that stay": ("now[k] = 0;", "now[k] |= 0;"),
    "a trial's neighbor": ("source[j * TILE + trial.b]", "source[j * TILE + trial.b / 2]"),
    "none": ("__syncthreads();", "__syncthreads();"),
    "a failure that spreads": ("failed[at % TILE]", "failed[0]"),
}
SCRIPT = """
import sys, numpy as np
sys.path.insert(0, {tests!r})
import test_fused_cuda
right, wrong = test_fused_cuda.MUTANTS[{name!r}]
test_fused_cuda.plant(right, wrong, setattr)
test_fused_cuda.kernel.require_gpu = lambda _: 8.0
import test_executions as t
circuit = t.make(t.Groups())
candidates, initial = t.draw(circuit)
initial["v"][1, 0] = np.nan
run = lambda how: t.simulate(circuit, candidates, initial, execution=how)
one, other = run("fused-float64"), run("fused-cuda-float64")
test_fused_cuda.assert_close(other, one, 1e-10)
from device_networks import Simulation
two = Simulation("morris-lecar")
test_fused_cuda.assert_close(two.run("fused-cuda-float64"), two.run("fused-float64"), 1e-10)
print("nothing found")
"""


def plant(right, wrong, change):
    """Plant a fault in every kernel that is generated from now on."""

    def source(program):
        text = generate_source(program, kernel.TARGET)
        assert right in text, "the line to plant the fault in is gone"
        return text.replace(right, wrong)

    change(kernel, "_source", source)


def test_a_kernel_without_barriers_is_found_out(emulated):
    reference = Simulation("rate").run("fused-float64")
    emulated.setattr(kernel, "_source", None)
    plant(*MUTANTS["no barrier"], emulated.setattr)
    with pytest.raises(AssertionError):
        assert_close(Simulation("rate").run("fused-cuda-float64"), reference, 1e-10)
    emulated.undo()


@pytest.mark.nightly
@pytest.mark.parametrize("name", MUTANTS)
@pytest.mark.parametrize("order", ["forward", "shuffled"])
def test_planted_faults_are_found(name, order, folder):
    tests = Path(__file__).parent
    environment = emulation(order) | {
        "NEUROTRAIN_CACHE": str(folder),
        "PYTHONPATH": str(tests.parent),
    }
    script = SCRIPT.format(tests=str(tests), name=name)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment
    )
    assert ("nothing found" in done.stdout) == (name == "none"), done.stderr[-2000:]


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["none", "one element too many"])
def test_sanitizers_find_nothing_but_a_planted_fault(name, tmp_path):
    preloaded = [
        subprocess.run(["g++", f"-print-file-name={one}"], capture_output=True, text=True)
        for one in ("libasan.so", "libstdc++.so")
    ]
    environment = emulation("reverse", sanitize=True) | {
        "NEUROTRAIN_CACHE": str(tmp_path),
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "LD_PRELOAD": " ".join(one.stdout.strip() for one in preloaded),
        "ASAN_OPTIONS": "detect_leaks=0:detect_stack_use_after_return=0",
        "UBSAN_OPTIONS": "halt_on_error=1",
    }
    script = SCRIPT.format(tests=str(Path(__file__).parent), name=name)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment
    )
    assert ("nothing found" in done.stdout) == (name == "none"), done.stderr[-2000:]
    assert ("AddressSanitizer" in done.stderr) == (name != "none")


# --- refused


@implementation("cpp", "double twice(double x) { return 2*x; }")
@check_units(x=1, result=1)
def twice(x):
    return 2 * x


def test_what_a_device_cannot_do_is_refused_with_what_can():
    group = NeuronGroup(
        2, "dv/dt = twice(v)/ms : 1", threshold="v > 1", method="euler", name="refused*"
    )
    program = lower(Network(group, SpikeMonitor(group)), {"twice": twice}).program
    span = Span(1, keeps_states=True, trial_seconds=1.0)
    source = "each_row_of_block_in_order<1>("
    assert len(list(refusals._reasons(program, source, span))) == 5
    with pytest.raises(UnsupportedModel, match="use execution='fused'"):
        refusals.require_device_can(program, source, span)
    refusals.require_device_can(morris_lecar(2).lower(()).program, "", Span(1))


def test_a_missing_compiler_is_named_with_its_remedy(monkeypatch, tmp_path):
    monkeypatch.setenv("CUDA_PATH", str(tmp_path))
    with pytest.raises(CompilerNotFound, match="CUDA_PATH is set to .*execution='fused'"):
        compiler.find_nvcc()


@pytest.mark.skipif(has_gpu(), reason="there is a GPU")
def test_a_missing_gpu_is_said_before_anything_is_compiled(monkeypatch):
    monkeypatch.setattr(kernel, "_compiled", None)
    with pytest.raises(InvalidInput, match="'fused-cuda' needs an NVIDIA GPU") as raised:
        Simulation("rate").run("fused-cuda")
    assert "\n" not in str(raised.value)


def test_a_gpu_that_is_gone_is_said_so(emulated):
    Simulation("rate").run("fused-cuda-float64")
    emulated.setenv("CUDA_EMULATION_DEVICES", "0")
    with pytest.raises(DeviceFailed, match="is there one.*execution='fused'"):
        Simulation("rate").run("fused-cuda-float64")


@pytest.mark.parametrize(
    ("candidates", "trials", "processors", "tile"),
    [(64, 16, 132, 4), (4096, 16, 132, 16), (1, 5, 0, 8), (1024, 70, 10, 32), (2, 3, 100, 4)],
)
def test_blocks_have_trials_for_a_warp_if_all_processors_have_blocks(
    candidates, trials, processors, tile
):
    assert kernel.trials_of_block(candidates, trials, processors) == tile


# --- compiled for GPUs


@pytest.fixture
def ptxas(monkeypatch):
    if not real_nvcc():
        pytest.skip(NO_NVCC)
    return monkeypatch


@pytest.mark.parametrize(
    "precision", ["float32", pytest.param("float64", marks=pytest.mark.nightly)]
)
@pytest.mark.parametrize(
    "architecture",
    [
        pytest.param(one, marks=[] if one == "sm_90" else pytest.mark.nightly)
        for one in cuda_roofline.ARCHITECTURES
    ],
)
def test_registers_suffice(ptxas, architecture, precision):
    source = generate_source(morris_lecar(10).lower(()).program, kernel.TARGET)
    found = cuda_roofline.compiled(source, architecture, precision)
    assert found.spilled == 0
    assert found.registers <= cuda_roofline.REGISTERS // kernel.MOST_THREADS


@pytest.mark.nightly
@pytest.mark.parametrize("name", MODELS)
def test_registers_suffice_for_every_model(ptxas, name):
    source = generate_source(MODELS[name](10).lower(()).program, kernel.TARGET)
    for precision in ("float32", "float64"):
        assert cuda_roofline.compiled(source, "sm_80", precision).spilled == 0


# --- run on a GPU


@pytest.mark.gpu
@pytest.mark.skipif(not has_gpu(), reason=NO_GPU)
class TestOnAGpu:
    """The same comparisons on a real device."""

    @pytest.mark.parametrize("name", MODELS)
    def test_a_gpu_does_what_a_processor_does(self, name):
        got, reference = (Simulation(name).run(f"{one}-float64") for one in ("fused-cuda", "fused"))
        assert_close(got, reference, 1e-9)
        single = Simulation(name).run("fused-cuda")
        assert (single.spike_count == reference.spike_count).mean() > 0.99

    @pytest.mark.parametrize("noise", [False, True])
    def test_events_delays_and_noise(self, noise):
        circuit = test_executions.make(test_executions.Groups(noise=noise))
        given = (circuit, *test_executions.draw(circuit))
        got, reference = (
            test_executions.simulate(*given, execution=f"{one}-float64")
            for one in ("fused-cuda", "fused")
        )
        assert_close(got, reference, 1e-9)

    @pytest.mark.parametrize("threads", [32, 64, 128])
    def test_the_size_of_a_block_changes_no_bit(self, monkeypatch, threads):
        simulation = Simulation("morris-lecar", neurons=50, trials=21)
        reference = simulation.run("fused-cuda")
        assert same_bits(simulation.run("fused-cuda"), reference)
        monkeypatch.setattr(kernel, "MOST_THREADS", threads)
        kernel._compiled.cache_clear()
        assert same_bits(simulation.run("fused-cuda"), reference)

    def test_many_candidates_are_faster_than_on_a_processor(self):
        for row in cuda_speed.measure():
            print(row)
        assert row.device < row.processor
