"""Spiking networks trained on the principal components of a driven rate network."""

from neurotrain.rate_to_spike.brian2_network import Brian2Network
from neurotrain.rate_to_spike.brian2_neuron import Brian2Neuron
from neurotrain.rate_to_spike.delayed_match import DelayedMatch
from neurotrain.rate_to_spike.fit import fit
from neurotrain.rate_to_spike.four_sines import FourSines
from neurotrain.rate_to_spike.front import train
from neurotrain.rate_to_spike.given_currents import GivenCurrents
from neurotrain.rate_to_spike.given_signals import GivenSignals
from neurotrain.rate_to_spike.lif import LifNeuron
from neurotrain.rate_to_spike.measured import Measured, measure
from neurotrain.rate_to_spike.measures import (
    nmse,
    principal_angles,
    trial_to_trial_variability,
    variance_curve,
)
from neurotrain.rate_to_spike.neo_signals import rates_from_neo, signals_from_neo
from neurotrain.rate_to_spike.presets import Preset, find_preset, preset_names
from neurotrain.rate_to_spike.reach import Reach
from neurotrain.rate_to_spike.ready_set_go import ReadySetGo
from neurotrain.rate_to_spike.report import save_figures
from neurotrain.rate_to_spike.result import RateToSpike
from neurotrain.rate_to_spike.settings import Settings
from neurotrain.rate_to_spike.short_training import ShortTraining
from neurotrain.rate_to_spike.signals import Signals
from neurotrain.rate_to_spike.target_task import TargetTask
from neurotrain.rate_to_spike.temporal_xor import TemporalXor
from neurotrain.rate_to_spike.three_bit_memory import ThreeBitMemory
from neurotrain.rate_to_spike.trained_rates import TrainedRates
from neurotrain.spike_statistics import cv, cv2, fano_factor, spike_counts

__all__ = [
    "Brian2Network",
    "Brian2Neuron",
    "DelayedMatch",
    "FourSines",
    "GivenCurrents",
    "GivenSignals",
    "LifNeuron",
    "Measured",
    "Preset",
    "RateToSpike",
    "Reach",
    "ReadySetGo",
    "Settings",
    "ShortTraining",
    "Signals",
    "TargetTask",
    "TemporalXor",
    "ThreeBitMemory",
    "TrainedRates",
    "cv",
    "cv2",
    "fano_factor",
    "find_preset",
    "fit",
    "measure",
    "nmse",
    "preset_names",
    "principal_angles",
    "rates_from_neo",
    "save_figures",
    "signals_from_neo",
    "spike_counts",
    "train",
    "trial_to_trial_variability",
    "variance_curve",
]
