"""The cache of compiled kernels: compiled once, never trusted half written, no silent failure."""

import os
import stat
import subprocess
import sys
from contextlib import contextmanager
from unittest import mock

import numpy as np
import pytest
from brian2 import NeuronGroup, Synapses, ms

import neurotrain as nt
from neurotrain import compiler
from neurotrain.errors import CompilerNotFound, InvalidInput
from neurotrain.executions.fused import kernel
from neurotrain.trials import Trials

# The same on every Python.
pytestmark = pytest.mark.slow


def forget():
    for remembered in (compiler.find_compiler, compiler.version_of, kernel._compiled):
        remembered.cache_clear()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("NEUROTRAIN_CACHE", str(folder))
    forget()
    yield folder
    forget()


@contextmanager
def compilations():
    """Count how often the compiler is started."""
    with mock.patch.object(compiler, "_compile", wraps=compiler._compile) as counted:
        yield counted


def build(n=3, k=1.0, bias=0.5):
    neurons = NeuronGroup(
        n, "dv/dt = (k*bias + drive + stimulus - v)/(10*ms) : 1\nbias : 1\ndrive : 1\nstimulus : 1",
        threshold="v > 0.4", reset="v = 0", method="euler", dt=0.1 * ms, namespace={"k": k},
        name="compiled*",
    )  # fmt: skip
    neurons.bias = bias
    recurrent = Synapses(neurons, neurons, "weight : 1\ndrive_post = weight*v_pre : 1 (summed)")
    recurrent.connect()
    return nt.Circuit(
        neurons, recurrent, inputs=nt.Input("stimulus", 2), readout=nt.SpikeCountReadout(1),
        train={"recurrent.weight": nt.Normal(0, 1), "input.weight": nt.Normal(0, 1)}, namespace={},
    )  # fmt: skip


def simulate(circuit, seed=0, bins=4, n_trials=2, n_candidates=1, **options):
    rng = np.random.default_rng(seed)
    trials = Trials(
        rng.normal(size=(n_trials, bins, 2)), 1.0, np.zeros(n_trials, int),
        {"decision": (0.0, float(bins))},
    )  # fmt: skip
    candidates = np.array([circuit.parameters.draw(rng) for _ in range(n_candidates)])
    initial = circuit.draw_initial_state(n_trials, rng)
    return circuit.simulate(candidates, trials, initial, states=("v",), **options).state["v"]


def test_a_structure_compiles_once_whatever_the_values(cache):
    with compilations() as counted:
        simulate(build())
        assert counted.call_count == 1
        simulate(build(k=2.5, bias=0.1), seed=5, bins=9, n_candidates=4, threads=2)
        simulate(build(), seed=6, sample_ms=0.5, bins_ms=[1.0, 2.0])
        assert counted.call_count == 1
        kernel._compiled.cache_clear()  # as in another process
        simulate(build(), seed=7)
        assert counted.call_count == 1
        simulate(build(), execution="fused-float64")
        assert counted.call_count == 2
    assert len(list(cache.glob("*.so"))) == 2
    assert len(list(cache.iterdir())) == 2  # nothing temporary is left


