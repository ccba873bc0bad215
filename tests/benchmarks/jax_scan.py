"""JAX as one would use it for this: jit of a scan over time, vmapped over trials and candidates."""

import os
from functools import partial
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

TRIES = 3
SHARED = ("inputs", "v", "w")


class Jax:
    """The compiled function of a case, in the faster of two forms."""

    peak_memory_mb = staticmethod(peak_memory_mb)

    def __init__(self, case: Case, variant: Variant, values: Values) -> None:
        import jax

        jax.config.update("jax_enable_x64", variant.precision == "float64")
        self.case = case
        self.share = (case.candidates, case.trials)
        arrays = arrays_of(values, variant.precision)
        self.shared = [jax.device_put(arrays.pop(name)) for name in SHARED]
        self.own = jax.device_put(arrays)
        columns = {name: values.columns(name) for name in values.couplings}
        candidate = partial(simulate, values.constants, columns)
        candidate = jax.vmap(candidate, in_axes=(None, 0, 0, 0))
        forms = {
            "vmap": jax.jit(jax.vmap(candidate, in_axes=(0, None, None, None))),
            "lax.map": jax.jit(
                lambda own, *shared: jax.lax.map(lambda one: candidate(one, *shared), own)
            ),
        }
        seconds = {name: self._try(form) for name, form in forms.items()}
        fastest = min(seconds, key=seconds.get)
        self.function = forms[fastest]
        self.note = f"{fastest} over candidates, vmap over trials"

    def compare(self) -> Outcome:
        """Simulate the compared steps."""
        final = self._call(self.function, self.case.compared_steps)
        return Outcome(np.asarray(final.v) * 1e3, np.asarray(final.spike_count))

    def run(self) -> Seconds:
        """Simulate all steps."""
        with stopwatch() as seconds:
            self._call(self.function, self.case.steps)
        return seconds

    def _try(self, form: Any) -> float:
        """Compile a form and return its CPU seconds."""
        steps = self.case.compared_steps
        self._call(form, steps)
        seconds = []
        for _ in range(TRIES):
            with stopwatch() as one:
                self._call(form, steps)
            seconds.append(one.cpu)
        return min(seconds)

    def _call(self, form: Any, steps: int) -> State:
        inputs, v, w = self.shared
        final = form(self.own, inputs[:, : steps // STEPS_PER_INPUT], v, w)
        final.v.block_until_ready()
        return final


def simulate(
    c: dict[str, float], columns: dict[str, slice], own: dict[str, Any], inputs: Any, v: Any, w: Any
) -> State:
    """Simulate one candidate on one trial: inputs (bin, channel), v and w (neuron,)."""
    import jax
    import jax.numpy as jnp

    def product(name: str, activity: Any) -> Any:
        return own[name] @ activity[columns[name]]

    def bin_of_steps(state: State, channels: Any) -> tuple[State, None]:
        applied = c["I_0"] + c["I_scale"] * (own["bias"] + own["input_weight"] @ channels)

        def step(state: State, _: None) -> tuple[State, None]:
            incoming = synaptic_current(jnp, c, state.v, product)
            return advance(jnp, c, state, applied, incoming), None

        return jax.lax.scan(step, state, length=STEPS_PER_INPUT)[0], None

    start = State(v, w, jnp.ones(v.shape, bool), jnp.zeros(v.shape, jnp.int32))
    return jax.lax.scan(bin_of_steps, start, inputs)[0]


def prepare(case: Case, variant: Variant, values: Values, folder: Path) -> Jax:
    """Return the compiled function of a case."""
    # Imported later, JAX takes as many threads as it finds processors.
    processors = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, processors[: variant.threads])
    return Jax(case, variant, values)
