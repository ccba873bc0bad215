"""Statistics and figures of what networks do; here what is computed on plain arrays of spikes."""

from neurotrain.analysis.counts import rebin
from neurotrain.analysis.decoding import Decoding, decode
from neurotrain.analysis.principal_components import (
    PopulationTrajectories,
    population_trajectories,
)
from neurotrain.analysis.rates import firing_rates, interval_cv, interval_cv2, population_rates
from neurotrain.analysis.time_histograms import Psth, psth
from neurotrain.analysis.tuning_curves import Tuning, tuning
from neurotrain.rate_smoothing import smooth
from neurotrain.spike_statistics import fano_factor

__all__ = [
    "Decoding",
    "PopulationTrajectories",
    "Psth",
    "Tuning",
    "decode",
    "fano_factor",
    "firing_rates",
    "interval_cv",
    "interval_cv2",
    "population_rates",
    "population_trajectories",
    "psth",
    "rebin",
    "smooth",
    "tuning",
]
