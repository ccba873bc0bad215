"""The weights of a run: trained ones in weights.npz, those that it was given in start.npz."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from neurotrain.array_file import read_arrays
from neurotrain.atomic import write_arrays
from neurotrain.errors import RunFolderError

TRAINED, START = "weights.npz", "start.npz"


def write_weights(
    path: Path, flat: np.ndarray, blocks: Mapping[str, np.ndarray], fingerprint: str
) -> None:
    """Write weights into a file: the vector as ``flat``, and each block by its name."""
    arrays = {**blocks, "flat": flat, "fingerprint": np.array(fingerprint)}
    write_arrays(path, arrays)


def read_weights(path: Path, fingerprint: str) -> np.ndarray:
    """Return the (parameter,) vector in a file, of the circuit with `fingerprint`.

    Raises
    ------
    RunFolderError
        If the file is missing, damaged, of another circuit, or not finite.
    """
    if not path.is_file():
        raise RunFolderError(f"There is no '{path}': put it back, or train again.")
    try:
        file = read_arrays(path)
        flat, trained = np.array(file["flat"], dtype=float), str(file["fingerprint"])
    # Depending on where the damage is, zipfile, zlib and NumPy raise almost anything.
    except Exception as error:
        raise RunFolderError(f"Weights '{path}' are damaged or cut short.") from error
    if trained != fingerprint:
        raise RunFolderError(
            f"'{path}' holds weights of another circuit; use the circuit that was trained."
        )
    if flat.ndim != 1 or not np.isfinite(flat).all():
        raise RunFolderError(f"'{path}' holds NaN or infinity; the weights cannot be used.")
    return flat
