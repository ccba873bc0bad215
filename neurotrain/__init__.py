"""Train networks of detailed neurons, written in Brian2, with evolution strategies."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from neurotrain import _checkout

if TYPE_CHECKING:
    from neurotrain import (
        analysis,
        export,
        gradients,
        learning_rules,
        losses,
        models,
        neural_ode,
        optimizers,
        plots,
        rate_to_spike,
        reservoirs,
        tasks,
    )
    from neurotrain.adapters.neo import from_neo
    from neurotrain.adapters.neurogym import from_neurogym
    from neurotrain.adapters.psychrnn import from_psychrnn
    from neurotrain.circuit import Blocked, Circuit
    from neurotrain.distributions import Normal, Uniform
    from neurotrain.drawn import Between
    from neurotrain.encoders import Current, PoissonSpikes, PopulationCode
    from neurotrain.errors import InvalidInput, NeurotrainError, UnsupportedModel
    from neurotrain.initialization import InitialRate, initialize_at_rate
    from neurotrain.inputs import Input
    from neurotrain.losses import check_loss, depends_on_spikes_only
    from neurotrain.optimizers.base import check_optimizer
    from neurotrain.parameters.encodings import LowRank, RandomSubspace
    from neurotrain.parameters.parameter import Parameter
    from neurotrain.parameters.transforms import Bounded, Exponential, Softplus
    from neurotrain.rate_start import RateStart, start_from_rates
    from neurotrain.readouts import (
        FirstSpikeReadout,
        GradedReadout,
        RateReadout,
        RateTrajectoryReadout,
        SpikeCountReadout,
        SpikeTrainReadout,
        TrajectoryReadout,
        make_readout,
    )
    from neurotrain.recording import Recording
    from neurotrain.scoring import score_choices, score_trajectories, sign_is_right
    from neurotrain.signal_tasks import ChoiceTask, TrajectoryTask
    from neurotrain.task import Task, check_task
    from neurotrain.timeline import Timeline
    from neurotrain.training.curriculum import Curriculum
    from neurotrain.training.result import Result
    from neurotrain.training.sweep import sweep
    from neurotrain.training.trainer import resume, train
    from neurotrain.trials import Trials

__version__ = "0.1.0"

__all__ = [
    "Between",
    "Blocked",
    "Bounded",
    "ChoiceTask",
    "Circuit",
    "Current",
    "Curriculum",
    "Exponential",
    "FirstSpikeReadout",
    "GradedReadout",
    "InitialRate",
    "Input",
    "InvalidInput",
    "LowRank",
    "NeurotrainError",
    "Normal",
    "Parameter",
    "PoissonSpikes",
    "PopulationCode",
    "RandomSubspace",
    "RateReadout",
    "RateStart",
    "RateTrajectoryReadout",
    "Recording",
    "Result",
    "Softplus",
    "SpikeCountReadout",
    "SpikeTrainReadout",
    "Task",
    "Timeline",
    "TrajectoryReadout",
    "TrajectoryTask",
    "Trials",
    "Uniform",
    "UnsupportedModel",
    "analysis",
    "check_loss",
    "check_optimizer",
    "check_task",
    "depends_on_spikes_only",
    "export",
    "from_neo",
    "from_neurogym",
    "from_psychrnn",
    "gradients",
    "initialize_at_rate",
    "learning_rules",
    "losses",
    "make_readout",
    "models",
    "neural_ode",
    "optimizers",
    "plots",
    "rate_to_spike",
    "reservoirs",
    "resume",
    "score_choices",
    "score_trajectories",
    "sign_is_right",
    "start_from_rates",
    "sweep",
    "tasks",
    "train",
]

# Importing Brian2 takes most of a second, so a name is imported when it is first used.
_HOME = {
    "Between": "neurotrain.drawn",
    "Blocked": "neurotrain.circuit",
    "Bounded": "neurotrain.parameters.transforms",
    "ChoiceTask": "neurotrain.signal_tasks",
    "Circuit": "neurotrain.circuit",
    "Current": "neurotrain.encoders",
    "Curriculum": "neurotrain.training.curriculum",
    "Exponential": "neurotrain.parameters.transforms",
    "FirstSpikeReadout": "neurotrain.readouts",
    "GradedReadout": "neurotrain.readouts",
    "InitialRate": "neurotrain.initialization",
    "Input": "neurotrain.inputs",
    "InvalidInput": "neurotrain.errors",
    "LowRank": "neurotrain.parameters.encodings",
    "NeurotrainError": "neurotrain.errors",
    "Normal": "neurotrain.distributions",
    "Parameter": "neurotrain.parameters.parameter",
    "PoissonSpikes": "neurotrain.encoders",
    "PopulationCode": "neurotrain.encoders",
    "RandomSubspace": "neurotrain.parameters.encodings",
    "RateReadout": "neurotrain.readouts",
    "RateStart": "neurotrain.rate_start",
    "RateTrajectoryReadout": "neurotrain.readouts",
    "Recording": "neurotrain.recording",
    "Result": "neurotrain.training.result",
    "Softplus": "neurotrain.parameters.transforms",
    "SpikeCountReadout": "neurotrain.readouts",
    "SpikeTrainReadout": "neurotrain.readouts",
    "Task": "neurotrain.task",
    "Timeline": "neurotrain.timeline",
    "TrajectoryReadout": "neurotrain.readouts",
    "TrajectoryTask": "neurotrain.signal_tasks",
    "Trials": "neurotrain.trials",
    "Uniform": "neurotrain.distributions",
    "UnsupportedModel": "neurotrain.errors",
    "check_loss": "neurotrain.losses",
    "check_optimizer": "neurotrain.optimizers.base",
    "check_task": "neurotrain.task",
    "depends_on_spikes_only": "neurotrain.losses",
    "from_neo": "neurotrain.adapters.neo",
    "from_neurogym": "neurotrain.adapters.neurogym",
    "from_psychrnn": "neurotrain.adapters.psychrnn",
    "initialize_at_rate": "neurotrain.initialization",
    "make_readout": "neurotrain.readouts",
    "resume": "neurotrain.training.trainer",
    "score_choices": "neurotrain.scoring",
    "score_trajectories": "neurotrain.scoring",
    "sign_is_right": "neurotrain.scoring",
    "start_from_rates": "neurotrain.rate_start",
    "sweep": "neurotrain.training.sweep",
    "train": "neurotrain.training.trainer",
}
_MODULES = (
    "analysis",
    "export",
    "gradients",
    "learning_rules",
    "losses",
    "models",
    "neural_ode",
    "optimizers",
    "plots",
    "rate_to_spike",
    "reservoirs",
    "tasks",
)

_checkout.install()


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    if name in _MODULES:
        return import_module(f"neurotrain.{name}")
    raise AttributeError(f"module 'neurotrain' has no attribute '{name}'")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
