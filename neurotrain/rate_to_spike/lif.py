"""Leaky integrate-and-fire neurons and their synapses, as published."""

from dataclasses import asdict, dataclass
from typing import Any

from neurotrain.errors import InvalidInput, require_number


@dataclass(frozen=True)
class LifNeuron:
    """What all neurons have in common; times in ms, voltages in mV.

    ``tau dV/dt = rest - V + currents``; a neuron whose voltage is above `threshold` spikes, and
    goes on from `reset`. Every spike adds 1 to the synaptic traces, which decay exponentially.
    The defaults are those of the authors' code of arXiv:1601.07620, moved so that a neuron
    without currents sits at a threshold of -55 mV.

    Parameters
    ----------
    tau_ms : float
        Membrane time constant.
    rest_mv : float
        What the voltage decays to, with all constant currents in it.
    threshold_mv, reset_mv : float
    refractory_ms : float
        From a spike to the next change of the voltage, as in Brian2.
    tau_slow_ms, tau_fast_ms : float
        Time constants of slow and of fast synapses.
    """

    tau_ms: float = 10.0
    rest_mv: float = -55.0
    threshold_mv: float = -55.0
    reset_mv: float = -65.0
    refractory_ms: float = 0.0
    tau_slow_ms: float = 100.0
    tau_fast_ms: float = 5.0

    def __post_init__(self) -> None:
        for name in ("tau_ms", "tau_slow_ms", "tau_fast_ms"):
            require_number(name, getattr(self, name), above=0)
        for name in ("rest_mv", "threshold_mv", "reset_mv"):
            require_number(name, getattr(self, name))
        require_number("refractory_ms", self.refractory_ms, least=0)
        if self.reset_mv >= self.threshold_mv:
            raise InvalidInput(
                f"reset_mv must be below threshold_mv, got {self.reset_mv:g} and "
                f"{self.threshold_mv:g}."
            )

    def described(self) -> dict[str, Any]:
        """Return what tells these neurons from others, as plain values."""
        return asdict(self)
