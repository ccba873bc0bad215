"""Three ways to change recurrent weights so that a network comes to rest where it should.

All of them go down the loss at the fixed point r = f(W r + x), averaged over inputs; they differ
in what counts as a small change (Neural Computation 36:1568, 2024). With G the derivatives of f at
the fixed point, on the diagonal, and g the derivative of the loss by r:

- ``'euclidean'``, the gradient by W: G (1 - Wᵀ G)⁻¹ g rᵀ;
- ``'reparameterised'``, a step of the gradient by (G⁻¹ - W)⁻¹, brought back to W;
- ``'linearised'``, the former to first order in the learning rate, without an inverse:
  [(1 - W G) G g] [(1 - G W)ᵀ (1 - G W) r]ᵀ.
"""

from collections.abc import Callable

from neurotrain.errors import InvalidInput, require_number, unknown_name
from neurotrain.learning_rules.fixed_points import Array, FixedPoints, namespace


def fixed_point_change(
    rule: str, weights: Array, points: FixedPoints, slope: Array, learning_rate: float
) -> Array:
    """Return by how much a rule changes the weights, (neuron, neuron).

    Parameters
    ----------
    rule : {'euclidean', 'reparameterised', 'linearised'}
    weights : (neuron, neuron) array
    points : FixedPoints
        Of these weights.
    slope : (input, neuron) array
        Derivative of the loss of each input by the activity at rest.
    learning_rate : float

    Raises
    ------
    InvalidInput
        For an unknown rule, points that have not converged, or, with ``'reparameterised'``, an
        activation whose derivative differs between inputs.
    """
    if rule not in RULES:
        raise unknown_name("rule for fixed points", rule, RULES)
    require_number("learning_rate", learning_rate, least=0)
    if not bool(points.converged.all()):
        missed = int((~points.converged).sum())
        raise InvalidInput(
            f"With {missed} of {len(points.converged)} inputs the network does not come to rest "
            f"(residual up to {float(points.residual.max()):.2g}), so that no rule applies. Take "
            "smaller weights or learning rates, or more steps."
        )
    return RULES[rule](weights, points, slope, learning_rate)


def drive_slope(weights: Array, points: FixedPoints, slope: Array) -> Array:
    """Return derivatives of the loss by what drives each neuron, (input, neuron).

    By implicit differentiation: G (1 - Wᵀ G)⁻¹ g, with a system of equations for each input unless
    they all have the same G.
    """
    xp, slopes = namespace(weights), points.slopes
    eye = xp.eye(weights.shape[0], dtype=weights.dtype)
    if _are_shared(slopes):
        system = eye - slopes[0][:, None] * weights
        return slopes * xp.linalg.solve(system.swapaxes(0, 1), slope.swapaxes(0, 1)).swapaxes(0, 1)
    systems = eye - weights.swapaxes(0, 1) * slopes[:, None, :]
    return slopes * xp.linalg.solve(systems, slope[..., None])[..., 0]


def _euclidean(weights: Array, points: FixedPoints, slope: Array, rate: float) -> Array:
    return -rate * mean_product(drive_slope(weights, points, slope), points.activity)


def _reparameterised(weights: Array, points: FixedPoints, slope: Array, rate: float) -> Array:
    xp, shared = namespace(weights), points.slopes[0]
    if not _are_shared(points.slopes):
        raise InvalidInput(
            "The reparameterised rule is for networks whose activation has the same derivative "
            "with all inputs, such as linear ones; take 'linearised'."
        )
    before = xp.linalg.inv(xp.diag(1 / shared) - weights)
    return (
        xp.diag(1 / shared)
        - weights
        - xp.linalg.inv(before - rate * mean_product(slope, points.inputs))
    )


def _linearised(weights: Array, points: FixedPoints, slope: Array, rate: float) -> Array:
    g, w = points.slopes, weights
    told = g * slope
    left = told - (g * told) @ w.swapaxes(0, 1)
    inner = points.activity - g * (points.activity @ w.swapaxes(0, 1))
    right = inner - (g * inner) @ w
    return -rate * mean_product(left, right)


def _are_shared(slopes: Array) -> bool:
    return bool((slopes == slopes[0]).all())


def mean_product(left: Array, right: Array) -> Array:
    """Return the mean over inputs of the outer products of (input, neuron) arrays."""
    return left.swapaxes(0, 1) @ right / left.shape[0]


RULES: dict[str, Callable[[Array, FixedPoints, Array, float], Array]] = {
    "euclidean": _euclidean,
    "reparameterised": _reparameterised,
    "linearised": _linearised,
}
