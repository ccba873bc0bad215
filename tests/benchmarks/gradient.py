"""The gradient through the engine's PyTorch execution, and what all gradients of a case share.

The loss is the voltage, averaged over neurons, trials and the last input bin, in mV; it is
differentiated by recurrent weights, input weights and biases. What is compared is the gradient by
the biases, whose other variants compute it from the same values.
"""

from pathlib import Path
from typing import Any

import numpy as np
from brian2 import prefs

from neurotrain.benchmarks.cases import STEPS_PER_INPUT, Case
from neurotrain.benchmarks.fused import build_circuit, join_candidates
from neurotrain.benchmarks.outcome import Outcome, Seconds, peak_memory_mb, stopwatch
from neurotrain.benchmarks.values import Values
from neurotrain.benchmarks.variants import Variant
from neurotrain.executions.base import Request

MILLIVOLT = 1e-3


class Gradient:
    """The circuit of a case, its loss, and the gradient of all of its trained parameters."""

    peak_memory_mb = staticmethod(peak_memory_mb)

    def __init__(self, case: Case, variant: Variant, values: Values) -> None:
        import torch

        from neurotrain.executions.torch.options import Differentiation

        torch.set_num_threads(variant.threads)
        self.case, self.torch = case, torch
        self.share = (case.candidates, case.trials)
        self.circuit = build_circuit(case, values)
        self.inputs = values["inputs"]
        rng = np.random.default_rng(1)
        self.state = self.circuit.draw_initial_state(case.trials, rng) | values.initial
        blocks = self.circuit.parameters.split(join_candidates(self.circuit, values))
        self.blocks = {name: torch.tensor(block) for name, block in blocks.items()}
        compiled = "compiled" in variant.name
        self.note = "compiled steps" if compiled else ""
        self.options = Differentiation(
            surrogate="none",
            precision=variant.precision,
            # All variants keep every state.
            checkpoint_steps=None if compiled else case.steps,
            compiled=compiled,
        )

    def compare(self) -> Outcome:
        """Differentiate the compared steps."""
        return gradient_outcome(self._gradient(self.case.compared_steps)["neurons.bias"].numpy())

    def run(self) -> Seconds:
        """Differentiate all steps."""
        with stopwatch() as seconds:
            self._gradient(self.case.steps)
        return seconds

    def _gradient(self, steps: int) -> dict[str, Any]:
        from neurotrain.executions.torch.execution import run_differentiable

        request = Request(
            dt=self.circuit.dt_ms * 1e-3,
            n_steps=steps,
            steps_per_input=STEPS_PER_INPUT,
            bin_stops=(steps,),
            observed=("v",),
            average=(steps - STEPS_PER_INPUT, steps),
        )
        blocks = {name: block.clone().requires_grad_() for name, block in self.blocks.items()}
        inputs = self.inputs[:, : steps // STEPS_PER_INPUT]
        activity = run_differentiable(
            self.circuit, blocks, inputs, self.state, request, self.options
        )
        loss = activity.average["v"].mean(dim=(1, 2)).sum() / MILLIVOLT
        found = self.torch.autograd.grad(loss, list(blocks.values()))
        return dict(zip(blocks, found, strict=True))


def gradient_outcome(by_bias: np.ndarray) -> Outcome:
    """Return a gradient (candidate, neuron) in the place of voltages, without spikes."""
    by_bias = np.asarray(by_bias, dtype=float)[:, np.newaxis]
    return Outcome(by_bias, np.zeros(by_bias.shape, int))


def prepare(case: Case, variant: Variant, values: Values, folder: Path) -> Gradient:
    """Return the circuit of a case, ready to be differentiated."""
    prefs.codegen.target = "numpy"
    return Gradient(case, variant, values)
