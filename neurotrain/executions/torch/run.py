"""A whole run: stretches of steps, put together."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from neurotrain.errors import CompilerNotFound
from neurotrain.executions.fused.values import Span, Values
from neurotrain.executions.torch.execution import TensorActivity
from neurotrain.executions.torch.network import Network
from neurotrain.executions.torch.options import Differentiation
from neurotrain.executions.torch.steps import Outputs, Recording, Steps
from neurotrain.executions.torch.stretches import Plan, checkpointed, run_plainly
from neurotrain.executions.torch.surrogates import Surrogate
from neurotrain.lowering.program import Program, Sample


class Run:
    """A program on values for some time.

    Parameters
    ----------
    program : Program
    values : Values
        Trained arrays may be tensors.
    span : Span
    options : Differentiation
    """

    def __init__(
        self, program: Program, values: Values, span: Span, options: Differentiation
    ) -> None:
        dtype = {"float32": torch.float32, "float64": torch.float64}[options.precision]
        self.program, self.values, self.span, self.options = program, values, span, options
        self.network = Network(program, values, dtype, options.surrogate != "none")
        samples = [o for o in program.operations if isinstance(o, Sample)]
        names = samples[0].values if samples else ()
        self.steps_per_tick = values.clocks[samples[0].clock].every if samples else 1
        every = values.chosen[0].every * self.steps_per_tick if samples else 0
        self.recording = Recording(span, names, every)
        self.spike = Surrogate(options)
        self.steps = Steps(self.network, self.recording, self.spike)

    def measure_scales(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Find the natural scales of thresholds from one trial that begins with these arrays."""
        if self.options.surrogate == "none":
            return
        values = replace(self.values, arrays=arrays, inputs=self.values.inputs[:1] * 0)
        network = Network(self.program, values, self.network.dtype, True)
        steps = Steps(network, self.recording, self.spike.measure)
        ticks = max(clock.offset + 1 for clock in values.clocks)
        with torch.no_grad():
            fixed = steps.fixed(range(ticks))
            steps.run(network.begin(), fixed, network.input_weights, range(ticks))

    def activity(self, n_candidates: int, n_neurons: int) -> TensorActivity:
        """Simulate, and return all that was recorded."""
        shape = (n_candidates, len(self.values.inputs))
        carry, parts = self.network.begin(), []
        kernel = self._kernel(shape)
        if kernel:
            prepare = self.network.variant(*self.steps.whole).prepare
            fixed = {self.steps.whole: prepare(self.network.given)}
        else:
            fixed = self.steps.fixed(range(self.span.n_steps))
        each = kernel.bytes_each() if kernel else self.steps.bytes_each(shape[0] * shape[1])
        plan = Plan.of(self.steps, self.options, each)
        if kernel:
            run = partial(kernel.run, keeps=not plan.is_checkpointed)
        else:
            run = partial(checkpointed if plan.is_checkpointed else run_plainly, self.steps)
        for steps in plan.stretches:
            if plan.is_cut(steps.start):
                carry = carry.detached()
            carry, outputs = run(carry, fixed, self.network.input_weights, steps)
            parts.append(outputs)
        failed = torch.stack([part.failed.expand(shape) for part in parts]).any(0)
        return TensorActivity(
            spike_count=self._counts(parts, shape, n_neurons),
            failed=failed,
            average=self._averages(parts, shape, n_neurons),
            samples=self._samples(parts, shape, n_neurons),
        )

    def _kernel(self, shape: tuple[int, int]) -> Any:
        """Return compiled steps if they are wanted and possible."""
        if not self.options.compiled:
            return None
        from neurotrain.executions.torch.kernel import Kernel

        try:
            return Kernel.of(self.steps, self.options, self.spike.scales, shape)
        except CompilerNotFound:
            return None

    def _counts(self, parts: list[Outputs], shape: tuple[int, int], n: int) -> Tensor:
        total = Outputs()
        for part in parts:
            for bin_, count in part.counts.items():
                total.add(total.counts, bin_, count)
        silent = torch.zeros((1, 1, n), dtype=self.network.dtype)
        bins = [total.counts.get(k, silent) for k in range(len(self.span.bin_stops))]
        return torch.stack([one.expand(*shape, n) for one in bins], 2)

    def _averages(self, parts: list[Outputs], shape: tuple[int, int], n: int) -> dict[str, Tensor]:
        total = Outputs()
        for part in parts:
            for name, value in part.totals.items():
                total.add(total.totals, name, value)
        start, stop = self.span.average
        ticks = max(1, (stop - start) // self.steps_per_tick)
        empty = torch.zeros((1, 1, n), dtype=self.network.dtype)
        found = {name: total.totals.get(name, empty) / ticks for name in self.recording.names}
        return {name: value.expand(*shape, n) for name, value in found.items()}

    def _samples(self, parts: list[Outputs], shape: tuple[int, int], n: int) -> dict[str, Tensor]:
        found: dict[str, list[Tensor]] = {name: [] for name in self.recording.names}
        for part in parts:
            for (name, _), value in part.samples.items():
                found[name].append(value.expand(*shape, n))
        empty = torch.zeros((*shape, 0, n), dtype=self.network.dtype)
        return {name: torch.stack(ones, 2) if ones else empty for name, ones in found.items()}
