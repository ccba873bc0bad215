"""The torch execution against Brian2, finite differences and itself."""

import subprocess
import sys

import numpy as np
import pytest

from neurotrain.errors import InvalidInput
from neurotrain.executions.torch.options import SURROGATES, Differentiation
from neurotrain.models import MODELS
from neurotrain.trials import Trials

torch = pytest.importorskip("torch")

from differentiable import loss_of, small  # noqa: E402

from neurotrain.executions.torch.execution import run_differentiable  # noqa: E402

SPIKING = sorted(set(MODELS) - {"rate"})
GRADED = {"morris-lecar", "morris-lecar-conductance", "rate"}


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def gradients(case, with_counts=False, **options):
    circuit, blocks, *rest = case
    activity = run_differentiable(circuit, blocks, *rest, Differentiation(**options))
    loss = loss_of(activity, with_counts)
    found = torch.autograd.grad(loss, list(blocks.values()), allow_unused=True)
    return loss.item(), [one for one in found if one is not None]


def same(one, other, rtol):
    assert one[0] == pytest.approx(other[0], rel=rtol)
    for a, b in zip(one[1], other[1], strict=True):
        torch.testing.assert_close(a, b, rtol=rtol, atol=rtol * float(b.abs().max() + 1e-30))


# --- against Brian2


@pytest.mark.parametrize("name", MODELS)
def test_every_model_does_as_brian2_does(name):
    """Over 500 steps, states to 1e-6 mV or relative to their size, and spike for spike."""
    circuit = MODELS[name](6, channels=3)
    rng = np.random.default_rng(0)
    candidates = circuit.parameters.draw(rng)[np.newaxis]
    duration = 500 * circuit.dt_ms
    inputs = rng.normal(size=(1, round(duration / 5), 3))
    trials = Trials(inputs, 5.0, np.zeros(1, int), {"decision": (duration / 2, duration)})
    initial = circuit.draw_initial_state(1, rng)
    states = tuple(one for one in circuit.states if one not in ("lastspike", "not_refractory"))
    how = {"states": states, "bins_ms": np.arange(0, duration, 5)}
    reference, found = (
        circuit.simulate(candidates, trials, initial, execution=execution, **how)
        for execution in ("brian2", "torch")
    )
    np.testing.assert_array_equal(found.spike_count, reference.spike_count)
    assert name == "rate" or reference.spike_count.sum() > 3
    for state in states:
        expected = reference.state[state]
        atol = 1e-9 if state == "v" else 1e-9 * np.abs(expected).max()
        np.testing.assert_allclose(found.state[state], expected, rtol=0, atol=atol)


# --- gradients


@pytest.mark.parametrize("name", MODELS)
def test_gradients_of_every_block_are_finite_differences(name):
    """Over 50 steps, to 1e-5; all but weights that no spike has passed through yet."""
    case = circuit, blocks, *rest = small(name)
    moved = {key for key in blocks if not key.startswith("readout")}
    exact = Differentiation(surrogate="none")
    loss = loss_of(run_differentiable(circuit, blocks, *rest, exact))
    found = torch.autograd.grad(loss, [blocks[key] for key in moved])
    del case
    n_tested = 0
    for key, gradient in zip(moved, found, strict=True):
        rng = torch.Generator().manual_seed(1)
        for _ in range(2):
            direction = torch.randn(gradient.shape, generator=rng, dtype=gradient.dtype)
            ends = []
            for sign in (1, -1):
                shifted = {key: blocks[key].detach() + sign * 1e-5 * direction}
                with torch.no_grad():
                    run = run_differentiable(circuit, {**blocks, **shifted}, *rest, exact)
                ends.append(loss_of(run).item())
            expected = (ends[0] - ends[1]) / 2e-5
            assert (gradient * direction).sum().item() == pytest.approx(expected, rel=1e-5)
            n_tested += expected != 0
    assert n_tested == 2 * len(moved) or (name not in GRADED and n_tested >= 4)


