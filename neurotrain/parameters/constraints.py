"""Blocks whose values obey transforms, Dale's law, masks, sharing and encodings."""

from dataclasses import dataclass, replace

import numpy as np

from neurotrain.distributions import Distribution
from neurotrain.errors import InvalidInput
from neurotrain.parameters.coding import Coding
from neurotrain.parameters.dale import presynaptic_signs
from neurotrain.parameters.encodings import FactorExpansion, RandomSubspace, SubspaceExpansion
from neurotrain.parameters.layout import Layout
from neurotrain.parameters.masks import free_entries, masked_values
from neurotrain.parameters.matrices import Shape
from neurotrain.parameters.parameter import Parameter
from neurotrain.parameters.space import Block
from neurotrain.parameters.starting import Starting, moments
from neurotrain.parameters.transforms import Bounded, Transform, is_positive, make_transform
from neurotrain.seeding import structure_generator


@dataclass(frozen=True)
class ConstrainedBlock(Block):
    """A block whose values follow from searched coordinates by a coding."""

    coding: Coding
    starting: Starting

    @property
    def size(self) -> int:
        """Number of searched coordinates."""
        return self.coding.size

    @property
    def coordinate_shape(self) -> Shape:
        """Shape of the coordinates, of two axes where they are a matrix."""
        return self.matrix or (self.size,)

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Return where a search begins, (size,)."""
        if self.coding.expansion:
            return self.coding.expansion.draw(rng)
        return self.coding.to_coordinates(self.starting.draw(rng))

    def decode(self, coordinates: np.ndarray) -> np.ndarray:
        """Return the values (..., *shape) of coordinates (..., size)."""
        return super().decode(self.coding.decode(coordinates))

    def encode(self, values: np.ndarray) -> np.ndarray:
        """Return the coordinates (..., size) of values (..., *shape)."""
        lead = values.shape[: values.ndim - len(self.shape)]
        return self.coding.encode(values.reshape(*lead, -1))

    def pull_back(self, coordinates: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Return the derivatives by coordinates (..., size) from those by values (..., *shape)."""
        return self.coding.pull_back(coordinates, super().pull_back(coordinates, gradient))

    def described(self):
        """Yield what distinguishes it from others of its name and shape, for fingerprints."""
        yield from self.coding.described()


def constrained_block(
    name: str, layout: Layout, parameter: Parameter, initial: Distribution | np.ndarray
) -> ConstrainedBlock:
    """Return the block called `name` with the constraints of `parameter`.

    Parameters
    ----------
    name : str
    layout : Layout
        Where its entries lie.
    parameter : Parameter
        What the user says of it.
    initial : Distribution or array
        Where training starts.

    Raises
    ------
    InvalidInput
        If a constraint does not suit the block, or its initial values are not possible.
    """
    if parameter.dale is not None and not layout.connects:
        raise InvalidInput(
            f"Dale's law is about weights between neurons; '{name}' are no weights, leave out dale."
        )
    if isinstance(initial, np.ndarray):
        initial = np.array(layout.entries(name, "values", initial), dtype=float)
    mean, spread = moments(initial, magnitudes=parameter.dale is not None)
    transform = _transform(name, parameter, mean)
    free = free_entries(name, layout, parameter)
    gain = _gain(name, layout, parameter, initial, free)
    shares = parameter.shared is not None
    chosen = free & (gain is not None and parameter.balanced and not shares)
    # Without its group, of which Brian2 allows no copies.
    starting = Starting(initial, replace(layout, source=None), gain, chosen)
    coding = Coding(
        name,
        masked_values(name, layout, parameter),
        np.flatnonzero(free),
        _groups(name, layout, parameter, free),
        np.ones(free.sum()) if gain is None else gain[free],
        transform,
    )
    if parameter.fixed:
        coding = _fixed(coding, starting, parameter.seed)
        return ConstrainedBlock(name, layout.shape, initial, 1.0, coding, starting)
    center = float(transform.invert(np.asarray(mean)))
    scale = spread / float(transform.slope(np.asarray(center)))
    if parameter.encoding is None:
        matrix = None if parameter.shared is not None else layout.matrix(coding.free)
        return ConstrainedBlock(name, layout.shape, initial, scale, coding, starting, matrix=matrix)
    coding = _encoded(coding, starting, layout, parameter, center, scale)
    # The coordinates of an encoding have variance 1 where the values have that of the start.
    return ConstrainedBlock(name, layout.shape, initial, 1.0, coding, starting)


