"""The matrix product that stands for dense synapses on a GPU, emulated on a CPU and compiled."""

import shutil
import subprocess
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
from brian2 import NeuronGroup, Synapses, ms
from device_networks import NO_NVCC, real_nvcc
from emulated_cuda import ORDERS, emulate_projects

import neurotrain as nt
from neurotrain.benchmarks.cuda_roofline import ARCHITECTURES
from neurotrain.benchmarks.ptxas import compiled_functions
from neurotrain.errors import NeurotrainError
from neurotrain.executions.cuda import copies, execution, project, toolkit
from neurotrain.executions.cuda.dense_coupling import ROWS, SOURCES, TRIALS, dense_sums
from neurotrain.models import MODELS
from neurotrain.simulation import make_request

# The same on every Python.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("brian2cuda") is None, reason="Brian2CUDA is not installed"),
]

# No multiples of what a block of threads takes, and more than that.
N, FIRST, N_TRIALS = ROWS + 6, 3, TRIALS + 2
DT_MS, DURATION_MS = 0.1, 0.6
EQUATIONS = """
dv/dt = (drive + other + stimulus - v)/ms : 1
activity = 1/(1 + exp(-v)) : 1
drive : 1
other : 1
scale : 1
stimulus : 1
k : 1 (shared)
"""
DENSE = """
weight : 1
drive_post = 2*weight*scale_post*activity_pre + k_post*abs(weight)*(1 - v_post)*v_pre : 1 (summed)
"""


def group(n=N):
    made = NeuronGroup(
        n, EQUATIONS, threshold="v > 1", reset="v = 0", method="euler", dt=DT_MS * ms
    )
    made.k = 0.3
    made.scale = np.linspace(0.5, 2, n)
    return made


def synapses(source, target, model="weight : 1\ndrive_post = weight*v_pre : 1 (summed)", **options):
    made = Synapses(source, target, model, **options)
    made.connect()
    return made


def make(neurons, *others, **train):
    return nt.Circuit(
        neurons, *others, inputs=nt.Input("stimulus", 2), readout=nt.GradedReadout("v", 2),
        train={"input.weight": nt.Normal(0, 1)} | train, initial={"v": nt.Normal(0, 1)},
        namespace={},
    )  # fmt: skip


@pytest.fixture(scope="module")
def circuit():
    """Return neurons of which all but the first few reach all but themselves, and one the next."""
    neurons = group()
    dense = Synapses(neurons[FIRST:], neurons, DENSE, name="dense")
    dense.connect(f"i + {FIRST} != j")
    ring = Synapses(neurons, neurons, "weight : 1\nother_post = weight*v_pre : 1 (summed)")
    ring.connect(i=np.arange(N), j=(np.arange(N) + 1) % N)
    ring.weight = 0.2
    assert SOURCES < N - FIRST
    return make(neurons, dense, ring, **{"dense.weight": nt.Normal(0, 1 / N)})


def draw(circuit):
    rng = np.random.default_rng(4)
    inputs = rng.normal(size=(N_TRIALS, 3, 2))
    trials = nt.Trials(inputs, 0.2, np.zeros(N_TRIALS, int), {"decision": (0.1, DURATION_MS)})
    candidates = np.array([circuit.parameters.draw(rng) for _ in range(2)])
    return candidates, trials, circuit.draw_initial_state(N_TRIALS, rng)


def simulate(circuit, how="cuda-float64"):
    return circuit.simulate(*draw(circuit), execution=how, states=("v", "drive"), sample_ms=DT_MS)


def assert_equal(one, other, tolerance=1e-10):
    np.testing.assert_array_equal(one.failed, other.failed)
    np.testing.assert_array_equal(one.spike_count, other.spike_count)
    for name, values in other.state.items():
        atol = tolerance * np.abs(values).max()
        np.testing.assert_allclose(one.state[name], values, rtol=0, atol=atol)


@pytest.fixture(scope="module")
def expected(circuit):
    return simulate(circuit, "brian2")


@pytest.fixture
def emulated(monkeypatch, tmp_path_factory):
    emulate_projects(monkeypatch, tmp_path_factory.getbasetemp())


