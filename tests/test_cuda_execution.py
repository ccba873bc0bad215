"""The execution 'cuda', emulated on a CPU, against Brian2; and what it refuses."""

import os
import re
import subprocess
from importlib.util import find_spec

import numpy as np
import pytest
from brian2 import Hz, NeuronGroup, PoissonGroup, Synapses, ms, prefs
from device_networks import assert_same_training
from emulated_cuda import CUDA_PATH, ORDERS, emulate_projects

import neurotrain as nt
from neurotrain.benchmarks.cuda_roofline import ARCHITECTURES, NEWEST, OLDEST
from neurotrain.benchmarks.ptxas import compiled_functions
from neurotrain.errors import CompilerNotFound, InvalidInput, NeurotrainError, UnsupportedModel
from neurotrain.executions.cuda import execution, program, toolkit
from neurotrain.executions.cuda.preferences import link_curand, preferences
from neurotrain.executions.cuda.project import kept_project, write_project
from neurotrain.models import MODELS
from neurotrain.simulation import make_request
from neurotrain.trials import Trials

# The same on every Python.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("brian2cuda") is None, reason="Brian2CUDA is not installed"),
]

# Coupled by sums, and by spikes.
BY_DAY = ("morris-lecar", "leaky-integrate-and-fire")
DURATION_MS = 20.0
# By which averages may be off in single precision, of the largest one of each state.
SINGLE = 2e-4
# An intermediate result of its equation is below single precision's range from -103 mV on.
OUT_OF_RANGE = {("hodgkin-huxley", "h")}


@pytest.fixture
def emulated(monkeypatch, tmp_path_factory):
    emulate_projects(monkeypatch, tmp_path_factory.getbasetemp())


def make_trials(circuit, n_trials=3):
    inputs = np.random.default_rng(0).normal(1, 2, size=(n_trials, 10, circuit.channels))
    labels = np.zeros(n_trials, dtype=int)
    return Trials(inputs, 2.0, labels, {"decision": (5.0, DURATION_MS)})


def draw(circuit, n_candidates=2, n_trials=3):
    rng = np.random.default_rng(1)
    candidates = np.array([circuit.parameters.draw(rng) for _ in range(n_candidates)])
    return candidates, make_trials(circuit, n_trials), circuit.draw_initial_state(n_trials, rng)


def simulate(circuit, execution, drawn=None):
    states = tuple(state for state in circuit.states if "." not in state)
    options = {"states": states, "sample_ms": 1.0, "bins_ms": [0, 7, 11, DURATION_MS]}
    return circuit.simulate(*(drawn or draw(circuit)), execution=execution, **options)


def assert_equal(one, other, tolerance=1e-10):
    np.testing.assert_array_equal(one.failed, other.failed)
    np.testing.assert_array_equal(one.spike_count, other.spike_count)
    for of_one, of_other in ((one.average, other.average), (one.state, other.state)):
        assert of_one.keys() == of_other.keys()
        for name, values in of_one.items():
            scale = np.abs(of_other[name]).max()
            np.testing.assert_allclose(values, of_other[name], rtol=0, atol=tolerance * scale)


def check_model(name, orders, monkeypatch):
    circuit = MODELS[name](7)
    expected = simulate(circuit, "brian2")
    assert name == "rate" or expected.spike_count.sum() > 0
    for order in orders:
        monkeypatch.setenv("CUDA_EMULATION_ORDER", order)
        assert_equal(simulate(circuit, "cuda-float64"), expected)


@pytest.mark.parametrize("name", BY_DAY)
def test_copies_compute_what_brian2_computes(emulated, monkeypatch, name):
    check_model(name, ORDERS[:2], monkeypatch)


@pytest.mark.nightly
@pytest.mark.parametrize("name", MODELS)
def test_every_model_in_every_order(emulated, monkeypatch, name):
    check_model(name, ORDERS, monkeypatch)


