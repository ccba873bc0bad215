"""The network and the task of Hazelden et al. (2023), with weights as published."""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain import catalog
from neurotrain.executions.torch.options import Differentiation
from neurotrain.gradients.differentiation import loss_and_gradient
from neurotrain.gradients.horizon import block_norms
from neurotrain.gradients.lyapunov import lyapunov_exponents
from neurotrain.losses import CrossEntropy
from neurotrain.seeding import generator

if TYPE_CHECKING:
    from neurotrain.circuit import Circuit

NEURONS, WORDS, TRIALS = 128, 50, 8
# Weights are uniform within `BOUND` of these; a fifth of the recurrent ones is set to the center.
BOUND = 1 / NEURONS**0.5
INPUT_CENTER, RECURRENT_CENTER, LEFT_OUT, BIAS = 0.1, 0.001, 0.2, 0.1
STEP_MS = 0.1


@cache
def _circuit() -> "Circuit":
    """Return the one circuit, which does not depend on seeds: what is compiled, is so once."""
    from brian2 import ms

    # At ten times the gain, voltages are so far out that explicit methods fail.
    return catalog.find("models", "morris-lecar")(
        NEURONS, method="exponential_euler", dt=STEP_MS * ms
    )


class PublishedNetwork:
    """128 Morris-Lecar neurons of one seed, and trials of one duration.

    Parameters
    ----------
    duration_ms : float
        Of a trial, 50 words long.
    seed : int
        Of weights, words, trials and initial states.
    threads : int, optional
    """

    def __init__(self, duration_ms: float, seed: int, threads: int | None = None) -> None:
        self.circuit = _circuit()
        task = catalog.find("tasks", "stimulus-integration")(
            words=WORDS - 1, bin_ms=duration_ms / WORDS, seed=seed
        )
        self.seed, self.threads = seed, threads
        self.trials = task.draw(TRIALS, generator(seed, "test-trials"))
        self.state = self.circuit.draw_initial_state(TRIALS, generator(seed, "test-state"))

    def candidates(self, gains: Sequence[float]) -> np.ndarray:
        """Return the initial weights with recurrent ones multiplied, (gain, parameter)."""
        blocks = self._initial()
        recurrent = blocks.pop("recurrent.weight")
        same = {
            name: np.repeat(values[np.newaxis], len(gains), 0) for name, values in blocks.items()
        }
        scaled = np.multiply.outer(np.asarray(gains, dtype=float), recurrent)
        return self.circuit.parameters.join(same | {"recurrent.weight": scaled})

    def gradient_norms(self, candidates: np.ndarray) -> dict[str, np.ndarray]:
        """Return the norms of the gradient of the cross-entropy by block, each (candidate,)."""
        _, gradients = loss_and_gradient(
            self.circuit,
            candidates,
            self.trials,
            self.state,
            CrossEntropy(),
            Differentiation(surrogate="none", compiled=True),
            threads=self.threads,
        )
        return block_norms(self.circuit.parameters, gradients)

    def lyapunov_exponent(self, candidate: np.ndarray) -> float:
        """Return the median over trials of the largest exponent in their second halves, in 1/s."""
        found = lyapunov_exponents(
            self.circuit,
            candidate,
            self.trials,
            self.state,
            generator(self.seed, "optimizer"),
            bins_per_segment=1,
            threads=self.threads,
        )
        return float(np.median(found.exponents(self.trials.duration_ms / 2)))

    def _initial(self) -> dict[str, Any]:
        rng = generator(self.seed, "initial-parameters")
        recurrent = RECURRENT_CENTER + rng.uniform(-BOUND, BOUND, NEURONS**2)
        recurrent[rng.random(NEURONS**2) < LEFT_OUT] = RECURRENT_CENTER
        channels, classes = self.trials.n_channels, self.circuit.readout.classes
        return {
            "recurrent.weight": recurrent,
            "input.weight": INPUT_CENTER + rng.uniform(-BOUND, BOUND, (NEURONS, channels)),
            "neurons.bias": np.full(NEURONS, BIAS),
            "readout.weight": INPUT_CENTER + rng.uniform(-BOUND, BOUND, (classes, NEURONS)),
            "readout.bias": np.zeros(classes),
        }
