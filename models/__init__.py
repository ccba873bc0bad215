"""Network builders from equation strings, one file per neuron model."""

from .morris_lecar import PARAMETER_SETS, morris_lecar, morris_lecar_neurons

MODELS = {"morris-lecar": morris_lecar}

__all__ = ["MODELS", "PARAMETER_SETS", "morris_lecar", "morris_lecar_neurons"]
