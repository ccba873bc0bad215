"""The matrix product that stands for dense synapses on a GPU, emulated on a CPU and compiled."""

import re
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
from neurotrain.executions.cuda import copies, execution, project, toolkit
from neurotrain.executions.cuda.dense_coupling import ROWS, SOURCES, TRIALS, dense_sums
from neurotrain.executions.cuda.preferences import preferences
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


def group(n=N, **options):
    made = NeuronGroup(n, EQUATIONS, threshold="v > 1", reset="v = 0", method="euler", dt=DT_MS * ms)
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
    return circuit.simulate(
        *draw(circuit), execution=how, states=("v", "drive"), sample_ms=DT_MS
    )


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
    for order in ORDERS:
        monkeypatch.setenv("CUDA_EMULATION_ORDER", order)
        found = simulate(circuit)
        assert_equal(found, expected)
        in_numpy = product_in_numpy(circuit, found.state["v"][:, :, :-1])
        np.testing.assert_allclose(found.state["drive"][:, :, 1:], in_numpy, rtol=0, atol=1e-12)


FAULTS = {
    "no barrier before": ("__syncthreads();", "", 1),
    "no barrier after": ("        __syncthreads();\n    }\n", "    }\n", 1),
    "transposed": (
        f"(_candidate * {N - FIRST} + _start + _pre) * {N} + _post",
        f"(_candidate * {N} + _post) * {N - FIRST} + _start + _pre",
        1,
    ),
    "no bound on rows": (f"if (_post < {N} && ", "if (", 1),
    "no bound on trials": (f"if (_post < {N} && _first + _trial < {N_TRIALS})", "if (true)", 1),
    "another's trials": ("_tile[0][_trial][_pre];", "_tile[0][0][_pre];", 1),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_faults_are_found(circuit, expected, emulated, monkeypatch, tmp_path, fault):
    simulate(circuit)
    kept = next(p for p in execution._PROJECTS.values() if p.matrices == {"1.weight": 0})
    folder = tmp_path / "project"
    shutil.copytree(kept.folder, folder)
    (source,) = folder.glob("code_objects/synapses1_codeobject.cu")
    right, wrong, times = FAULTS[fault]
    text = source.read_text()
    assert right in text, "the line to plant the fault in is gone"
    source.write_text(text.replace(right, wrong, times))
    (folder / "main").unlink()
    project.compile_project(folder)
    monkeypatch.setattr(execution, "_project", lambda *_: replace(kept, folder=folder))
    with pytest.raises((AssertionError, nt.errors.NeurotrainError)):
        assert_equal(simulate(circuit), expected)