@pytest.mark.parametrize("name", ["morris-lecar", "leaky-integrate-and-fire"])
def test_checkpoints_change_no_gradient(name):
    case = small(name, n_steps=60)
    whole = gradients(case, with_counts=True, checkpoint_steps=60)
    for every in (1, 13, 59):
        same(gradients(case, with_counts=True, checkpoint_steps=every), whole, 1e-12)


def test_candidates_have_gradients_of_their_own():
    case = circuit, blocks, *rest = small("morris-lecar", n_candidates=3)
    _, whole = gradients(case)
    alone = {key: one[1:2].detach().requires_grad_() for key, one in blocks.items()}
    activity = run_differentiable(circuit, alone, *rest, Differentiation())
    every = run_differentiable(circuit, blocks, *rest, Differentiation())
    torch.testing.assert_close(activity.average["v"][0], every.average["v"][1])
    torch.testing.assert_close(activity.spike_count[0], every.spike_count[1])
    (of_one,) = torch.autograd.grad(every.average["v"][1].sum(), [blocks["neurons.bias"]])
    (own,) = torch.autograd.grad(activity.average["v"].sum(), [alone["neurons.bias"]])
    torch.testing.assert_close(of_one[1:2], own)
    assert not of_one[[0, 2]].any()
    assert all(one[k].any() for one in whole for k in range(3))


def test_single_precision_has_the_same_gradients_but_for_rounding():
    case = small("morris-lecar")
    same(gradients(case, precision="float32"), gradients(case), 1e-3)


# PyTorch's own, at the first use.
@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")
def test_forward_mode_gives_the_same_derivatives():
    """What few parameters need, and tangents of states: no memory of the past."""
    circuit, blocks, *rest = small("morris-lecar")
    exact = Differentiation(surrogate="none")
    loss = loss_of(run_differentiable(circuit, blocks, *rest, exact))
    (gradient,) = torch.autograd.grad(loss, [blocks["neurons.bias"]])
    direction = torch.linspace(-1, 1, gradient.numel(), dtype=torch.float64).view(gradient.shape)
    with torch.no_grad(), torch.autograd.forward_ad.dual_level():
        own = {name: one.detach() for name, one in blocks.items()}
        bias = torch.autograd.forward_ad.make_dual(own["neurons.bias"], direction)
        found = loss_of(run_differentiable(circuit, own | {"neurons.bias": bias}, *rest, exact))
        tangent = torch.autograd.forward_ad.unpack_dual(found).tangent
    assert tangent.item() == pytest.approx((gradient * direction).sum().item(), rel=1e-10)


