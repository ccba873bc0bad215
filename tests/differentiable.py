"""What tests of gradients share: small circuits of the models that ship, and their activity."""

import numpy as np

from neurotrain.executions.base import Request
from neurotrain.models import MODELS

N_TRIALS = 3


def small(name, n_candidates=1, n_steps=50, neurons=5, every=5, **request):
    """Return a circuit, its blocks as tensors, inputs, an initial state and a request."""
    import torch

    circuit = MODELS[name](neurons, channels=2)
    rng = np.random.default_rng(0)
    drawn = np.array([circuit.parameters.draw(rng) for _ in range(n_candidates)])
    blocks = {
        key: torch.tensor(value).requires_grad_()
        for key, value in circuit.parameters.split(drawn).items()
    }
    initial = circuit.draw_initial_state(N_TRIALS, rng)
    inputs = rng.normal(size=(N_TRIALS, -(-n_steps // every), 2))
    observed = ("x" if "x" in circuit.states else "v", *circuit.observed)
    defaults = {
        "dt": circuit.dt_ms * 1e-3, "n_steps": n_steps, "steps_per_input": every,
        "bin_stops": (n_steps // 3, n_steps - 3), "observed": tuple(dict.fromkeys(observed)),
        "average": (n_steps // 4, n_steps // 2), "sample_every": 7,
    }  # fmt: skip
    return circuit, blocks, inputs, initial, Request(**(defaults | request))


def loss_of(activity, with_counts=False):
    """Return a sum of all that is graded, with weights that are all different."""
    import torch

    graded = [*activity.average.values(), *activity.samples.values()]
    counts = [activity.spike_count] if with_counts else []
    total = 0.0
    for one in (*graded, *counts):
        rng = torch.Generator().manual_seed(one.ndim)
        weights = torch.randn(one.shape, generator=rng, dtype=torch.float64)
        total = total + (one * weights.to(one.dtype)).sum()
    return total
