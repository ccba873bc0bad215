"""Multilayer perceptrons as right-hand sides of differential equations."""

from dataclasses import dataclass
from math import prod, sqrt

import numpy as np

from neurotrain.errors import InvalidInput, require_number, require_whole, unknown_name

ACTIVATIONS = ("tanh", "gelu", "relu")
# Of the tanh form of GELU, Hendrycks and Gimpel, arXiv:1606.08415.
_GELU_SLOPE, _GELU_CUBIC = sqrt(2 / np.pi), 0.044715
INITIAL = ("torchdiffeq", "uniform", "glorot")

Layer = tuple[np.ndarray, np.ndarray | None]
Scale = float | tuple[float, ...]


@dataclass(frozen=True)
class VectorField:
    """The right-hand side dy/dt = output_scale * network(input_scale * y**power).

    Its parameters are one flat vector: for each layer the weight (output, input), row by row,
    then the bias. Populations of them have the shape (candidate, parameter).

    Parameters
    ----------
    states : int
        n, the number of states.
    width, depth : int
        Neurons of a hidden layer, and how many hidden layers there are; with none the field is
        linear.
    activation : {'tanh', 'gelu', 'relu'}
        ``'gelu'`` is 0.5 z (1 + tanh(sqrt(2/pi) (z + 0.044715 z^3))), as in Flux and the
        published stiff neural ODEs (doi:10.1063/5.0060697).
    biases : bool
        Whether layers have them.
    power : int
        To which the states are raised first: 3 in the published spiral.
    input_scale, output_scale : float or (n,) of float
        Factors of the network's inputs and outputs, for equations whose states differ by orders
        of magnitude.

    Raises
    ------
    InvalidInput
        If a number is out of range, or the activation unknown.
    """

    states: int
    width: int
    depth: int
    activation: str = "tanh"
    biases: bool = True
    power: int = 1
    input_scale: Scale = 1.0
    output_scale: Scale = 1.0

    def __post_init__(self) -> None:
        for name, least in (("states", 1), ("width", 1), ("depth", 0), ("power", 1)):
            require_whole(f"{name} of a vector field", getattr(self, name), least)
        if self.activation not in ACTIVATIONS:
            raise unknown_name("activation", self.activation, ACTIVATIONS)
        for name in ("input_scale", "output_scale"):
            object.__setattr__(self, name, _scale(name, getattr(self, name), self.states))

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """The shapes (output, input) of the layers' weights."""
        sizes = [self.states, *[self.width] * self.depth, self.states]
        return list(zip(sizes[1:], sizes[:-1], strict=True))

    @property
    def size(self) -> int:
        """The number of parameters, d."""
        return sum(prod(shape) + shape[0] * self.biases for shape in self.shapes)

    def layers(self, parameters: np.ndarray) -> list[Layer]:
        """Return weight (..., output, input) and bias (..., output), or None, of each layer.

        They are views into the parameters (..., d).
        """
        if parameters.shape[-1] != self.size:
            raise InvalidInput(
                f"This vector field has {self.size} parameters, but was given an array of the "
                f"shape {parameters.shape}."
            )
        layers, at = [], 0
        for shape in self.shapes:
            weight = parameters[..., at : at + prod(shape)]
            at += prod(shape)
            bias = parameters[..., at : at + shape[0]] if self.biases else None
            at += shape[0] * self.biases
            layers.append((weight.reshape(*weight.shape[:-1], *shape), bias))
        return layers

    def __call__(self, parameters: np.ndarray, states: np.ndarray) -> np.ndarray:
        """Return the derivatives (candidate, trajectory, n); the reference for the solver.

        Parameters
        ----------
        parameters : (candidate, d)
        states : (candidate, trajectory, n)
        """
        *hidden, (weight, bias) = self.layers(parameters)
        # What overflows shows in the result.
        with np.errstate(over="ignore", invalid="ignore"):
            x = states**self.power * np.asarray(self.input_scale)
            for own in hidden:
                x = _activate(self.activation, _affine(x, *own))
            return _affine(x, weight, bias) * np.asarray(self.output_scale)

    def jacobian(self, parameters: np.ndarray, states: np.ndarray) -> np.ndarray:
        """Return the derivatives by the states (candidate, trajectory, n, n), by column.

        Arguments are as in a call.
        """
        *hidden, (weight, _) = self.layers(parameters)
        with np.errstate(over="ignore", invalid="ignore"):
            x = states**self.power * np.asarray(self.input_scale)
            slope = self.power * states ** (self.power - 1) * np.asarray(self.input_scale)
            tangents = slope[..., np.newaxis, :] * np.eye(self.states)
            for own in hidden:
                z = _affine(x, *own)
                x = _activate(self.activation, z)
                slope = _slope(self.activation, z)
                tangents = slope[..., np.newaxis] * (own[0][:, np.newaxis] @ tangents)
            scale = np.asarray(self.output_scale)[:, np.newaxis]
            return scale * (weight[:, np.newaxis] @ tangents)

    def factors(self) -> np.ndarray:
        """Return the factors (d,) by which parameters take the scales of the field into them."""
        factors = np.ones(self.size)
        layers = self.layers(factors)
        layers[0][0][...] *= np.asarray(self.input_scale)
        weight, bias = layers[-1]
        weight *= np.asarray(self.output_scale)[:, np.newaxis]
        if bias is not None:
            bias *= np.asarray(self.output_scale)
        return factors

    def initial(self, rng: np.random.Generator, how: str = "glorot") -> np.ndarray:
        """Return initial parameters (d,); biases are 0.

        Parameters
        ----------
        rng : Generator
        how : {'torchdiffeq', 'uniform', 'glorot'}
            Weights normal with standard deviation 0.1, as in the examples of torchdiffeq;
            uniform within 1/sqrt(outputs), as evolution began in the published spiral
            (arXiv:2311.10869); or uniform within sqrt(6/(inputs + outputs)), as in Flux (Glorot
            and Bengio 2010).
        """
        if how not in INITIAL:
            raise unknown_name("initialization", how, INITIAL)
        parameters = np.zeros(self.size)
        for weight, _ in self.layers(parameters):
            outputs, inputs = weight.shape
            if how == "torchdiffeq":
                weight[...] = rng.normal(0, 0.1, weight.shape)
                continue
            bound = 1 / sqrt(outputs) if how == "uniform" else sqrt(6 / (inputs + outputs))
            weight[...] = rng.uniform(-bound, bound, weight.shape)
        return parameters

    def parameter_scale(self) -> np.ndarray:
        """Return the natural size (d,) of each parameter, 1/sqrt(inputs) of its layer."""
        scale = np.empty(self.size)
        for weight, bias in self.layers(scale):
            for part in (weight, bias):
                if part is not None:
                    part[...] = 1 / sqrt(weight.shape[1])
        return scale


