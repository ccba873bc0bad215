"""Rules for fixed points on circuits of rate units that come to rest with steady inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.errors import InvalidInput, require_number, unknown_name
from neurotrain.gradients.losses import require_differentiable_loss
from neurotrain.gradients.rate_circuit import RateCircuit
from neurotrain.gradients.rule_gradient import output_error
from neurotrain.learning_rules.fixed_point_rules import (
    drive_slope,
    fixed_point_change,
    mean_product,
)
from neurotrain.learning_rules.fixed_points import (
    ACTIVATIONS,
    FixedPoints,
    solve_fixed_points,
    spectral_abscissa,
)
from neurotrain.learning_rules.recurrent_network import RecurrentWeights
from neurotrain.losses import Loss
from neurotrain.readouts import GradedReadout
from neurotrain.required_torch import require_torch, torch_threads
from neurotrain.trials import Trials

if TYPE_CHECKING:
    from torch import Tensor

    from neurotrain.circuit import Circuit

RULES = ("euclidean", "linearised")


class FixedPointGradient:
    """A rule for the recurrent weights of a circuit that is read where it comes to rest.

    In the form that methods by gradient descend with, as `RuleGradient`. Input weights and biases
    follow the gradient, by implicit differentiation, and the readout its own. Nothing is
    simulated: the duration of trials is of no account, and neither is where they begin.

    Parameters
    ----------
    circuit : Circuit
        See `RateCircuit`; with a readout 'graded'.
    loss : Loss
        One with a derivative.
    rule : {'linearised', 'euclidean'}
        Of `fixed_point_change`; the latter is the gradient.
    tolerance : float
        The largest residual of a fixed point.

    Raises
    ------
    InvalidInput
        If the circuit is no such network, the loss has no derivative, or a name is unknown.
    """

    def __init__(
        self, circuit: Circuit, loss: Loss, rule: str = "linearised", tolerance: float = 1e-9
    ) -> None:
        require_differentiable_loss(loss)
        require_number("tolerance", tolerance, above=0)
        if rule not in RULES:
            raise unknown_name("rule for fixed points of circuits", rule, RULES)
        self._rates, self._rule = RateCircuit(circuit), rule
        self._loss, self._tolerance = loss, tolerance
        activation = self._rates.network.activation.name
        if activation not in ACTIVATIONS or not isinstance(circuit.readout, GradedReadout):
            raise InvalidInput(
                f"Rules for fixed points are for one of {', '.join(ACTIVATIONS)} and a readout "
                f"'graded', got {activation} and a {type(circuit.readout).__name__}."
            )

    def points(self, candidate: np.ndarray, trials: Trials) -> FixedPoints:
        """Return where the circuit comes to rest with the inputs of trials.

        Parameters
        ----------
        candidate : (parameter,) array
        trials : Trials

        Raises
        ------
        InvalidInput
            If inputs change during a trial.
        """
        return self._points(self._rates.weights(candidate), trials)

    def abscissae(self, candidate: np.ndarray, trials: Trials) -> np.ndarray:
        """Return `spectral_abscissa` of each trial, (trial,): above 0, it would not stay there."""
        weights = self._rates.weights(candidate)
        slopes = self._points(weights, trials).slopes
        return spectral_abscissa(weights.recurrent[0], slopes).numpy()

    def __call__(
        self,
        candidate: np.ndarray,
        trials: Trials,
        initial_state: Mapping[str, np.ndarray] | None = None,
        threads: int | None = None,
    ) -> np.ndarray:
        """Return what the rule would change, with the other sign, (1, parameter).

        NaN where the circuit does not come to rest with all inputs.

        Parameters
        ----------
        candidate : (parameter,) array
        trials : Trials
        initial_state : mapping, optional
            Of no account.
        threads : int, optional
            Of PyTorch; by default its own choice.
        """
        with torch_threads(threads):
            weights = self._rates.weights(candidate)
            points = self._points(weights, trials)
            if not points.converged.all():
                return np.full((1, candidate.size), np.nan)
            return self._rates.gradient(candidate, self._changes(weights, points, trials))

    def _points(self, weights: RecurrentWeights, trials: Trials) -> FixedPoints:
        if not (trials.inputs == trials.inputs[:, :1]).all():
            raise InvalidInput(
                "Rules for fixed points are for inputs that stay the same during a trial; these "
                "change. Learning rules through time are those of RuleGradient."
            )
        network = self._rates.network
        drive = _steady(trials) @ weights.input[0].mT + weights.bias[0]
        return solve_fixed_points(
            weights.recurrent[0], drive, network.activation.name, tolerance=self._tolerance
        )

    def _changes(
        self, weights: RecurrentWeights, points: FixedPoints, trials: Trials
    ) -> RecurrentWeights:
        output = self._rates.network.read_out(weights, points.activity[None, :, None])
        error = output_error(self._rates.circuit, self._loss, output, trials)[0, :, 0]
        slope, recurrent = error @ weights.readout[0], weights.recurrent[0]
        told = drive_slope(recurrent, points, slope)
        changes = RecurrentWeights(
            input=-mean_product(told, _steady(trials)),
            recurrent=fixed_point_change(self._rule, recurrent, points, slope, 1.0),
            readout=-mean_product(error, points.activity),
            bias=-told.mean(0),
            readout_bias=-error.mean(0),
        )
        return RecurrentWeights(*(one[None] for one in changes))


def _steady(trials: Trials) -> Tensor:
    """Return inputs that stay the same, (trial, channel)."""
    return require_torch().tensor(trials.inputs[:, 0])
