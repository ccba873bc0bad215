"""PyTorch as one would use it for this: a compiled function of one input bin, called in a loop.

Candidates and trials are axes of the same arrays, the coupling is a batched matrix product, and
no gradient is kept.
"""

from pathlib import Path
from typing import Any

import numpy as np

from neurotrain.benchmarks.array_step import (
    State,
    advance,
    arrays_of,
    synaptic_current,
)
from neurotrain.benchmarks.cases import STEPS_PER_INPUT, Case
from neurotrain.benchmarks.outcome import Outcome, Seconds, peak_memory_mb, stopwatch
from neurotrain.benchmarks.values import Values
from neurotrain.benchmarks.variants import Variant


class Torch:
    """The compiled function of a case; states are (candidate, trial, neuron)."""

    note = "torch.compile of the steps of one input bin, a loop over bins in Python"
    peak_memory_mb = staticmethod(peak_memory_mb)

    def __init__(self, case: Case, variant: Variant, values: Values) -> None:
        import torch

        torch.set_num_threads(variant.threads)
        self.case = case
        self.share = (case.candidates, case.trials)
        self.constants = values.constants
        self.columns = {name: values.columns(name) for name in values.couplings}
        arrays = arrays_of(values, variant.precision)
        for name in self.columns:
            arrays[name] = np.ascontiguousarray(arrays[name].swapaxes(1, 2))
        self.arrays = {name: torch.from_numpy(array) for name, array in arrays.items()}
        self.advance_bin = torch.compile(self._advance_bin, fullgraph=True, dynamic=False)

    def compare(self) -> Outcome:
        """Simulate the compared steps."""
        final = self._simulate(self.case.compared_steps)
        return Outcome(final.v.numpy() * 1e3, final.spike_count.numpy())

    def run(self) -> Seconds:
        """Simulate all steps."""
        with stopwatch() as seconds:
            self._simulate(self.case.steps)
        return seconds

    def _advance_bin(self, state: State, applied: Any, weights: dict[str, Any]) -> State:
        import torch

        def product(name: str, activity: Any) -> Any:
            return torch.bmm(activity[..., self.columns[name]], weights[name])

        for _ in range(STEPS_PER_INPUT):
            incoming = synaptic_current(torch, self.constants, state.v, product)
            state = advance(torch, self.constants, state, applied, incoming)
        return state

    def _simulate(self, steps: int) -> State:
        import torch

        c, arrays = self.constants, self.arrays
        weights = {name: arrays[name] for name in self.columns}
        v, w = (arrays[name].expand(self.case.candidates, -1, -1).contiguous() for name in "vw")
        state = State(v, w, torch.ones_like(v, dtype=bool), torch.zeros_like(v, dtype=torch.int32))
        with torch.inference_mode():
            inputs = arrays["inputs"][:, : steps // STEPS_PER_INPUT]
            driven = torch.einsum("pnk,btk->tpbn", arrays["input_weight"], inputs)
            for stimulus in driven:
                applied = c["I_0"] + c["I_scale"] * (arrays["bias"][:, None] + stimulus)
                state = self.advance_bin(state, applied, weights)
        return state


def prepare(case: Case, variant: Variant, values: Values, folder: Path) -> Torch:
    """Return the function of a case, which the first run compiles."""
    return Torch(case, variant, values)
