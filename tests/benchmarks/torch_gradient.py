"""A gradient as one writes it by hand in PyTorch: a loop over steps in Python, then backward."""

from pathlib import Path
from typing import Any

import numpy as np

from neurotrain.benchmarks.array_step import State, advance, arrays_of, synaptic_current
from neurotrain.benchmarks.cases import STEPS_PER_INPUT, Case
from neurotrain.benchmarks.gradient import MILLIVOLT, gradient_outcome
from neurotrain.benchmarks.outcome import Outcome, Seconds, peak_memory_mb, stopwatch
from neurotrain.benchmarks.values import Values
from neurotrain.benchmarks.variants import Variant

DIFFERENTIATED = ("recurrent", "input_weight", "bias")


class TorchGradient:
    """The loop of a case; states are (candidate, trial, neuron)."""

    note = "a loop over steps in Python"
    peak_memory_mb = staticmethod(peak_memory_mb)

    def __init__(self, case: Case, variant: Variant, values: Values) -> None:
        import torch

        torch.set_num_threads(variant.threads)
        self.case, self.torch = case, torch
        self.share = (case.candidates, case.trials)
        self.constants = values.constants
        arrays = arrays_of(values, variant.precision)
        arrays["recurrent"] = np.ascontiguousarray(arrays["recurrent"].swapaxes(1, 2))
        self.arrays = {name: torch.from_numpy(array) for name, array in arrays.items()}

    def compare(self) -> Outcome:
        """Differentiate the compared steps."""
        return gradient_outcome(self._gradient(self.case.compared_steps)["bias"].numpy())

    def run(self) -> Seconds:
        """Differentiate all steps."""
        with stopwatch() as seconds:
            self._gradient(self.case.steps)
        return seconds

    def _gradient(self, steps: int) -> dict[str, Any]:
        own = {name: self.arrays[name].clone().requires_grad_() for name in DIFFERENTIATED}
        found = self.torch.autograd.grad(self._loss(own, steps), list(own.values()))
        return dict(zip(own, found, strict=True))

    def _loss(self, own: dict[str, Any], steps: int) -> Any:
        torch, c = self.torch, self.constants
        v, w = (self.arrays[name].expand(self.case.candidates, -1, -1) for name in "vw")
        state = State(v, w, torch.ones_like(v, dtype=bool), torch.zeros_like(v, dtype=torch.int32))
        inputs = self.arrays["inputs"][:, : steps // STEPS_PER_INPUT]
        driven = torch.einsum("pnk,btk->tpbn", own["input_weight"], inputs)

        def product(_: str, activity: Any) -> Any:
            return torch.bmm(activity, own["recurrent"])

        total = 0.0
        for k, stimulus in enumerate(driven):
            applied = c["I_0"] + c["I_scale"] * (own["bias"][:, None] + stimulus)
            for _ in range(STEPS_PER_INPUT):
                # An average is over the states at the beginning of steps.
                total = total + state.v if k == len(driven) - 1 else total
                incoming = synaptic_current(torch, c, state.v, product)
                state = advance(torch, c, state, applied, incoming)
        return (total / STEPS_PER_INPUT).mean(dim=(1, 2)).sum() / MILLIVOLT


def prepare(case: Case, variant: Variant, values: Values, folder: Path) -> TorchGradient:
    """Return the loop of a case."""
    return TorchGradient(case, variant, values)
