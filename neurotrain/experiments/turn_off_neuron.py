"""The single neuron of the experiment `neuron-turn-off`, its loss, and the loss's derivative."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.distributions import Normal
from neurotrain.readouts import TrajectoryReadout
from neurotrain.seeding import generator
from neurotrain.trials import Trials

if TYPE_CHECKING:
    from neurotrain.circuit import Circuit

# The leak's reversal potential differs from neuron to neuron, hence it is a state.
EQUATIONS = """
dv/dt = (I - g_Ca*m_inf*(v - E_Ca) - g_K*w*(v - E_K) - g_L*(v - E_L))/C : volt
dw/dt = phi*cosh((v - V3)/(2*V4))*(w_inf - w) : 1
dE_L/dt = 0*volt/second : volt
m_inf = 0.5*(1 + tanh((v - V1)/V2)) : 1
w_inf = 0.5*(1 + tanh((v - V3)/V4)) : 1
I = I_scale*strength : amp/meter**2
output = 1/(1 + exp(-slope*(v - V_out))) : 1
strength : 1
"""
# At 1 uF/cm2 the membrane is so fast that a second-order method needs steps as short as this.
DT_MS = 0.1
SAMPLE_MS = 1.0
BLOCK = "neurons.strength"


class Neuron:
    """The neuron of each of several seeds, whose loss is its mean output.

    Parameters
    ----------
    capacitance : float
        In uF/cm2.
    duration_ms : float
    seeds : sequence of int
        From each follow a leak and an initial state.
    threads : int, optional
    """

    def __init__(
        self,
        capacitance: float,
        duration_ms: float,
        seeds: Sequence[int],
        threads: int | None = None,
    ) -> None:
        self.circuit = _circuit(capacitance)
        self.n_seeds, self.threads = len(seeds), threads
        bins = round(duration_ms / SAMPLE_MS)
        self.trials = Trials(
            np.zeros((len(seeds), bins, 0)),
            SAMPLE_MS,
            None,
            {"decision": (0.0, duration_ms)},
            targets=np.zeros((len(seeds), bins, 1)),
        )
        drawn = [self.circuit.draw_initial_state(1, generator(s, "test-state")) for s in seeds]
        self.state = {name: np.concatenate([one[name] for one in drawn]) for name in drawn[0]}

    def losses(self, strengths: np.ndarray, seed: int | None = None) -> np.ndarray:
        """Return the loss of strengths (candidate,) for the neuron of one seed, or of each.

        (candidate, seed)
        """
        chosen = slice(None) if seed is None else slice(seed, seed + 1)
        recording = self.circuit.simulate(
            self._candidates(strengths),
            self.trials.select(chosen),
            {name: values[chosen] for name, values in self.state.items()},
            execution="fused-float64",
            threads=self.threads,
        )
        # What failed has the largest loss there can be.
        return np.nan_to_num(recording.output.mean(axis=(2, 3)), nan=1.0)

    def own_losses(self, strengths: np.ndarray) -> np.ndarray:
        """Return the losses of strengths (..., seed), each for the neuron of its seed."""
        columns = [self.losses(strengths[..., k].ravel(), k)[:, 0] for k in range(self.n_seeds)]
        return np.stack(columns, axis=-1).reshape(strengths.shape)

    def backpropagated(self, strengths: np.ndarray) -> np.ndarray:
        """Return the derivatives of `own_losses` by backpropagation through time."""
        import torch

        from neurotrain.executions.torch.execution import run_differentiable

        rows = torch.tensor(strengths.reshape(-1, self.n_seeds).ravel(), requires_grad=True)
        activity = run_differentiable(
            self.circuit,
            {BLOCK: rows[:, None]},
            self.trials.inputs,
            self.state,
            self._request(),
            self._options(),
        )
        # Of all neurons on all candidates, those on their own.
        own = torch.arange(len(rows)), torch.arange(len(rows)) % self.n_seeds
        activity.samples["output"].mean(dim=(2, 3))[own].sum().backward()
        return rows.grad.numpy().reshape(strengths.shape)

    def _request(self) -> Any:
        from neurotrain.executions.base import Request

        steps = round(SAMPLE_MS / DT_MS)
        n_steps = self.trials.inputs.shape[1] * steps
        return Request(
            dt=DT_MS * 1e-3,
            n_steps=n_steps,
            steps_per_input=steps,
            bin_stops=(n_steps,),
            observed=("output",),
            average=(0, n_steps),
            sample_every=steps,
        )

    @staticmethod
    def _options() -> Any:
        from neurotrain.executions.torch.options import Differentiation

        return Differentiation(surrogate="none", compiled=True)

    def _candidates(self, strengths: np.ndarray) -> np.ndarray:
        blocks = {BLOCK: strengths[:, np.newaxis]}
        # The output is read as it is.
        blocks["readout.weight"] = np.ones((len(strengths), 1, 1))
        blocks["readout.bias"] = np.zeros((len(strengths), 1))
        return self.circuit.parameters.join(blocks)


def _circuit(capacitance: float) -> "Circuit":
    from brian2 import NeuronGroup, cm, ms, msiemens, mV, uA, uF

    from neurotrain.circuit import Circuit

    # Hazelden et al. (2023), the code before: their network's neuron with another leak.
    constants = {
        "C": capacitance * uF / cm**2,
        "g_Ca": 4 * msiemens / cm**2,
        "g_K": 8 * msiemens / cm**2,
        "g_L": 2 * msiemens / cm**2,
        "E_Ca": 120 * mV,
        "E_K": -84 * mV,
        "V1": -1.2 * mV,
        "V2": 18 * mV,
        "V3": 12 * mV,
        "V4": 17 * mV,
        "phi": 2 / (30 * ms),
        "I_scale": 100 * uA / cm**2,
        "V_out": 20 * mV,
        "slope": 100 / mV,
    }
    neuron = NeuronGroup(1, EQUATIONS, method="rk2", dt=DT_MS * ms, namespace=constants)
    return Circuit(
        neuron,
        readout=TrajectoryReadout("output", 1),
        train={BLOCK: np.array([0.5])},
        initial={
            "v": Normal(-40 * mV, 5 * mV),
            "w": Normal(0.5, 0.1),
            "E_L": Normal(-55 * mV, 2.5 * mV),
        },
        namespace={},
    )
