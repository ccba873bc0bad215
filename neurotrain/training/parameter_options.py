"""What optimizers are told of the blocks that they search: their shapes, and a sigma for each."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurotrain.errors import InvalidInput, require_number
from neurotrain.parameters.matrices import is_matrix
from neurotrain.parameters.space import ParameterSpace

Options = Mapping[str, Any]


def with_shapes(options: Options, parameters: ParameterSpace) -> dict[str, Any]:
    """Return options in which low-rank noise knows the shapes of the blocks, unless these are set.

    Raises
    ------
    InvalidInput
        If no block is a matrix, so that there would be no low-rank noise at all.
    """
    if options.get("rank") is None or options.get("shapes") is not None:
        return dict(options)
    if not any(is_matrix(shape) for shape in parameters.shapes):
        raise InvalidInput(
            "Low-rank noise is for matrices of weights, and nothing that is trained is one "
            "(neither are shared weights, nor the coordinates of an encoding): leave out the "
            "optimizer's rank."
        )
    return {**options, "shapes": parameters.shapes}


def with_one_sigma(
    options: Options, defaults: Options, parameters: ParameterSpace
) -> tuple[dict[str, Any], np.ndarray]:
    """Return options with a number as sigma, and the scale that gives each block its own.

    Parameters
    ----------
    options : mapping
        Whose ``sigma`` may be a mapping from names of blocks to numbers; other blocks keep
        the method's own.
    defaults : mapping
        The method's own options.
    parameters : ParameterSpace

    Returns
    -------
    options : dict
    scale : (parameter,) array

    Raises
    ------
    InvalidInput
        If a block is unknown, or a sigma is not above zero.
    """
    sigmas = options.get("sigma")
    if not isinstance(sigmas, Mapping):
        return dict(options), parameters.scale
    for name, sigma in sigmas.items():
        parameters.require(name)
        require_number(f"sigma of '{name}'", sigma, above=0)
    usual = defaults["sigma"]
    factors = [
        np.full(block.size, sigmas.get(block.name, usual) / usual) for block in parameters.blocks
    ]
    return {**options, "sigma": usual}, parameters.scale * np.concatenate(factors)
