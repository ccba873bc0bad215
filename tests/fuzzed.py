"""Inputs for fuzzing: bytes and real files with faults, values of every type, argument lists."""

import io
import pickle
import warnings
import zipfile
from collections.abc import Callable, Mapping

import numpy as np
from hypothesis import strategies as st
from numpy.lib import format as npy

HUGE = 10**12
PATHS = ("/etc/passwd", "../../x.py:f", "x.py:f", "/etc/passwd.py:system", "~nobody-here/x.py:f")
PATHS += ("\0.py:f", "..", "/", "../outside.npy", "/dev/zero", "/dev/stdin", "a.py", ":", "x.py:")
WORDS = ("", "fused", "nan", "1e400", "morris-lecar", "snes:x", "evosax:", "neurogym:os:system")
WORDS += ("cross-entropy + silence", "../..", "\n", "é\u202e", "{x}", "%s", "<script>", "$\\x$")
NUMBERS = st.one_of(
    st.integers(-3, 3),
    st.sampled_from((HUGE, -HUGE, 2**63, 2**64, 10**40, 10**400, 1e308, 1e-308, -0.0)),
    st.floats(),
)
SCALARS = st.one_of(st.booleans(), NUMBERS, st.sampled_from(PATHS + WORDS), st.text(max_size=8))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=5,
)
# Texts that only matter where they are taken for more than text.
FRAGMENTS = (b"", b"[", b"{", b"\0", b"\xff\xfe", b"[" * 3000, b'{"a":' * 3000, b"NaN", b"1e999")
FRAGMENTS += (
    b"1" * 5000,
    b"a." * 200 + b"b=1\n",
    b"\n",
    b'"',
    b"'''",
    b"-",
    b"null",
    b"=",
    b"1979",
)


def damaged(content: bytes) -> st.SearchStrategy[bytes]:
    """Return `content` with changed, missing or additional bytes."""
    position = st.integers(0, len(content))
    change = st.tuples(
        st.sampled_from(("cut", "flip", "insert", "repeat", "drop")),
        position,
        position,
        st.integers(1, 255),
        st.sampled_from(FRAGMENTS),
    )
    return st.lists(change, min_size=1, max_size=4).map(lambda changes: _changed(content, changes))


def _changed(content: bytes, changes: list[tuple]) -> bytes:
    for kind, at, to, mask, fragment in changes:
        first, last = min(at, to), min(max(at, to), min(at, to) + 40)
        if kind == "cut":
            content = content[:at]
        elif kind == "flip" and at < len(content):
            content = content[:at] + bytes([content[at] ^ mask]) + content[at + 1 :]
        elif kind == "insert":
            content = content[:at] + fragment + content[at:]
        elif kind == "repeat":
            content = content[:last] + content[first:]
        else:
            content = content[:first] + content[last:]
    return content


class Touching:
    """What would leave a trace if it were unpickled."""

    def __init__(self, path: object) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple:
        import os

        return os.mkdir, (self.path,)


def npy_bytes(array: np.ndarray) -> bytes:
    """Return an array as ``numpy.save`` writes it; objects with their pickle."""
    content = io.BytesIO()
    npy.write_array(content, np.asarray(array), allow_pickle=True)
    return content.getvalue()


def npy_claiming(shape: tuple[int, ...], dtype: str, content: bytes = b"") -> bytes:
    """Return an array whose header claims more than follows it."""
    header = io.BytesIO()
    npy.write_array_header_1_0(header, {"descr": dtype, "fortran_order": False, "shape": shape})
    return header.getvalue() + content


def zip_bytes(entries: list[tuple[str, bytes]], compression: int = zipfile.ZIP_STORED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as archive, warnings.catch_warnings():
        # Of two entries of one name.
        warnings.simplefilter("ignore")
        for name, inner in entries:
            archive.writestr(name, inner)
    return content.getvalue()


def wrong_archives(arrays: Mapping[str, np.ndarray], trace: object) -> st.SearchStrategy[bytes]:
    """Return archives of these arrays in which one entry is not what it should be."""
    whole = [(f"{name}.npy", npy_bytes(array)) for name, array in arrays.items()]
    wrong: dict[str, Callable[[str], list[tuple[str, bytes]]]] = {
        "climbing": lambda name: [(f"../../{name}", b"x"), (f"/tmp/{name}", b"x")],
        "huge": lambda name: [(name, npy_claiming((HUGE,), "<f8", b"12345678"))],
        "overflowing": lambda name: [(name, npy_claiming((2**32, 2**32), "<f8"))],
        "negative": lambda name: [(name, npy_claiming((-1, -8), "|u1", b"12345678"))],
        "empty type": lambda name: [(name, npy_claiming((HUGE,), "|V0"))],
        "pickle": lambda name: [(name, npy_bytes(np.array([Touching(trace)], dtype=object)))],
        "bare pickle": lambda name: [(name, pickle.dumps(Touching(trace)))],
        "twice": lambda name: [(name, npy_bytes(np.zeros(3)))] * 2,
        "nested": lambda name: [(name, b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 0xFFFF)],
        "other": lambda name: [(name, npy_bytes(np.full((2, 2), np.nan)))],
        "text": lambda name: [(name, npy_bytes(np.array("x" * 50)))],
        "missing": lambda name: [],
    }

    def made(kind: str, at: int, compression: int) -> bytes:
        kept = whole[:at] + whole[at + 1 :]
        return zip_bytes(kept + wrong[kind](whole[at][0]), compression)

    methods = st.sampled_from((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    return st.builds(made, st.sampled_from(sorted(wrong)), st.integers(0, len(whole) - 1), methods)
