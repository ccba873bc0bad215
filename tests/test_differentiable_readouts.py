"""Readouts in tensors: equal to those in NumPy; those without a derivative are named."""

from dataclasses import dataclass

import numpy as np
import pytest

from neurotrain.errors import InvalidInput
from neurotrain.executions.base import Activity
from neurotrain.gradients.readouts import (
    WITHOUT_DERIVATIVE,
    merged_bins,
    read,
    require_differentiable_readout,
)
from neurotrain.readouts import READOUTS, make_readout
from neurotrain.trials import Trials

torch = pytest.importorskip("torch")

P, B, N, SIZE = 3, 4, 7, 2
TRIALS = Trials(np.zeros((B, 6, 1)), 5.0, np.zeros(B, int), {"decision": (20.0, 28.0)})
MADE = {name: make_readout(name, SIZE, "v") for name in READOUTS}
WITH = [name for name, made in MADE.items() if type(made) not in WITHOUT_DERIVATIVE]


@dataclass(frozen=True)
class Tensors:
    spike_count: torch.Tensor
    average: dict
    samples: dict


def example(readout, seed):
    rng = np.random.default_rng(seed)
    edges = readout.edges_ms(TRIALS)
    activity = Activity(
        spike_count=rng.poisson(0.7, size=(P, B, len(edges) - 1, N)),
        failed=np.zeros((P, B), bool),
        average={"v": rng.normal(size=(P, B, N))},
        samples={"v": rng.normal(size=(P, B, 6, N))},
    )
    values = {block.name: rng.normal(size=(P, *block.shape)) for block in readout.blocks(N)}
    tensors = Tensors(
        torch.tensor(activity.spike_count.astype(float)),
        {"v": torch.tensor(activity.average["v"])},
        {"v": torch.tensor(activity.samples["v"])},
    )
    return activity, tensors, edges, values


@pytest.mark.parametrize("name", WITH)
def test_it_reads_as_in_numpy(name):
    for seed in range(3):
        activity, tensors, edges, values = example(MADE[name], seed)
        expected = MADE[name].read(activity, edges, values)
        weights = {k: torch.tensor(v) for k, v in values.items()}
        got = read(MADE[name], tensors, edges, weights)
        np.testing.assert_allclose(got.numpy(), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", WITH)
def test_what_is_read_has_derivatives(name):
    _, tensors, edges, values = example(MADE[name], 0)
    weights = {k: torch.tensor(v, requires_grad=True) for k, v in values.items()}
    inner = [tensors.spike_count, tensors.average["v"], tensors.samples["v"]]
    for one in inner:
        one.requires_grad_()
    total = read(MADE[name], tensors, edges, weights).square().sum()
    given = [*weights.values(), *inner]
    gradients = torch.autograd.grad(total, given, allow_unused=True)
    assert all(one is not None and one.abs().max() > 0 for one in gradients[: len(weights)])
    assert sum(one is not None and bool(one.abs().max() > 0) for one in gradients[-3:]) == 1


def test_every_readout_has_a_derivative_or_a_reason_why_not():
    for name, readout in MADE.items():
        if name in WITH:
            require_differentiable_readout(readout)
            continue
        with pytest.raises(InvalidInput, match="evolution strategies") as refusal:
            require_differentiable_readout(readout)
        assert WITHOUT_DERIVATIVE[type(readout)] in str(refusal.value)


def test_bins_are_merged():
    counts = torch.arange(24.0).reshape(1, 1, 4, 6)
    merged = merged_bins(counts, np.array([2, 7, 9]), (2, 5, 7, 9))
    expected = torch.stack([counts[:, :, 1] + counts[:, :, 2], counts[:, :, 3]], dim=2)
    assert torch.equal(merged, expected)
