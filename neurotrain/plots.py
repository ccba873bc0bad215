"""Figures, one function each, that draw on a Matplotlib Axes and return it.

Each takes plain arrays, or the metrics of runs, and draws on ``axes=``; without it on the Axes
of a new figure in the style of neurotrain, which ``axes.figure.savefig(...)`` writes. Neither
pyplot nor rcParams are touched.
"""

from neurotrain.analysis.condition_figures import psth, raster
from neurotrain.analysis.learning_curves import learning_curves
from neurotrain.analysis.performance import delay_curve
from neurotrain.analysis.principal_plane import pca_trajectories
from neurotrain.analysis.psychometric import psychometric
from neurotrain.analysis.rate_distribution import rate_distribution
from neurotrain.analysis.trainability import trainability_map
from neurotrain.analysis.voltages import voltage_traces
from neurotrain.analysis.weight_matrices import weight_matrix

__all__ = [
    "delay_curve",
    "learning_curves",
    "pca_trajectories",
    "psth",
    "psychometric",
    "raster",
    "rate_distribution",
    "trainability_map",
    "voltage_traces",
    "weight_matrix",
]
