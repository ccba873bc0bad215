"""Where training starts, if not where the circuit says."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.parameters.space import ParameterSpace
from neurotrain.seeding import generator
from neurotrain.training.weights_file import START, read_weights, write_weights

Start = np.ndarray | Mapping[str, np.ndarray]


def drawn_start(parameters: ParameterSpace, seed: int) -> np.ndarray:
    """Return where training starts by itself in a run with `seed`, (parameter,)."""
    return parameters.draw(generator(seed, "initial-parameters"))


def resolved_start(parameters: ParameterSpace, given: Start | None, seed: int) -> np.ndarray | None:
    """Return the (parameter,) vector that was given; None if none was.

    Parameters
    ----------
    parameters : ParameterSpace
    given : (parameter,) array, or mapping of str to array, optional
        A whole vector, or the values of some blocks by name; all others are drawn.
    seed : int
        The run's.

    Raises
    ------
    InvalidInput
        If it does not suit the circuit, or is not finite.
    """
    if given is None:
        return None
    if isinstance(given, Mapping):
        return parameters.with_values(drawn_start(parameters, seed), given)
    vector = np.array(given, dtype=float)
    if vector.ndim != 1:
        raise InvalidInput(
            f"start must be one vector of {parameters.size} parameters, or a mapping from names "
            f"of trained parameters to their values, got shape {vector.shape}."
        )
    parameters.split(vector)
    return vector


def write_start(
    folder: Path, parameters: ParameterSpace, start: np.ndarray, fingerprint: str
) -> None:
    """Write where training starts into a run folder."""
    write_weights(folder / START, start, parameters.split(start), fingerprint)


def read_start(folder: Path, fingerprint: str) -> np.ndarray:
    """Return what `write_start` wrote, (parameter,).

    Raises
    ------
    RunFolderError
        If it is missing, damaged or of another circuit.
    """
    return read_weights(folder / START, fingerprint)
