"""What each layer of a recurrent network sees: all steps of all trials of a batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neurotrain.learning_rules.feedback import Feedback
from neurotrain.learning_rules.layer_view import LayerView
from neurotrain.learning_rules.recurrent_network import (
    INPUT,
    LAYERS,
    READOUT,
    RECURRENT,
    RecurrentNetwork,
    RecurrentWeights,
)

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Passage:
    """What networks were given in a batch of trials, what they did, and how wrong it was.

    Parameters
    ----------
    inputs : (..., trial, step, input) tensor
    activity : (..., trial, step + 1, neuron) tensor
    reading : (read, step + 1) tensor
        Weights of the steps in what is read.
    output : (..., trial, read, output) tensor
    output_error : (..., trial, read, output) tensor
        Derivative of the loss of a trial by the drive of the output.
    """

    inputs: "Tensor"
    activity: "Tensor"
    reading: "Tensor"
    output: "Tensor"
    output_error: "Tensor"


def recurrent_views(
    network: RecurrentNetwork,
    feedback: Feedback,
    weights: RecurrentWeights,
    carriers: "Sequence[Tensor] | None",
    passage: Passage,
    with_input_error: bool,
) -> list[LayerView]:
    """Return what each layer of weights sees, that of inputs, the recurrent one, the readout.

    Samples are steps of trials. What a recurrent layer sees before it is its own activity a step
    earlier.
    """
    passed = carriers or (None,) * len(LAYERS)
    slope = network.activation.slope
    before, after = _rows(passage.activity[..., :-1, :]), _rows(passage.activity[..., 1:, :])
    told = passage.reading.mT @ passage.output_error
    errors = _errors(network, feedback, weights, passed, passage, told)
    inputs, error, output_error = map(_rows, (passage.inputs, errors, passage.output_error))
    read = _rows(passage.reading @ passage.activity)
    to_readout = feedback.below(output_error, output_error, weights.readout, passed[READOUT])
    to_input = None
    if with_input_error:
        told_rows = _rows(told[..., 1:, :])
        to_input = slope(inputs) * feedback.below(error, told_rows, weights.input, passed[INPUT])
    seen = {
        INPUT: (inputs, after, error, to_input, slope(after)),
        RECURRENT: (before, after, error, _rows(_a_step_earlier(errors)), slope(after)),
        READOUT: (read, _rows(passage.output), output_error, slope(read) * to_readout, None),
    }
    return [
        LayerView(
            pre=pre,
            post=post,
            error=own_error,
            weights=weights[layer],
            pre_error=pre_error,
            feedback_weights=passed[layer],
            derivative=derivative,
            layer=layer,
            layers=len(LAYERS),
        )
        for layer, (pre, post, own_error, pre_error, derivative) in seen.items()
    ]


def _errors(
    network: RecurrentNetwork,
    feedback: Feedback,
    weights: RecurrentWeights,
    carriers: "Sequence[Tensor | None]",
    passage: Passage,
    told: "Tensor",
) -> "Tensor":
    """Return derivatives of the loss by the drives of all steps, (..., trial, step, neuron)."""
    import torch

    rows = _rows(told)
    from_output = feedback.below(rows, rows, weights.readout, carriers[READOUT])
    from_output = from_output.unflatten(-2, told.shape[-3:-1])
    slopes, keep = network.activation.slope(passage.activity), 1 - network.leak
    of_state = torch.zeros_like(from_output[..., 0, :])
    found: list[Tensor] = []
    for step in range(told.shape[-2] - 1, 0, -1):
        of_activity = from_output[..., step, :]
        if found and feedback.through_layers:
            later = told[..., step, :]
            of_activity = of_activity + feedback.below(
                found[-1], later, weights.recurrent, carriers[RECURRENT]
            )
        of_state = slopes[..., step, :] * of_activity + keep * of_state
        found.append(network.leak * of_state)
    return torch.stack(found[::-1], -2)


def _rows(values: "Tensor") -> "Tensor":
    """Return values (..., trial, step, neuron) as those of samples, (..., sample, neuron)."""
    return values.flatten(-3, -2)


def _a_step_earlier(errors: "Tensor") -> "Tensor":
    """Return errors (..., step, neuron) of the step before, 0 for the first."""
    import torch

    return torch.cat([torch.zeros_like(errors[..., :1, :]), errors[..., :-1, :]], -2)
