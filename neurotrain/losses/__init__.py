"""What training makes small: losses of a recording, smooth or discrete."""

from neurotrain.losses.base import Loss
from neurotrain.losses.by_name import LOSSES, is_built_in, make_loss, settings_of
from neurotrain.losses.checks import check_loss, depends_on_spikes_only
from neurotrain.losses.choices import CrossEntropy, ZeroOne
from neurotrain.losses.first_spikes import FirstSpikeLatency, FirstSpikeOrder
from neurotrain.losses.functions import FunctionLoss, as_loss
from neurotrain.losses.penalties import DepolarizationBlock, RateBand, Silence
from neurotrain.losses.spike_counts import SpikeCountCrossEntropy, SpikeCountMargin
from neurotrain.losses.spike_trains import RateMatching, VanRossum, VictorPurpura
from neurotrain.losses.sums import WeightedSum
from neurotrain.losses.trajectories import TrajectoryError

__all__ = [
    "LOSSES",
    "CrossEntropy",
    "DepolarizationBlock",
    "FirstSpikeLatency",
    "FirstSpikeOrder",
    "FunctionLoss",
    "Loss",
    "RateBand",
    "RateMatching",
    "Silence",
    "SpikeCountCrossEntropy",
    "SpikeCountMargin",
    "TrajectoryError",
    "VanRossum",
    "VictorPurpura",
    "WeightedSum",
    "ZeroOne",
    "as_loss",
    "check_loss",
    "depends_on_spikes_only",
    "is_built_in",
    "make_loss",
    "settings_of",
]
