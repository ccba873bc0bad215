"""Whether circuit, task and loss fit together; found out before anything is written."""

from typing import Any

import numpy as np

from neurotrain.errors import InvalidInput, NeurotrainError, describe
from neurotrain.losses import Loss
from neurotrain.seeding import generator
from neurotrain.task import Task
from neurotrain.training.evaluation import score
from neurotrain.training.settings import Settings
from neurotrain.trials import Trials

# Kinds of readouts that give a value in each bin of a trial instead of choices.
OF_TRAJECTORIES = ("trajectory", "spike-train")


def check_fit(circuit: Any, task: Task, loss: Loss, seed: int) -> Trials:
    """Return one trial of `task`, after checking that circuit and loss can use it.

    Raises
    ------
    InvalidInput
        On the first mismatch, with the remedy.
    """
    if task.channels != circuit.channels:
        raise InvalidInput(
            f"Task '{task.name}' has {task.channels} input channels, the circuit has "
            f"{circuit.channels}; make the circuit with channels={task.channels}."
        )
    _check_readout(circuit.readout, task)
    kind = getattr(loss, "readout", None)
    if kind is not None and kind != circuit.readout.kind:
        raise InvalidInput(
            f"Loss '{loss.name}' needs a {kind} readout, the circuit has a "
            f"{circuit.readout.kind} one; give the circuit another readout, or choose another loss."
        )
    # Generations count from 1: this trial is not one of the training's.
    trials = task.draw(1, generator(seed, "training-trials", 0))
    _check_steps(circuit, task, trials)
    return trials


def check_loss_suits(loss: Loss, task: Task) -> None:
    """Check that the loss is one of choices or of trajectories, as the task is.

    Raises
    ------
    InvalidInput
        If it is not, with losses that are.
    """
    kind = getattr(loss, "readout", None)
    if kind in OF_TRAJECTORIES and task.classes:
        raise InvalidInput(
            f"Loss '{loss.name}' is one of trajectories, but task '{task.name}' asks for a choice "
            f"among {task.classes} classes; take a loss of choices, such as 'cross-entropy'."
        )
    if kind is not None and kind not in OF_TRAJECTORIES and not task.classes:
        raise InvalidInput(
            f"Loss '{loss.name}' is one of choices, but task '{task.name}' has targets and no "
            "classes; take a loss of trajectories, such as 'trajectory-error'."
        )


def _check_readout(readout: Any, task: Task) -> None:
    if task.classes:
        what, wanted, given = "classes", task.classes, readout.classes
    else:
        what, wanted, given = "outputs", task.outputs, readout.outputs
    if wanted != given:
        raise InvalidInput(
            f"Task '{task.name}' has {wanted} {what}, the circuit's readout {given}; "
            f"make the readout with {wanted}."
        )


def _check_steps(circuit: Any, task: Task, trials: Trials) -> None:
    steps = trials.bin_ms / circuit.dt_ms
    if round(steps) < 1 or abs(steps - round(steps)) > 1e-6 * steps:
        raise InvalidInput(
            f"Bins of task '{task.name}' last {trials.bin_ms:g} ms, which is no multiple of the "
            f"circuit's time step of {circuit.dt_ms:g} ms; change bin_ms of the task or dt."
        )


def check_probe(
    circuit: Any, task: Task, loss: Loss, settings: Settings, weights: np.ndarray, trials: Trials
) -> None:
    """Simulate one candidate on one trial, so that what cannot work fails at once.

    Raises
    ------
    NeurotrainError
        If the circuit cannot be simulated, or the recording does not suit task and loss.
    """
    state = circuit.draw_initial_state(1, generator(settings.seed, "training-state", 0))
    how = {"execution": settings.execution, "threads": settings.threads}
    try:
        recording = circuit.simulate(weights[None], trials, state, **how)
        score(circuit, task, loss, recording, trials)
    except NeurotrainError:
        raise
    except Exception as error:
        # Brian2 finds some mistakes in equations only now: units, unknown names.
        raise InvalidInput(f"The circuit cannot be simulated: {describe(error)}") from error