def _scale(name: str, given: object, states: int) -> tuple[float, ...]:
    """Return a scale as one number for each state."""
    values = np.asarray(given, float)
    if values.shape not in ((), (states,)):
        raise InvalidInput(
            f"{name} must be one number, or one for each of {states} states, got the shape "
            f"{values.shape}."
        )
    for value in values.ravel():
        require_number(name, float(value))
    return tuple(np.broadcast_to(values, states).tolist())


def _affine(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
    y = x @ np.swapaxes(weight, -1, -2)
    return y if bias is None else y + bias[:, np.newaxis]


def _activate(activation: str, z: np.ndarray) -> np.ndarray:
    if activation == "tanh":
        return np.tanh(z)
    if activation == "relu":
        return np.maximum(z, 0)
    return 0.5 * z * (1 + np.tanh(_GELU_SLOPE * (z + _GELU_CUBIC * z**3)))


def _slope(activation: str, z: np.ndarray) -> np.ndarray:
    if activation == "tanh":
        return 1 - np.tanh(z) ** 2
    if activation == "relu":
        return (z > 0).astype(z.dtype)
    # Further out it is 0 or 1, and powers of z could overflow.
    z = np.clip(z, -10, 10)
    t = np.tanh(_GELU_SLOPE * (z + _GELU_CUBIC * z**3))
    return 0.5 * (1 + t) + 0.5 * z * (1 - t**2) * _GELU_SLOPE * (1 + 3 * _GELU_CUBIC * z**2)
