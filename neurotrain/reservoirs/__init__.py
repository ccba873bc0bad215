"""Reservoirs that learn to move, from rewards or from a teacher."""

from neurotrain.reservoirs.learners import Learner, force, rmhl, supertrex
from neurotrain.reservoirs.movements import Arm, Pen, butterfly
from neurotrain.reservoirs.reservoir import Reservoir
from neurotrain.reservoirs.spiking_reservoir import SpikingReservoir
from neurotrain.reservoirs.training import ReservoirTraining, Trial, deviation

__all__ = [
    "Arm",
    "Learner",
    "Pen",
    "Reservoir",
    "ReservoirTraining",
    "SpikingReservoir",
    "Trial",
    "butterfly",
    "deviation",
    "force",
    "rmhl",
    "supertrex",
]