@pytest.mark.gpu
@pytest.mark.skipif(not toolkit.gpus(), reason="there is no NVIDIA GPU")
@pytest.mark.parametrize("name", MODELS)
def test_every_model_on_a_gpu(monkeypatch, name):
    circuit = MODELS[name](7)
    assert_equal(simulate(circuit, "cuda-float64"), simulate(circuit, "brian2"), 1e-9)


def test_other_weights_and_inputs_need_no_other_program(emulated, monkeypatch):
    circuit = nt.models.morris_lecar(7)
    simulate(circuit, "cuda-float64")
    monkeypatch.setattr(execution, "kept_project", None)
    candidates, trials, initial = draw(circuit)
    trials = Trials(trials.inputs[::-1], 2.0, trials.labels, trials.periods)
    drawn = candidates[::-1], trials, initial
    assert_equal(simulate(circuit, "cuda-float64", drawn), simulate(circuit, "brian2", drawn))


def test_what_is_not_a_number_has_failed(emulated):
    circuit = nt.models.morris_lecar(7)
    candidates, trials, initial = draw(circuit)
    initial["v"][1, 3] = np.nan
    recording = simulate(circuit, "cuda-float64", (candidates, trials, initial))
    np.testing.assert_array_equal(recording.failed, [[False, True, False]] * 2)


def test_a_value_that_the_program_does_not_take_is_an_error(emulated, monkeypatch):
    circuit = nt.models.morris_lecar(7)
    simulate(circuit, "cuda-float64")
    values = execution._values

    def too_short(*arguments):
        return {name: array[..., :-1] for name, array in values(*arguments).items()}

    monkeypatch.setattr(execution, "_values", too_short)
    with pytest.raises(NeurotrainError, match="Error reading"):
        simulate(circuit, "cuda-float64")


def test_a_value_that_the_program_forgets_is_an_error(emulated, monkeypatch):
    circuit = nt.models.morris_lecar(7)
    simulate(circuit, "cuda-float64")
    call = program.Run._call

    def without_weights(self, words):
        call(self, [word for word in words if "weight" not in word])

    monkeypatch.setattr(program.Run, "_call", without_weights)
    with pytest.raises(NeurotrainError, match="did not keep 'synapses1.weight'"):
        simulate(circuit, "cuda-float64")


def several_groups():
    """Return two groups that act on each other by spikes, after a delay, and by sums."""
    model = "dv/dt = (bias + stimulus + drive - v)/(5*ms) : 1 (unless refractory)\n"
    model += "bias : 1\nstimulus : 1\ndrive : 1"
    options = {"threshold": "v > 1", "reset": "v = 0", "method": "exact", "dt": 0.1 * ms}
    first = NeuronGroup(9, model, refractory=2 * ms, name="first", **options)
    second = NeuronGroup(4, model, name="second", **options)
    first.bias, second.bias = 1.1, 0.9
    there = Synapses(
        first, second, "weight : 1\ndspent/dt = -spent/(10*ms) : 1 (event-driven)",
        on_pre="v_post += weight*(1 - spent); spent += 0.3", delay=0.7 * ms, name="there",
    )  # fmt: skip
    there.connect()
    back = Synapses(
        second, first, "weight : 1\ndrive_post = weight*v_pre : 1 (summed)", name="back"
    )
    back.connect()
    return nt.Circuit(
        first, second, there, back, inputs=nt.Input("stimulus", 3),
        readout=nt.GradedReadout("v", 2), namespace={},
        initial={"v": nt.Uniform(0, 1), "second.v": nt.Uniform(0, 1)},
        train={
            "there.weight": nt.Uniform(0, 0.2), "back.weight": nt.Normal(0, 0.1),
            "input.weight": nt.Normal(0, 0.1),
        },
    )  # fmt: skip


@pytest.mark.nightly
def test_several_groups_traces_and_spikes_after_a_delay(emulated, monkeypatch):
    circuit = several_groups()
    expected = simulate(circuit, "brian2")
    assert expected.spike_count.sum() > 20
    for order in ORDERS:
        monkeypatch.setenv("CUDA_EMULATION_ORDER", order)
        assert_equal(simulate(circuit, "cuda-float64"), expected)


