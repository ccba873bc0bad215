"""Gradients through spikes against loops written by hand in PyTorch."""

from math import pi

import numpy as np
import pytest
from brian2 import NeuronGroup, Synapses, ms

import neurotrain as nt
from neurotrain.errors import InvalidInput, UnsupportedModel
from neurotrain.executions.base import Request
from neurotrain.executions.torch.options import SURROGATES, Differentiation

torch = pytest.importorskip("torch")

from neurotrain.executions.torch.execution import run_differentiable  # noqa: E402

N, N_TRIALS, N_STEPS, DELAY, DECAY = 4, 3, 120, 3, 0.05
BINS = (40, 120)


def by_definition(name, k, x):
    """Return the derivatives as they are published."""
    return {
        "none": 0 * x,
        "fast-sigmoid": 1 / (1 + k * x.abs()) ** 2,
        "sigmoid": k * torch.exp(-k * x) / (1 + torch.exp(-k * x)) ** 2,
        "arctan": k / 2 / (1 + (pi * k * x / 2) ** 2),
        "triangle": 0.3 * torch.clamp(1 - k * x.abs(), min=0),
    }[name]


def soft(x, scale, name, k):
    """Return 1 where x > 0, with the gradient of a function whose derivative is the surrogate."""
    hard = (x > 0).to(x.dtype)
    slope = by_definition(name, k, x.detach() / scale) / scale
    return hard + slope * (x - x.detach())


def circuit(threshold="v > 1", reset="v = 0", on_pre="v_post += weight", model="", **options):
    group = NeuronGroup(
        N, f"dv/dt = (bias + stimulus - v)/(2*ms) : 1 {model}\nbias : 1\nstimulus : 1",
        threshold=threshold, reset=reset, method="euler", dt=0.1 * ms, **options,
    )  # fmt: skip
    group.bias = 1.5
    synapses = Synapses(group, group, "weight : 1", on_pre=on_pre, delay=DELAY * 0.1 * ms)
    synapses.connect("i != j")
    train = {"recurrent.weight": nt.Normal(0.1, 0.1), "neurons.bias": nt.Normal(1.5, 0.2)}
    return nt.Circuit(
        group, synapses, inputs=nt.Input("stimulus", 2), readout=nt.SpikeCountReadout(2),
        train=train | {"input.weight": nt.Normal(0, 0.2)}, namespace={},
    )  # fmt: skip