@pytest.mark.parametrize("damage", ["empty", "half", "last byte", "flipped", "folder of nothing"])
def test_a_damaged_library_is_compiled_again(cache, damage):
    expected = simulate(build())
    (library,) = cache.glob("*.so")
    content = library.read_bytes()
    library.unlink()
    changed = bytearray(content)
    changed[len(content) // 2] ^= 1
    broken = {
        "empty": b"", "half": content[: len(content) // 2], "last byte": content[:-1],
        "flipped": bytes(changed), "folder of nothing": None,
    }[damage]  # fmt: skip
    if broken is not None:
        library.write_bytes(broken)
    kernel._compiled.cache_clear()
    with compilations() as counted:
        np.testing.assert_array_equal(simulate(build()), expected)
    assert counted.call_count == 1
    assert compiler._is_whole(library)


def refused(kind):
    with pytest.raises(kind) as caught:
        simulate(build())
    message = str(caught.value)
    assert "\n" not in message
    return message


def program(folder, name, text):
    path = folder / name
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_a_compiler_that_does_not_exist_is_told(cache, monkeypatch):
    monkeypatch.setenv("CXX", "/no/such/compiler")
    message = refused(CompilerNotFound)
    assert "/no/such/compiler" in message
    assert "execution='brian2'" in message


def test_no_compiler_at_all_is_told(cache, monkeypatch, tmp_path):
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "g++" in refused(CompilerNotFound)


@pytest.mark.parametrize(
    "text",
    [
        "#!/bin/sh\nexit 1\n",
        "#!/bin/sh\necho first line >&2; echo 'second: error: bad' >&2; exit 1\n",
        "#!/bin/sh\nprintf 'no such word\\nin many\\nlines\\n' >&2; exit 1\n",
        "#!/bin/sh\nexit 0\n",  # and has written nothing
        "not a program at all",
    ],
)
def test_a_compiler_that_fails_is_told_and_leaves_nothing(cache, monkeypatch, tmp_path, text):
    monkeypatch.setenv("CXX", program(tmp_path, "broken-c++", text))
    message = refused(CompilerNotFound)
    assert "broken-c++" in message
    assert not cache.exists() or not list(cache.iterdir())
    monkeypatch.delenv("CXX")
    forget()
    assert simulate(build()).shape == (1, 2, 40, 3)


def test_a_cache_that_cannot_be_written_is_told(cache, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NEUROTRAIN_CACHE", str(tmp_path / "file" / "below"))
    message = refused(InvalidInput)
    assert "NEUROTRAIN_CACHE" in message


def test_other_flags_compilers_and_processors_have_other_libraries(cache, monkeypatch):
    simulate(build())
    for name, value in (
        ("FLAGS", (*compiler.FLAGS, "-DOTHER")),
        ("processor", lambda: "another"),
        ("version_of", lambda *_: "another"),
    ):
        before = len(list(cache.glob("*.so")))
        with monkeypatch.context() as changed:
            changed.setattr(compiler, name, value)
            kernel._compiled.cache_clear()
            simulate(build())
        assert len(list(cache.glob("*.so"))) == before + 1


SCRIPT = """
import sys
import numpy as np
from brian2 import BrianLogger, NeuronGroup, ms
BrianLogger.log_level_error()
import neurotrain as nt
from neurotrain.trials import Trials
group = NeuronGroup(2, 'dv/dt = (bias - v)/(3*ms) : 1\\nbias : 1', method='rk4', dt=0.1*ms)
circuit = nt.Circuit(group, readout=nt.GradedReadout('v', 2), train=['neurons.bias'], namespace={})
print('ready', flush=True)
sys.stdin.readline()
trials = Trials(np.zeros((1, 20, 0)), 1.0, np.zeros(1, int), {'decision': (0.0, 20.0)})
rng = np.random.default_rng(0)
vector = circuit.parameters.draw(rng)[np.newaxis]
got = circuit.simulate(vector, trials, circuit.draw_initial_state(1, rng))
print(got.readout.tobytes().hex())
"""


def test_processes_that_compile_at_once_do_not_break_each_other(cache, top):
    environment = os.environ | {"PYTHONPATH": str(top)}
    command = [sys.executable, "-W", "ignore", "-c", SCRIPT]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    processes = [subprocess.Popen(command, env=environment, text=True, **pipes) for _ in range(3)]
    for one in processes:
        assert one.stdout.readline() == "ready\n"
    for one in processes:  # all start to compile within moments
        one.stdin.write("\n")
        one.stdin.flush()
    outputs = {one.communicate()[0] for one in processes}
    assert [one.returncode for one in processes] == [0, 0, 0]
    assert len(outputs) == 1
    assert len(outputs.pop()) > 20
    assert len(list(cache.iterdir())) == 1


def test_a_compiler_that_never_tells_its_version_is_named(tmp_path, monkeypatch):
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setattr(compiler, "VERSION_SECONDS", 0.2)
    with pytest.raises(CompilerNotFound, match="slow does not tell its version. Take another."):
        compiler.version_of(str(slow), "C++", "Take another.")
