"""One call of compiled steps: what is to be done in each of them, and with which tensors."""

import ctypes
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from neurotrain.executions.torch.kernel_call import Packed, Run
from neurotrain.executions.torch.steps import tick_of

if TYPE_CHECKING:
    from neurotrain.executions.torch.kernel import Kernel


class Call:
    """One stretch of steps: what is to be done in each, and pointers to everything.

    Parameters
    ----------
    kernel : Kernel
    which : range
        The steps.
    keeps : bool
        Whether what the gradient needs is kept.
    """

    def __init__(self, kernel: "Kernel", which: range, keeps: bool) -> None:
        self.kernel, self.which, self.keeps = kernel, which, keeps
        recording = kernel.steps.recording
        span, names = recording.span, bool(recording.names)
        at = np.searchsorted(span.bin_stops, np.asarray(which), side="right")
        self.bins = sorted(set(at[at < len(span.bin_stops)].tolist()))
        # What belongs to no bin is counted behind the last one.
        self.count_bins = np.searchsorted(self.bins, at).astype(np.int64)
        every = span.steps_per_input
        self.input_bins = np.asarray(which) // every - which.start // every
        self.averaged = np.array([recording.is_averaged(s) for s in which], np.int64)
        self.sampled = [s for s in which if recording.is_sampled(s)]
        rows = {step: row for row, step in enumerate(self.sampled)}
        self.samples = np.array([rows.get(s, -1) for s in which], np.int64)
        self.clocks = self._clocks()
        n_names = len(recording.names) if names else 0
        p, b, n = *kernel.shape, kernel.sizes.padded[0]
        self.shapes = {
            "counts": (p, len(self.bins) + 1, b, n),
            "totals": (p, n_names, b, n),
            "sampled": (p, n_names, len(self.sampled), b, n),
        }

    def _clocks(self) -> np.ndarray:
        steps, (clock,) = self.kernel.steps, self.kernel.steps.network.values.clocks
        variant = steps.network.variant(*steps.whole)
        ticks = (clock.first + tick_of(clock, step) for step in self.which)
        found = [
            variant.numbers({("t", 0): tick * clock.dt, ("step", 0): float(tick)})
            for tick in ticks if variant.source.times
        ]  # fmt: skip
        return np.array(found or [[0.0]], float)

    def transposed(self, product: int, matrix: Tensor) -> Tensor:
        """Return a product's matrix with (candidate, target, source) instead."""
        sizes, one = self.kernel.sizes, self.kernel.source.products[product]
        turned = matrix[..., : sizes.elements[one.post]].transpose(1, 2)
        return sizes.matrix(turned, one.pre)

    def execute(self, name: str, tensors: Mapping[str, Any]) -> None:
        """Call a compiled function with tensors by the names of its arguments."""
        sizes, source = self.kernel.sizes, self.kernel.source
        scales = [self.kernel.scales[place] for place in source.scales]
        packed = Packed()
        run = Run(
            n_candidates=sizes.n_candidates,
            n_trials=sizes.n_trials,
            n_steps=len(self.which),
            frame=sizes.offsets(source)[-1],
            n_samples=len(self.sampled),
            k=packed.numbers([*source.numbers, self.kernel.options.slope, *scales]),
            clocks=packed.array(self.clocks),
            input_bins=packed.array(self.input_bins.astype(np.int64)),
            count_bins=packed.array(self.count_bins),
            averaged=packed.array(self.averaged),
            samples=packed.array(self.samples),
            recorded=sizes.n_trials * sizes.padded[0],
            counts_by_candidate=(len(self.bins) + 1) * sizes.n_trials * sizes.padded[0],
            sizes=packed.integers(sizes.elements),
            padded=packed.integers(sizes.padded),
            offsets=packed.integers(sizes.offsets(source)),
            **packed.tensors(tensors),
        )
        getattr(self.kernel.library, name)(ctypes.addressof(run))
