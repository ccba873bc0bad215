"""The plan of a run that takes a moment, and what its generations come to."""

import numpy as np

from neurotrain.training.learning import Learning
from neurotrain.training.plan import make_plan
from neurotrain.training.settings import Settings
from neurotrain.training.training_state import TrainingState

POPULATION = 14
NUMBERS = {
    "generations": 3,
    "trials": 4,
    "validation_trials": 4,
    "validation_every": 10,
    "test_trials": 4,
    "checkpoint_every": 10,
    "seed": 0,
    "execution": "fused",
}


def plan_of(optimizer="openai-es", model="leaky-integrate-and-fire", **given):
    """Return the plan of a small run, with other settings, options, guide or gradient."""
    options = {"model_options": {}, "task_options": {}, "loss_options": {}}
    options["optimizer_options"] = {"population_size": POPULATION}
    if model == "leaky-integrate-and-fire":
        options["model_options"] = {"neurons": 6}
    tables = {name: {**options[name], **given.pop(name, {})} for name in options}
    beside = {name: given.pop(name, None) for name in ("guide", "gradient")}
    made = Settings(**{**NUMBERS, **given})
    return make_plan(model, "stimulus-integration", None, optimizer, made, **tables, **beside)


def learned(plan, workers=None, generations=3):
    """Return metrics, last guess and simulations of some generations."""
    state = TrainingState(plan.make_optimizer())
    learning = Learning(plan, state, workers)
    metrics = [learning.learn(k + 1) for k in range(generations)]
    return metrics, np.array(state.optimizer.guess).tobytes(), state.trial_simulations
