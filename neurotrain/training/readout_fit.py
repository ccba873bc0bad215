"""The best linear readout of what the neurons of given weights do."""

from typing import TYPE_CHECKING

import numpy as np

from neurotrain.errors import InvalidInput, TrainingFailed, require_number, require_whole
from neurotrain.optimizers.blas import on_one_thread
from neurotrain.seeding import generator
from neurotrain.training.evaluation import record_on, require_finite
from neurotrain.training.readout_gradient import BIAS, WEIGHT

if TYPE_CHECKING:
    from neurotrain.training.plan import Plan


def fitted_readout(
    plan: "Plan", weights: np.ndarray, n_trials: int, penalty: float, seed: int
) -> np.ndarray:
    """Return (parameter,) weights whose readout makes the cross-entropy of its choices smallest.

    Parameters
    ----------
    plan : Plan
    weights : (parameter,) array
        Of which all but the readout's are kept.
    n_trials : int
        Trials to fit on, of which none is one of training, validation or test.
    penalty : float
        Times half the squared weights of inputs in units of their standard deviation, it is added
        to the mean cross-entropy.
    seed : int

    Raises
    ------
    InvalidInput
        If the circuit has no trained linear readout of classes, 'graded' or 'rate', or a number
        is out of its range.
    TrainingFailed
        If the activity became infinite or NaN on a trial, or a class had no trials.
    """
    circuit, settings = plan.circuit, plan.settings
    require_whole("n_trials", n_trials, 1)
    require_number("penalty", penalty, above=0)
    readout = getattr(circuit, "readout", None)
    if not hasattr(readout, "inputs") or not {WEIGHT, BIAS} <= set(circuit.parameters.names):
        raise InvalidInput(
            "Only a linear readout of classes can be fitted, 'graded' or 'rate', whose weights and "
            f"biases are trained; this is {type(readout).__name__}."
        )
    trials = plan.task.draw(n_trials, generator(seed, "readout-trials"))
    recording = record_on(
        circuit,
        np.asarray(weights, dtype=float)[np.newaxis],
        trials,
        generator(seed, "readout-state"),
        execution=settings.execution,
        threads=settings.threads,
    )
    require_finite(recording)
    missing = sorted(set(range(readout.classes)) - set(trials.labels.tolist()))
    if missing:
        raise TrainingFailed(
            f"Of {n_trials} trials none is of class {missing[0]}; fit the readout on more."
        )
    inputs = np.asarray(readout.inputs(recording, trials)[0], dtype=float)
    weight, bias = _logistic(inputs, trials.labels, penalty)
    return circuit.parameters.with_values(weights, {WEIGHT: weight, BIAS: bias})


@on_one_thread
def _logistic(
    inputs: np.ndarray, labels: np.ndarray, penalty: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return weights (class, neuron) and biases (class,) for inputs (trial, neuron)."""
    from sklearn.linear_model import LogisticRegression

    center, width = inputs.mean(axis=0), inputs.std(axis=0)
    # What never differs tells nothing; its weight stays 0.
    width[width == 0] = np.inf
    # For two classes it penalizes the difference of their weights, which is twice as large.
    total = penalty * len(labels) / (2 if labels.max() == 1 else 1)
    model = LogisticRegression(C=1 / total, tol=1e-6, max_iter=10_000)
    model.fit((inputs - center) / width, labels)
    weight, bias = model.coef_, model.intercept_
    if len(weight) == 1:
        weight, bias = np.concatenate([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    weight = weight / width
    return weight, bias - weight @ center