def case(made):
    rng = np.random.default_rng(3)
    drawn = made.parameters.draw(rng)[np.newaxis]
    blocks = {
        name: torch.tensor(value).requires_grad_()
        for name, value in made.parameters.split(drawn).items()
    }
    inputs = rng.normal(size=(N_TRIALS, N_STEPS // 10, 2))
    initial = made.draw_initial_state(N_TRIALS, rng)
    initial["v"] = rng.uniform(0, 0.9, (N_TRIALS, N))
    request = Request(1e-4, N_STEPS, 10, BINS, ("v",), (60, 120))
    return blocks, inputs, initial, request


def by_hand(blocks, inputs, initial, name, k, truncate=None):
    """Return spike counts and the average of v, as Brian2 orders what a step does."""
    weight = torch.zeros((N, N), dtype=torch.float64)
    pairs = [(i, j) for i in range(N) for j in range(N) if i != j]
    weight = weight.index_put(tuple(torch.tensor(pairs).T), blocks["recurrent.weight"][0])
    bias = blocks["neurons.bias"][0]
    currents = torch.tensor(inputs) @ blocks["input.weight"][0].T
    scale = abs(1.5 * DECAY - 1)  # after the first step from 0, without input
    v, past = torch.tensor(initial["v"]), [torch.zeros((N_TRIALS, N), dtype=torch.float64)] * DELAY
    counts, average = [0.0, 0.0], 0.0
    for step in range(N_STEPS):
        if truncate and step % truncate == 0:
            v, past = v.detach(), [one.detach() for one in past]
        if step >= 60:
            average = average + v / 60
        v = v + DECAY * (bias + currents[:, step // 10] - v)
        spikes = soft(v - 1, scale, name, k)
        counts[step >= BINS[0]] = counts[step >= BINS[0]] + spikes
        v = v + past[-1] @ weight
        v = v * (1 - spikes)
        past = [spikes, *past[:-1]]
    return torch.stack([c + torch.zeros_like(v) for c in counts], 1), average


def gradients(counts, average, blocks):
    rng = torch.Generator().manual_seed(0)
    weights = torch.randn(counts.shape, generator=rng, dtype=torch.float64)
    loss = (counts * weights).sum() + average.square().sum()
    return torch.autograd.grad(loss, list(blocks.values()))


def check(name, truncate=None, slope=None, compiled=False):
    made = circuit()
    blocks, inputs, initial, request = case(made)
    options = Differentiation(
        surrogate=name, surrogate_slope=slope, truncate_steps=truncate, compiled=compiled
    )
    found = run_differentiable(made, blocks, inputs, initial, request, options)
    k = slope or SURROGATES[name]
    counts, average = by_hand(blocks, inputs, initial, name, k, truncate)
    torch.testing.assert_close(found.spike_count[0], counts)
    assert counts.sum() > 20
    torch.testing.assert_close(found.average["v"][0], average)
    own = gradients(found.spike_count[0], found.average["v"][0], blocks)
    for a, b in zip(own, gradients(counts, average, blocks), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-9 * float(b.abs().max()))
    return own


@pytest.mark.parametrize("name", SURROGATES)
def test_gradients_through_resets_and_delays_are_those_of_a_loop(name):
    check(name)


def test_the_slope_counts():
    steep, flat = check("fast-sigmoid", slope=25.0), check("fast-sigmoid", slope=2.0)
    assert not torch.allclose(steep[0], flat[0], rtol=0.1)


@pytest.mark.parametrize("truncate", [2, 7, 50])
def test_truncated_gradients_are_those_of_a_loop(truncate):
    check("fast-sigmoid", truncate)


@pytest.mark.slow
def test_compiled_gradients_are_those_of_a_loop():
    check("fast-sigmoid", compiled=True)
    check("fast-sigmoid", truncate=7, compiled=True)


def test_what_only_some_spikes_do_has_their_gradients():
    """A condition of several parts: its spikes' derivative is that of a product of steps."""
    made = circuit(threshold="v > 1 and not v < 0.5 and t > 1*ms")
    blocks, inputs, initial, request = case(made)
    found = run_differentiable(made, blocks, inputs, initial, request, Differentiation())
    assert found.spike_count.sum() > 20
    (gradient,) = torch.autograd.grad(found.spike_count.sum(), [blocks["neurons.bias"]])
    assert gradient.isfinite().all() and gradient.abs().min() > 0


def test_a_threshold_without_comparison_has_no_surrogate():
    made = circuit(threshold="sin(v)**2 == 1 or int(t/(0.1*ms)) % 20 == 0", reset="v = 0")
    blocks, inputs, initial, request = case(made)
    with pytest.raises(UnsupportedModel, match="compares states"):
        run_differentiable(made, blocks, inputs, initial, request, Differentiation())
    none = Differentiation(surrogate="none")
    found = run_differentiable(made, blocks, inputs, initial, request, none)
    assert found.spike_count.sum() == N_TRIALS * N * N_STEPS / 20


def test_neurons_on_their_threshold_have_no_scale():
    made = circuit(threshold="v > 0")
    made.neurons.bias = 0
    blocks, inputs, initial, request = case(made)
    with pytest.raises(InvalidInput, match="set their states elsewhere"):
        run_differentiable(made, blocks, inputs, initial, request, Differentiation())


@pytest.mark.parametrize(
    ("on_pre", "told"),
    [
        ("v_post = weight", "order in which spikes arrive"),
        ("v_post += weight*(2 - v_post)", "order of spikes"),
    ],
)
def test_what_depends_on_the_order_of_spikes_is_refused(on_pre, told):
    made = circuit(on_pre=on_pre)
    blocks, inputs, initial, request = case(made)
    with pytest.raises(UnsupportedModel, match=told):
        run_differentiable(made, blocks, inputs, initial, request, Differentiation())
