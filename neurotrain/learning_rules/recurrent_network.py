"""Recurrent networks of rate units in discrete time, several of them side by side."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from neurotrain.errors import require_number, require_whole
from neurotrain.learning_rules.activations import Activation
from neurotrain.learning_rules.network_form import NetworkForm

if TYPE_CHECKING:
    from torch import Tensor

# The layers of weights by their numbers, as rules know them.
INPUT, RECURRENT, READOUT = range(3)
LAYERS = {"input": INPUT, "recurrent": RECURRENT, "readout": READOUT}


class RecurrentWeights(NamedTuple):
    """All that is learned, with an axis of networks in front.

    Parameters
    ----------
    input : (..., neuron, input) tensor
    recurrent : (..., neuron, neuron) tensor
        From (post, pre).
    readout : (..., output, neuron) tensor
    bias : (..., neuron) tensor
    readout_bias : (..., output) tensor
    """

    input: "Tensor"
    recurrent: "Tensor"
    readout: "Tensor"
    bias: "Tensor"
    readout_bias: "Tensor"

    @property
    def layers(self) -> tuple["Tensor", ...]:
        """The three matrices."""
        return self[:3]


@dataclass(frozen=True)
class RecurrentNetwork(NetworkForm):
    """Rate units, x' = (1 - leak) x + leak (W r + U s + b), that are active with r = f(x).

    The output is R a + c, of the activity a that is read: that of some steps, or a mean over
    them.

    Parameters
    ----------
    inputs, neurons, outputs : int
        How many of each.
    activation : str or Activation
        f, as of `FeedforwardNetwork`.
    leak : float
        Share of the state that a step replaces: its duration in units of the time constant. At 1
        activity is a function of that of the step before, as in most of machine learning.
    output : {'softmax', 'identity'}
        As of `FeedforwardNetwork`.
    precision : {'float64', 'float32'}

    Raises
    ------
    InvalidInput
        If it is no network.
    """

    inputs: int
    neurons: int
    outputs: int
    activation: Activation = field(default="tanh")
    leak: float = 1.0
    output: Literal["softmax", "identity"] = "softmax"
    precision: Literal["float64", "float32"] = "float64"

    def __post_init__(self) -> None:
        for name in ("inputs", "neurons", "outputs"):
            require_whole(name, getattr(self, name))
        require_number("leak", self.leak, above=0, most=1)
        super().__post_init__()

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """Shapes of the weights from inputs, between neurons, and to outputs, (post, pre)."""
        n = self.neurons
        return (n, self.inputs), (n, n), (self.outputs, n)

    def draw_weights(self, seeds: Sequence[int], gain: float = 1.0) -> RecurrentWeights:
        """Return weights for a network of each seed; biases are 0.

        They are uniform as by Glorot & Bengio (2010), and recurrent ones are then multiplied by
        `gain`, which is about the largest eigenvalue.
        """
        require_number("gain", gain, above=0)
        drawn = [
            self.draw_uniform("learning-weights", seeds, k, shape)
            for k, shape in enumerate(self.shapes)
        ]
        drawn[RECURRENT] = gain * drawn[RECURRENT]
        biases = [matrix.new_zeros(matrix.shape[:-1]) for matrix in drawn[RECURRENT:]]
        return RecurrentWeights(*drawn, *biases)

    def activity(
        self, weights: RecurrentWeights, inputs: "Tensor", start: "Tensor | None" = None
    ) -> "Tensor":
        """Return what the neurons do, (..., trial, step + 1, neuron), the first from the start.

        Parameters
        ----------
        weights : RecurrentWeights
        inputs : (..., trial, step, input) tensor
        start : (..., trial, neuron) tensor, optional
            The state that they begin with, by default 0.
        """
        import torch

        # Trials and steps are one axis in a product.
        given = (inputs.flatten(-3, -2) @ weights.input.mT).unflatten(-2, inputs.shape[-3:-1])
        given = given + weights.bias[..., None, None, :]
        x = torch.zeros_like(given[..., 0, :]) if start is None else start
        across, found = weights.recurrent.mT, [self.activation.function(x)]
        for step in range(inputs.shape[-2]):
            x = (1 - self.leak) * x + self.leak * (found[-1] @ across + given[..., step, :])
            found.append(self.activation.function(x))
        return torch.stack(found, -2)

    def read_out(self, weights: RecurrentWeights, read: "Tensor") -> "Tensor":
        """Return the outputs (..., trial, read, output) of activity (..., trial, read, neuron)."""
        drive = (read.flatten(-3, -2) @ weights.readout.mT).unflatten(-2, read.shape[-3:-1])
        return self.output_of(drive + weights.readout_bias[..., None, None, :])
