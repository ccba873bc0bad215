"""Network builders from equation strings, one file per neuron model."""

from .adex import adex, adex_neurons
from .excitation_inhibition import excitation_inhibition
from .hodgkin_huxley import hodgkin_huxley, hodgkin_huxley_neurons
from .izhikevich import izhikevich, izhikevich_neurons
from .leaky_integrate_and_fire import leaky_integrate_and_fire, leaky_integrate_and_fire_neurons
from .morris_lecar import PARAMETER_SETS, morris_lecar, morris_lecar_neurons
from .morris_lecar_conductance import morris_lecar_conductance, morris_lecar_conductance_neurons
from .quadratic_integrate_and_fire import (
    quadratic_integrate_and_fire,
    quadratic_integrate_and_fire_neurons,
    theta_neurons,
)
from .rate import rate, rate_units
from .wang_buzsaki import wang_buzsaki, wang_buzsaki_neurons

MODELS = {
    "adex": adex,
    "hodgkin-huxley": hodgkin_huxley,
    "izhikevich": izhikevich,
    "leaky-integrate-and-fire": leaky_integrate_and_fire,
    "morris-lecar": morris_lecar,
    "morris-lecar-conductance": morris_lecar_conductance,
    "quadratic-integrate-and-fire": quadratic_integrate_and_fire,
    "rate": rate,
    "wang-buzsaki": wang_buzsaki,
}

__all__ = [
    "MODELS",
    "PARAMETER_SETS",
    "adex",
    "adex_neurons",
    "excitation_inhibition",
    "hodgkin_huxley",
    "hodgkin_huxley_neurons",
    "izhikevich",
    "izhikevich_neurons",
    "leaky_integrate_and_fire",
    "leaky_integrate_and_fire_neurons",
    "morris_lecar",
    "morris_lecar_conductance",
    "morris_lecar_conductance_neurons",
    "morris_lecar_neurons",
    "quadratic_integrate_and_fire",
    "quadratic_integrate_and_fire_neurons",
    "rate",
    "rate_units",
    "theta_neurons",
    "wang_buzsaki",
    "wang_buzsaki_neurons",
]
