"""A gradient as one would have it from JAX: jit of the gradient of a scan over time."""

import os
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


class JaxGradient:
    """The compiled gradient of a case; states are (candidate, trial, neuron)."""

    note = "jit of grad of scan"
    peak_memory_mb = staticmethod(peak_memory_mb)

    def __init__(self, case: Case, variant: Variant, values: Values) -> None:
        import jax

        jax.config.update("jax_enable_x64", variant.precision == "float64")
        self.case = case
        self.share = (case.candidates, case.trials)
        self.constants = values.constants
        arrays = {n: jax.device_put(a) for n, a in arrays_of(values, variant.precision).items()}
        self.own = {name: arrays.pop(name) for name in DIFFERENTIATED}
        self.shared = arrays
        self.function = jax.jit(jax.grad(self._loss))
        self._gradient(case.steps)

    def compare(self) -> Outcome:
        """Differentiate the compared steps."""
        return gradient_outcome(np.asarray(self._gradient(self.case.compared_steps)["bias"]))

    def run(self) -> Seconds:
        """Differentiate all steps."""
        with stopwatch() as seconds:
            self._gradient(self.case.steps)
        return seconds

    def _gradient(self, steps: int) -> dict[str, Any]:
        import jax

        inputs = self.shared["inputs"][:, : steps // STEPS_PER_INPUT]
        found = self.function(self.own, inputs, self.shared["v"], self.shared["w"])
        return jax.block_until_ready(found)

    def _loss(self, own: dict[str, Any], inputs: Any, v: Any, w: Any) -> Any:
        import jax
        import jax.numpy as jnp

        c = self.constants

        def product(_: str, activity: Any) -> Any:
            return jnp.einsum("pij,pbj->pbi", own["recurrent"], activity)

        def bin_of_steps(state: State, channels: Any) -> tuple[State, Any]:
            stimulus = jnp.einsum("pnk,bk->pbn", own["input_weight"], channels)
            applied = c["I_0"] + c["I_scale"] * (own["bias"][:, None] + stimulus)

            def step(state: State, _: None) -> tuple[State, Any]:
                incoming = synaptic_current(jnp, c, state.v, product)
                return advance(jnp, c, state, applied, incoming), state.v

            state, voltages = jax.lax.scan(step, state, length=STEPS_PER_INPUT)
            return state, voltages.mean(axis=0)

        v, w = (jnp.broadcast_to(one, (self.case.candidates, *one.shape)) for one in (v, w))
        start = State(v, w, jnp.ones(v.shape, bool), jnp.zeros(v.shape, jnp.int32))
        _, averages = jax.lax.scan(bin_of_steps, start, inputs.swapaxes(0, 1))
        return averages[-1].mean(axis=(1, 2)).sum() / MILLIVOLT


def prepare(case: Case, variant: Variant, values: Values, folder: Path) -> JaxGradient:
    """Return the compiled gradient of a case."""
    # Imported later, JAX takes as many threads as it finds processors.
    processors = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, processors[: variant.threads])
    return JaxGradient(case, variant, values)
