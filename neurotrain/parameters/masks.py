"""Which entries of a block are free, and what the others hold."""

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.parameters.layout import Layout
from neurotrain.parameters.parameter import Parameter
from neurotrain.seeding import structure_generator


def free_entries(name: str, layout: Layout, parameter: Parameter) -> np.ndarray:
    """Return which entries follow from the search, (entry,).

    Raises
    ------
    InvalidInput
        If the mask does not suit the block, or leaves nothing.
    """
    free = np.ones(layout.size, dtype=bool)
    if parameter.mask is not None and np.ndim(parameter.mask) == 0:
        free &= _random_mask(name, layout, float(parameter.mask), parameter.seed)
    elif parameter.mask is not None:
        mask = layout.entries(name, "a mask", parameter.mask)
        if not np.isin(mask, (0, 1)).all():
            raise InvalidInput(f"The mask of '{name}' must hold True or False, nothing else.")
        free &= mask.astype(bool)
    if not parameter.autapses:
        if layout.autapse is None:
            raise InvalidInput(
                f"'{name}' does not connect a group with itself; leave out autapses=False."
            )
        free &= ~layout.autapse
    if not free.any():
        raise InvalidInput(f"The mask of '{name}' leaves nothing free; leave it out of train.")
    return free


def _random_mask(name: str, layout: Layout, probability: float, seed: int) -> np.ndarray:
    if not 0 < probability <= 1:
        raise InvalidInput(
            f"The mask of '{name}', a probability of connection, must be above 0 and at most 1, "
            f"got {probability}."
        )
    return structure_generator(seed, name, "mask").random(layout.size) < probability


def masked_values(name: str, layout: Layout, parameter: Parameter) -> np.ndarray:
    """Return the values, (entry,), that masked entries keep."""
    given = np.asarray(parameter.masked_value, dtype=float)
    if given.ndim:
        given = layout.entries(name, "masked values", given)
    if not np.isfinite(given).all():
        raise InvalidInput(f"The masked values of '{name}' hold NaN or infinity.")
    return np.broadcast_to(given, layout.size).copy()