@pytest.mark.parametrize("options", [{"checkpoint_steps": 20}, {"compiled": True}])
def test_second_derivatives_are_refused_where_there_are_none(options):
    circuit, blocks, *rest = small("morris-lecar")
    activity = run_differentiable(circuit, blocks, *rest, Differentiation(**options))
    bias = blocks["neurons.bias"]
    loss = activity.average["v"].square().sum()
    (gradient,) = torch.autograd.grad(loss, [bias], create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        gradient.sum().backward()


# --- compiled steps


def check_compiled(name, surrogate):
    case = small(name, n_candidates=2, n_steps=150)
    options = {"surrogate": surrogate}
    plain = gradients(case, with_counts=surrogate != "none", **options)
    for more in ({}, {"checkpoint_steps": 40}, {"truncate_steps": 60}):
        if "truncate_steps" in more:
            plain = gradients(case, with_counts=surrogate != "none", **options, **more)
        how = {"compiled": True, **options, **more}
        same(gradients(case, with_counts=surrogate != "none", **how), plain, 1e-9)


def test_compiled_steps_do_the_same():
    check_compiled("morris-lecar", "fast-sigmoid")


@pytest.mark.nightly
@pytest.mark.parametrize("surrogate", SURROGATES)
@pytest.mark.parametrize("name", SPIKING)
def test_compiled_steps_of_every_model_do_the_same(name, surrogate):
    check_compiled(name, surrogate)


@pytest.mark.slow
def test_compiled_steps_of_rate_units_do_the_same():
    check_compiled("rate", "none")


@pytest.mark.slow
def test_the_page_runs(top):
    page = (top / "docs" / "backpropagation.md").read_text()
    names = {}
    section = page.split("\n## Gradients of anything recorded\n")[1]
    exec(section.split("```python\n")[1].split("```")[0], names)
    gradient = names["blocks"]["recurrent.weight"].grad
    assert gradient.shape == (1, 256) and gradient.abs().max() > 0
    for name in SURROGATES:
        assert f"| `{name}` |" in page


# --- memory

LONG = """
import resource, sys
import torch
torch.set_num_threads(1)
from differentiable import loss_of, small
from neurotrain.executions.torch.execution import run_differentiable
from neurotrain.executions.torch.options import Differentiation
case = small("morris-lecar", n_steps=20000, neurons=64, every=50, sample_every=0)
circuit, blocks, inputs, initial, request = case
inputs, initial = inputs.repeat(7, 0)[:20], {k: v.repeat(7, 0)[:20] for k, v in initial.items()}
# Coupled, gradients over four seconds are beyond all numbers.
blocks["recurrent.weight"].data *= 0.0
options = Differentiation(surrogate="none", compiled=sys.argv[1] == "compiled")
loss_of(run_differentiable(circuit, blocks, inputs, initial, request, options)).backward()
assert blocks["recurrent.weight"].grad.isfinite().all()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
"""


@pytest.mark.nightly
@pytest.mark.parametrize("how", ["plain", "compiled"])
def test_20_000_steps_of_64_neurons_on_20_trials_fit_in_4_gigabytes(how, top):
    command = [sys.executable, "-c", f"import sys; sys.path.append('tests')\n{LONG}", how]
    done = subprocess.run(command, cwd=top, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.split()[-1]) < 4


# --- what is told


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"surrogate": "fast-sigmod"}, "did you mean 'fast-sigmoid'"),
        ({"precision": "float16"}, "precision"),
        ({"surrogate_slope": 0}, "surrogate_slope"),
        ({"checkpoint_steps": 0}, "checkpoint_steps"),
        ({"truncate_steps": 2.5}, "truncate_steps"),
        ({"compiled": "yes"}, "compiled"),
    ],
)
def test_wrong_options_are_told(options, told):
    with pytest.raises(InvalidInput) as caught:
        Differentiation(**options)
    assert told in str(caught.value)


WITHOUT = """
import sys
sys.modules["torch"] = None
import numpy as np
from neurotrain.models import rate
from neurotrain.trials import Trials
circuit = rate(3, channels=1)
rng = np.random.default_rng(0)
trials = Trials(np.zeros((1, 4, 1)), 5.0, np.zeros(1, int), {"decision": (10.0, 20.0)})
initial, candidates = circuit.draw_initial_state(1, rng), circuit.parameters.draw(rng)
circuit.simulate(candidates, trials, initial, execution="fused-float64")
try:
    circuit.simulate(candidates, trials, initial, execution="torch")
except Exception as error:
    print(error)
"""


def test_without_torch_all_else_works_and_one_line_says_what_to_install():
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    assert "pip install 'neurotrain[torch]'" in done.stdout


def test_a_limit_of_time_is_refused():
    circuit, blocks, inputs, initial, _ = small("rate")
    trials = Trials(inputs, 5.0, np.zeros(3, int), {"decision": (10.0, 20.0)})
    vector = circuit.parameters.draw(np.random.default_rng(0))
    del blocks
    with pytest.raises(InvalidInput, match="no limit of time"):
        circuit.simulate(vector, trials, initial, execution="torch", trial_seconds=1.0)