def _transform(name: str, parameter: Parameter, mean: float) -> Transform:
    by_default = "identity" if parameter.dale is None else "softplus"
    transform = make_transform(parameter.transform or by_default)
    if parameter.dale is not None and not is_positive(transform):
        raise InvalidInput(
            f"Under Dale's law '{name}' needs a transform without negative values: softplus, exp, "
            f"or Bounded with low >= 0; got {transform}."
        )
    if mean > 0:
        transform = transform.resolved(mean)
    elif getattr(transform, "scale", 1.0) is None:
        raise InvalidInput(
            f"The initial values of '{name}' have the mean {mean:g}; with this transform it must "
            "be above 0."
        )
    if not np.isfinite(transform.invert(np.asarray(mean))):
        raise InvalidInput(
            f"The initial values of '{name}' have the mean {mean:g}, which {transform} never gives."
        )
    return transform


def _groups(name: str, layout: Layout, parameter: Parameter, free: np.ndarray) -> np.ndarray:
    if parameter.shared is None:
        return np.arange(int(free.sum()))
    groups = layout.entries(name, "groups of shared weights", parameter.shared)[free]
    if not np.issubdtype(groups.dtype, np.integer):
        raise InvalidInput(
            f"The groups of shared weights of '{name}' must be whole numbers, got {groups.dtype}."
        )
    return np.unique(groups, return_inverse=True)[1]


def _gain(
    name: str,
    layout: Layout,
    parameter: Parameter,
    initial: Distribution | np.ndarray,
    free: np.ndarray,
) -> np.ndarray | None:
    """Return the sign of each entry, times the size that balance gives to inhibitory ones."""
    if parameter.dale is None:
        return None
    gain = presynaptic_signs(name, parameter.dale, layout)[layout.pre]
    n_excitatory, n_inhibitory = (int((free & (gain == sign)).sum()) for sign in (1, -1))
    drawn = not isinstance(initial, np.ndarray) and not isinstance(parameter.transform, Bounded)
    if parameter.balanced and drawn and n_excitatory and n_inhibitory:
        gain[gain < 0] = -n_excitatory / n_inhibitory
    return gain


def _fixed(coding: Coding, starting: Starting, seed: int) -> Coding:
    values = starting.draw(structure_generator(seed, coding.name, "values"))
    given = coding.given.copy()
    given[coding.free] = values[coding.free]
    nothing = np.empty(0, dtype=int)
    return replace(coding, given=given, free=nothing, group=nothing, gain=np.empty(0))


def _encoded(
    coding: Coding,
    starting: Starting,
    layout: Layout,
    parameter: Parameter,
    center: float,
    scale: float,
) -> Coding:
    encoding = parameter.encoding
    if isinstance(encoding, RandomSubspace):
        values = starting.draw(structure_generator(encoding.seed, coding.name, "values"))
        origin = coding.to_coordinates(values)
        return replace(coding, expansion=SubspaceExpansion(encoding, coding.name, origin, scale))
    if not layout.connects:
        raise InvalidInput(f"'{coding.name}' is no matrix of weights; a LowRank needs one.")
    if isinstance(starting.initial, np.ndarray):
        raise InvalidInput(
            f"A LowRank starts from a distribution; give '{coding.name}' one as initial=..., not "
            "an array."
        )
    pre, post = layout.pre[coding.free], layout.post[coding.free]
    expansion = FactorExpansion(encoding, post, pre, layout.n_post, layout.n_pre, center, scale)
    return replace(coding, expansion=expansion)
