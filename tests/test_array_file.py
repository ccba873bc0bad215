"""Files of arrays: what NumPy wrote is read; no file takes more than it has, or runs anything."""

import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from audited import audited
from fuzzed import HUGE, Touching, npy_bytes, npy_claiming, zip_bytes
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from neurotrain.array_file import read_arrays

ARRAYS = st.sampled_from(("f8", "f4", "i8", "u1", "?", "U3", ">i2")).flatmap(
    lambda dtype: arrays(dtype, array_shapes(min_dims=0, max_dims=3, min_side=0))
)


@settings(max_examples=60)
@given(content=st.dictionaries(st.sampled_from(["a", "b.weight", "ü/x"]), ARRAYS, max_size=3))
def test_what_numpy_wrote_is_read(content, tmp_path_factory):
    path = tmp_path_factory.mktemp("arrays") / "file.npz"
    np.savez(path, **content)
    read = read_arrays(path)
    assert read.keys() == content.keys()
    for name, array in content.items():
        assert (read[name].dtype, read[name].shape) == (array.dtype, array.shape)
        assert read[name].tobytes() == array.tobytes()


def refused(path, content, match):
    path.write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=match):
            read_arrays(path)
        assert tracemalloc.get_traced_memory()[1] < 10 * len(content) + 1_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [
        ((HUGE,), "<f8"),
        ((2**32, 2**32), "<f8"),
        ((10**7,), "<f8"),
        ((-1,), "<f8"),
        ((2,), "<f8"),
    ],
)
def test_a_claimed_shape_takes_no_memory(shape, dtype, tmp_path):
    content = zip_bytes([("a.npy", npy_claiming(shape, dtype, b"8 bytes."))])
    refused(tmp_path / "file.npz", content, "claims shape")


def test_an_archive_that_grows_is_refused(tmp_path):
    bomb = zip_bytes([("a.npy", npy_bytes(np.zeros(10**7)))], zipfile.ZIP_DEFLATED)
    assert len(bomb) < 100_000
    refused(tmp_path / "file.npz", bomb, "is compressed")


def test_entries_that_share_their_bytes_are_refused(tmp_path):
    first, second = (zip_bytes([(name, npy_bytes(np.zeros(10**4)))]) for name in ("a", "b"))
    directory = second[second.index(b"PK\x01\x02") : second.index(b"PK\x05\x06")]
    at = first.index(b"PK\x05\x06")
    end = bytearray(first[at:])
    end[8:12] = b"\x02\x00\x02\x00"
    end[12:16] = (2 * len(directory)).to_bytes(4, "little")
    refused(tmp_path / "file.npz", first[:at] + directory + bytes(end), "larger than the file")


def test_one_name_for_two_arrays_is_refused(tmp_path):
    content = zip_bytes([("a.npy", npy_bytes(np.zeros(2)))] * 2)
    refused(tmp_path / "file.npz", content, "same name")


def test_objects_are_not_unpickled(tmp_path):
    path, trace = tmp_path / "file.npz", tmp_path / "trace"
    content = zip_bytes([("a.npy", npy_bytes(np.array([Touching(trace)], dtype=object)))])
    refused(path, content, "is of type object")
    assert not trace.exists()
    # The control: a reader that unpickles is caught by the trace, and by the audit.
    with audited(tmp_path) as found, np.load(path, allow_pickle=True) as file:
        file["a"]
    assert trace.exists()
    assert any("pickle.find_class" in each for each in found)


def test_names_lead_nowhere(tmp_path):
    path = Path(tmp_path, "inner", "file.npz")
    path.parent.mkdir()
    names = ("../climbed.npy", "/tmp/neurotrain-climbed.npy", "..\\climbed.npy")
    path.write_bytes(zip_bytes([(name, npy_bytes(np.zeros(2))) for name in names]))
    with audited(path.parent) as found:
        read_arrays(path)
    assert found == []
    # The control: what unpacks such an archive writes outside, and is found.
    with audited(path.parent) as found:
        (path.parent / names[0]).write_bytes(b"x")
    assert found == [f"open {tmp_path / 'climbed.npy'}"]