def product_in_numpy(circuit, v):
    """Return what `drive` is after a step that began with `v` (candidate, trial, time, neuron)."""
    weights = [circuit.parameters.split(one)["dense.weight"] for one in draw(circuit)[0]]
    dense = circuit.objects["dense"]
    matrix = np.zeros((len(weights), N, N))
    matrix[:, dense.j[:], dense.i[:] + FIRST] = weights
    first = 2 * np.einsum("pij,pbtj->pbti", matrix, 1 / (1 + np.exp(-v)))
    second = 0.3 * np.einsum("pij,pbtj->pbti", np.abs(matrix), v)
    return circuit.neurons.scale[:] * first + (1 - v) * second


def test_a_product_is_what_synapses_sum_and_numpy_computes(
    circuit, expected, emulated, monkeypatch
):
    assert list(dense_sums(circuit)) == ["dense"]
    assert expected.spike_count.sum() > 0
    for order, guard in zip(ORDERS, "100", strict=True):
        monkeypatch.setenv("CUDA_EMULATION_ORDER", order)
        monkeypatch.setenv("CUDA_EMULATION_GUARD", guard)
        found = simulate(circuit)
        assert_equal(found, expected)
        in_numpy = product_in_numpy(circuit, found.state["v"][:, :, :-1])
        np.testing.assert_allclose(found.state["drive"][:, :, 1:], in_numpy, rtol=0, atol=1e-12)


TRANSPOSED = (
    f"(_candidate * {N - FIRST} + _start + _pre) * {N} + _post",
    f"(_candidate * {N} + _post) * {N - FIRST} + _start + _pre",
)
BOUND = f"if (_post < {N} && _first + _trial < {N_TRIALS})"
FAULTS = {
    "no barrier before": ("__syncthreads();", ""),
    "no barrier after": ("        __syncthreads();\n    }\n", "    }\n"),
    "transposed": TRANSPOSED,
    "no bound on rows": (BOUND, f"if (_first + _trial < {N_TRIALS})"),
    "no bound on trials": (BOUND, f"if (_post < {N})"),
    "another's trials": ("_tile[0][_trial][_pre];", "_tile[0][0][_pre];"),
}
BY_DAY = list(FAULTS)[:4]
LEFT_OUT = [pytest.param(one, marks=pytest.mark.nightly) for one in FAULTS if one not in BY_DAY]


@pytest.mark.parametrize("fault", [*BY_DAY, *LEFT_OUT])
def test_planted_faults_are_found(circuit, expected, emulated, monkeypatch, tmp_path, fault):
    monkeypatch.setenv("CUDA_EMULATION_GUARD", "0")
    simulate(circuit)
    # Other circuits, and this one in single precision, may have projects too.
    own = {circuit.fingerprint, "float64"}
    kept = next(one for key, one in execution._PROJECTS.items() if own <= {key[0], key[4]})
    folder = tmp_path / "project"
    shutil.copytree(kept.folder, folder)
    source = folder / "code_objects" / "synapses1_codeobject.cu"
    right, wrong = FAULTS[fault]
    text = source.read_text()
    assert right in text, "the line to plant the fault in is gone"
    source.write_text(text.replace(right, wrong, 1))
    (folder / "main").unlink()
    project.compile_project(folder)
    monkeypatch.setattr(execution, "_project", lambda *_: replace(kept, folder=folder))
    with pytest.raises((AssertionError, NeurotrainError)):
        # What a block writes into another's part can only be seen if that one came first.
        for order in ORDERS[:2]:
            monkeypatch.setenv("CUDA_EMULATION_ORDER", order)
            assert_equal(simulate(circuit), expected)


@pytest.mark.nightly
def test_single_precision(circuit, expected, emulated):
    assert_equal(simulate(circuit, "cuda"), expected, 1e-5)


@pytest.mark.nightly
def test_synapses_of_brian2cuda_sum_up_to_the_same(
    circuit, expected, emulated, monkeypatch, tmp_path
):
    monkeypatch.setenv("NEUROTRAIN_CACHE", str(tmp_path))
    monkeypatch.setattr(execution, "_PROJECTS", {})
    monkeypatch.setattr(copies, "dense_sums", lambda _: {})
    assert_equal(simulate(circuit), expected)
    (kept,) = execution._PROJECTS.values()
    assert not kept.matrices


