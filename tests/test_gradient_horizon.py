"""Norms of gradients by block and duration, against systems that are solved by hand."""

import numpy as np
import pytest
from brian2 import NeuronGroup, ms

import neurotrain as nt
from neurotrain.errors import InvalidInput
from neurotrain.gradients.horizon import GradientHorizon, block_norms, gradient_horizon
from neurotrain.losses import TrajectoryError
from neurotrain.parameters.space import Block, ParameterSpace
from neurotrain.trials import Trials


def space():
    return ParameterSpace(
        (Block("a.x", (2, 2), np.zeros((2, 2)), 1.0), Block("b.x", (3,), np.zeros(3), 1.0))
    )


def test_norms_of_blocks():
    gradients = np.arange(14.0).reshape(2, 7)
    norms = block_norms(space(), gradients)
    assert norms["a.x"] == pytest.approx(np.linalg.norm(gradients[:, :4], axis=1))
    assert norms["b.x"] == pytest.approx(np.linalg.norm(gradients[:, 4:], axis=1))


def test_norms_neither_overflow_nor_hide_what_is_not_finite():
    gradients = np.full((3, 7), 1e250)
    gradients[1, 0], gradients[2] = np.nan, 0
    norms = block_norms(space(), gradients)
    assert norms["a.x"] == pytest.approx([2e250, np.nan, 0], nan_ok=True)
    assert norms["b.x"] == pytest.approx([3**0.5 * 1e250, 3**0.5 * 1e250, 0])


def test_growth_is_the_slope_of_the_logarithm():
    durations = np.array([100.0, 250.0, 1000.0])
    norms = np.stack([3 * np.exp(8e-3 * durations), 5 * np.exp(-1e-3 * durations)], axis=1)
    broken = norms.copy()
    broken[1, 0], broken[2, 1] = np.inf, 0
    found = GradientHorizon(durations, norms, {"w": norms, "broken": broken}).growth
    assert found["w"] == pytest.approx([8, -1])
    assert np.isnan(found["broken"]).all()


def trials_of(bins):
    targets = np.zeros((1, bins, 1))
    mask = np.zeros((1, bins), bool)
    mask[0, -1] = True
    return Trials(
        np.zeros((1, bins, 0)), 1.0, None, {"decision": (0.0, bins)}, targets=targets, mask=mask
    )


def test_one_unstable_unit():
    """The error x^2 after n steps has the gradient 2 x dx/dr with x = x_0 (1 + r dt)^n."""
    pytest.importorskip("torch")
    group = NeuronGroup(1, "dx/dt = r*x/ms : 1\nr : 1", method="euler", dt=0.5 * ms)
    group.x = 0.3
    circuit = nt.Circuit(
        group, readout=nt.TrajectoryReadout("x", 1), train=["neurons.r"], namespace={}
    )
    growth = np.array([[0.02], [-0.02], [0.1]])
    candidates = circuit.parameters.join(
        {
            "neurons.r": growth,
            "readout.weight": np.ones((3, 1, 1)),
            "readout.bias": np.zeros((3, 1)),
        }
    )
    batches = [trials_of(bins) for bins in (101, 11, 51)]
    state = {"x": np.full((1, 1), 0.3)}
    found = gradient_horizon(
        circuit, candidates, batches, state, TrajectoryError(), blocks=["neurons.r"]
    )
    assert found.duration_ms.tolist() == [11, 51, 101]
    assert found.norms.keys() == {"neurons.r"}
    # The last bin is read at its beginning.
    steps = 2 * (found.duration_ms[:, None] - 1)
    factor = 1 + 0.5 * growth[:, 0]
    x = 0.3 * factor**steps
    assert found.loss == pytest.approx(x**2)
    slope = x * steps * 0.5 / factor
    assert found.norms["neurons.r"] == pytest.approx(np.abs(2 * x * slope))


def test_one_duration_is_no_horizon():
    with pytest.raises(InvalidInput, match="two or more durations, got 5 ms, 5 ms"):
        gradient_horizon(None, None, [trials_of(5), trials_of(5)], {}, TrajectoryError())
