"""Read files of arrays, .npz, that may be damaged or a stranger's."""

from pathlib import Path
from typing import BinaryIO
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import numpy as np
from numpy.lib import format as npy

_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
# Truth values, numbers and texts; objects need pickle, and nothing else is written.
_KINDS = "biufcSU"


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays that ``numpy.savez`` wrote into a file.

    They take no more memory than the file has bytes, whatever it claims: it may be no archive
    that grows when it is unpacked. Nothing is written, and nothing is unpickled.

    Raises
    ------
    ValueError
        If there is anything else in the file than ``numpy.savez`` writes. Depending on where
        damage is, zipfile and NumPy raise almost any other exception too.
    """
    with open(path, "rb") as opened, ZipFile(opened) as archive:
        entries = archive.infolist()
        _require_stored(entries, path.stat().st_size)
        arrays = {}
        for entry in entries:
            with archive.open(entry) as file:
                arrays[entry.filename.removesuffix(".npy")] = _read(file, entry.file_size)
        return arrays


def _require_stored(entries: list[ZipInfo], size: int) -> None:
    if len({entry.filename.removesuffix(".npy") for entry in entries}) < len(entries):
        raise ValueError("two arrays have the same name")
    if any(entry.compress_type != ZIP_STORED for entry in entries):
        raise ValueError("an array is compressed")
    # Entries that share their bytes may come to far more than the file.
    if sum(entry.file_size for entry in entries) > size:
        raise ValueError("the arrays are larger than the file")


def _read(file: BinaryIO, size: int) -> np.ndarray:
    version = npy.read_magic(file)
    if version not in _HEADERS:
        raise ValueError(f"an array has version {version}")
    shape, _, dtype = _HEADERS[version](file)
    if dtype.kind not in _KINDS or not dtype.itemsize:
        raise ValueError(f"an array is of type {dtype}")
    # In whole numbers of Python: those of NumPy would overflow, and come to anything.
    n_bytes = dtype.itemsize
    for length in shape:
        n_bytes *= length
    if n_bytes != size - file.tell():
        raise ValueError(f"an array claims shape {shape} and has {size - file.tell()} bytes")
    file.seek(0)
    return npy.read_array(file, allow_pickle=False)