@pytest.mark.nightly
@pytest.mark.parametrize("name", MODELS)
def test_every_model_in_single_precision(emulated, name):
    circuit = MODELS[name](7)
    found, expected = (simulate(circuit, one) for one in ("cuda", "brian2"))
    np.testing.assert_array_equal(found.failed, expected.failed)
    np.testing.assert_array_equal(found.spike_count, expected.spike_count)
    for state, values in expected.average.items():
        if (name, state) not in OUT_OF_RANGE:
            off = np.abs(found.average[state] - values).max() / np.abs(values).max()
            assert off < SINGLE, (state, off)


@pytest.mark.nightly
def test_sanitizers_find_nothing_in_a_whole_program(emulated, monkeypatch, tmp_path):
    for name, value in {
        "CUDA_EMULATION_SANITIZE": "1",
        # Brian2CUDA takes the address of the first element of vectors that are empty.
        "CUDA_EMULATION_FLAGS": "-O0 -fno-sanitize=null",
        "CUDA_EMULATION_ORDER": "reverse",
        "NEUROTRAIN_CACHE": str(tmp_path),
        "ASAN_OPTIONS": "detect_leaks=0:detect_stack_use_after_return=0",
        "UBSAN_OPTIONS": "halt_on_error=1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(execution, "_PROJECTS", {})
    circuit = several_groups()
    assert_equal(simulate(circuit, "cuda-float64"), simulate(circuit, "brian2"))
    (project,) = execution._PROJECTS.values()
    assert b"__asan_init" in (project.folder / "main").read_bytes()


@pytest.mark.nightly
def test_a_training_is_that_of_a_processor(emulated, tmp_path):
    assert_same_training("cuda-float64", tmp_path)


def test_preferences_are_as_before(emulated, monkeypatch, tmp_path):
    import brian2cuda  # noqa: F401

    names = preferences((8.0,), "float32", tmp_path, tmp_path)
    before = {name: prefs[name] for name in names}
    circuit = nt.models.morris_lecar(3)
    request = make_request(circuit, make_trials(circuit))
    for folder in (tmp_path / "one", tmp_path / "two"):
        write_project(circuit, (1, 2), request, folder, capabilities=(8.0, 9.0))
        makefile = (folder / "makefile").read_text()
        assert makefile.count("code=sm_80") == 2
        assert makefile.count("[sm_90,compute_90]") == 2
        assert "use_fast_math" not in makefile
        assert "c++17" in makefile
    other = tmp_path / "cuda"
    other.symlink_to(CUDA_PATH)
    monkeypatch.setenv("CUDA_PATH", str(other))
    write_project(circuit, (1, 2), request, tmp_path / "three")
    assert str(other / "bin" / "nvcc") in (tmp_path / "three" / "makefile").read_text()
    assert {name: prefs[name] for name in names} == before
    assert NeuronGroup(1, "v : 1").v[0] == 0


def test_architectures_are_a_new_list_each_time():
    name = "devices.cuda_standalone.cuda_backend.extra_compile_args_nvcc"
    lists = [preferences((7.5, 12.0), "float32", None, "")[name] for _ in range(2)]
    assert lists[0] == lists[1]
    assert lists[0] is not lists[1]


def make(*members, **options):
    given = {"readout": nt.GradedReadout("v", 2), "train": ["neurons.bias"], "namespace": {}}
    return nt.Circuit(*members, **(given | options))


def group(model="", **options):
    equations = f"dv/dt = (bias - v)/(10*ms) : 1\nbias : 1\n{model}"
    return NeuronGroup(4, equations, threshold="v > 1", reset="v = 0", method="euler", **options)


def with_delays():
    neurons = group()
    synapses = Synapses(neurons, neurons, on_pre="v_post += 0.1")
    synapses.connect()
    synapses.delay = "(1 + i)*ms"
    return make(neurons, synapses)


def with_operation():
    neurons = group()
    neurons.run_regularly("v = 0", dt=1 * ms)
    return make(neurons)


@pytest.mark.parametrize(
    ("circuit", "told"),
    [
        (with_delays, "its delays differ"),
        (with_operation, "it runs 'neurongroup"),
        (lambda: make(group(), PoissonGroup(2, 5 * Hz)), "random numbers"),
        (lambda: make(group("x = v*i : 1")), "name 'i'"),
    ],
)
def test_what_is_not_covered_is_refused(emulated, circuit, told):
    with pytest.raises(UnsupportedModel, match=told):
        simulate(circuit(), "cuda-float64")


def test_without_a_gpu_one_line_says_so():
    if toolkit.gpus():
        pytest.skip("there is a GPU")
    circuit = nt.models.morris_lecar(3)
    with pytest.raises(InvalidInput, match="needs an NVIDIA GPU") as raised:
        simulate(circuit, "cuda")
    assert "\n" not in str(raised.value)


def test_without_nvcc_one_line_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv("CUDA_PATH", str(tmp_path))
    with pytest.raises(CompilerNotFound, match="nvcc was not found"):
        toolkit.find_nvcc()


@pytest.fixture
def nvidia(monkeypatch, tmp_path):
    """Skip where NVIDIA's compiler or cuRAND is missing; keep projects where they are lost."""
    try:
        toolkit.find_nvcc()
    except CompilerNotFound as error:
        pytest.skip(str(error))
    if not toolkit.has_curand():
        pytest.skip("cuRAND is not installed")
    monkeypatch.setenv("NEUROTRAIN_CACHE", str(tmp_path))


def traced(circuit):
    return make_request(circuit, make_trials(circuit), sample_every=10, states=("v",))


def assert_ends_where_it_looks_for_a_gpu(folder):
    done = subprocess.run(["./main"], cwd=folder, capture_output=True, text=True)
    assert toolkit.gpus() or "cudaSetDevice(0) failed" in done.stderr


@pytest.mark.nightly
@pytest.mark.usefixtures("nvidia")
@pytest.mark.parametrize(
    ("make", "capability", "precision"),
    [(lambda: nt.models.morris_lecar(7), 8.0, "float32"), (several_groups, 9.0, "float64")],
)
def test_nvcc_compiles_and_links_a_project(make, capability, precision):
    circuit = make()
    project = kept_project(circuit, (2, 3), traced(circuit), capability, precision)
    assert_ends_where_it_looks_for_a_gpu(project.folder)


@pytest.mark.nightly
@pytest.mark.usefixtures("nvidia")
@pytest.mark.parametrize(
    "architectures",
    [(OLDEST, NEWEST), (*ARCHITECTURES,)],
    ids=["oldest_and_newest", "all"],
)
def test_a_project_for_many_gpus_links_and_spills_no_registers(architectures, tmp_path):
    circuit, folder = several_groups(), tmp_path / "project"
    folder.mkdir()
    link_curand(tmp_path / "links")
    write_project(
        circuit,
        (2, 3),
        traced(circuit),
        folder,
        capabilities=[int(one.removeprefix("sm_")) / 10 for one in architectures],
        precision="float64",
        links=tmp_path / "links",
    )
    # Options that nvcc appends to those of the makefile.
    environment = {**os.environ, "NVCC_APPEND_FLAGS": "-Xptxas -v"}
    # What one file is told, without what others are told meanwhile.
    command = ["make", "-j2", "--output-sync=target"]
    built = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    told = built.stdout + built.stderr
    assert set(re.findall(r"for '(sm_\d+)'", told)) == {*architectures}
    kernels = set(re.findall(r"Compiling entry function '(\S+)'", told))
    spilling = {one.name for one in compiled_functions(told) if one.spilled}
    assert kernels and not spilling & kernels
    # What remains are Thrust's constructors, made for the device too, which no kernel calls.
    assert {name for name in spilling if not name.startswith("_ZN6thrust")} == set()
    assert_ends_where_it_looks_for_a_gpu(folder)