@pytest.mark.gpu
@pytest.mark.skipif(not toolkit.gpus(), reason="there is no NVIDIA GPU")
def test_a_product_on_a_gpu(circuit, expected):
    assert_equal(simulate(circuit), expected, 1e-9)
    one, other = (simulate(circuit, "cuda").state["drive"] for _ in range(2))
    np.testing.assert_array_equal(one, other)


# --- which synapses


def from_pairs(neurons):
    made = synapses(neurons, neurons)
    made.connect(i=0, j=1)
    return made


def to_others(neurons, model, **options):
    made = Synapses(neurons, neurons, model, **options)
    made.connect("i != j")
    return made


def summed(expression, parameters="weight : 1"):
    return f"{parameters}\ndrive_post = {expression} : 1 (summed)"


COVERED = {
    "all to all": lambda n: synapses(n, n, summed("exp(weight)*v_pre")),
    "all but themselves": lambda n: to_others(n, summed("weight**2*v_pre")),
    "a subgroup": lambda n: synapses(n[3:], n),
    "another group": lambda n: synapses(n, n, summed("weight*v_pre*v_post + weight*k_pre")),
}
NOT_COVERED = {
    "two of a pair": from_pairs,
    "a weight of 0 acts": lambda n: to_others(n, summed("exp(weight)*v_pre")),
    "no product": lambda n: synapses(n, n, summed("tanh(weight + v_pre)")),
    "two parameters": lambda n: synapses(n, n, summed("weight*u*v_pre", "weight : 1\nu : 1")),
    "a shared parameter": lambda n: synapses(n, n, summed("u*v_pre", "u : 1 (shared)")),
    "whole numbers": lambda n: synapses(n, n, summed("weight*v_pre", "weight : integer")),
    "time": lambda n: synapses(n, n, summed("weight*v_pre*cos(t/ms)")),
    "itself": lambda n: synapses(n, n, summed("weight*drive_pre")),
    "spikes": lambda n: synapses(n, n, on_pre="v_post += weight"),
    "a state": lambda n: synapses(
        n, n, summed("weight*v_pre", "dweight/dt = -weight/ms : 1 (clock-driven)"), method="euler"
    ),
    "two sums": lambda n: synapses(
        n, n, summed("weight*v_pre") + "\nother_post = weight*v_pre : 1 (summed)"
    ),
}


@pytest.mark.parametrize("what", COVERED)
def test_dense_synapses_with_a_weight_are_covered(what):
    neurons = group(7)
    made = COVERED[what](neurons)
    assert list(dense_sums(make(neurons, made))) == [made.name]


@pytest.mark.parametrize("what", NOT_COVERED)
def test_other_synapses_stay_what_they_are(what):
    neurons = group(7)
    assert dense_sums(make(neurons, NOT_COVERED[what](neurons))) == {}


@pytest.mark.parametrize(
    ("name", "count"), [("morris-lecar", 1), ("rate", 1), ("morris-lecar-conductance", 2)]
)
def test_models_with_graded_synapses_are_covered(name, count):
    assert len(dense_sums(MODELS[name](7))) == count


# --- compiled


@pytest.mark.nightly
@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_registers_suffice(circuit, tmp_path, architecture, precision):
    if not real_nvcc():
        pytest.skip(NO_NVCC)
    if not toolkit.has_curand():
        pytest.skip("cuRAND is not installed")
    request = make_request(circuit, draw(circuit)[1])
    project.write_project(circuit, (2, N_TRIALS), request, tmp_path, precision=precision)
    headers = [f"-I{folder}" for folder in (".", *toolkit.curand_folders()[0])]
    command = [toolkit.find_nvcc(), "-dc", "-cubin", "-std=c++17", "-w", f"-arch={architecture}"]
    command += ["-Xptxas", "-v", *headers, "-o", "made", "code_objects/synapses1_codeobject.cu"]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stderr
    functions = compiled_functions(told)
    assert {(one.stack, one.spilled) for one in functions} == {(0, 0)}
    assert 0 < max(one.registers or 0 for one in functions) <= 128
