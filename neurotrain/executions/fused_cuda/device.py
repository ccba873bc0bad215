"""A device's memory, and what is asked of it, through a compiled library."""

import ctypes
from typing import Any

import numpy as np

from neurotrain.errors import DeviceFailed
from neurotrain.executions.cuda.toolkit import WITHOUT
from neurotrain.executions.fused import interface as c
from neurotrain.executions.fused.pack import Packed
from neurotrain.executions.fused.values import Values
from neurotrain.lowering.program import Program

_OUT_OF_MEMORY = 2


class Device:
    """The functions of a compiled library; frees what it has allocated when the `with` ends.

    Parameters
    ----------
    library : ctypes.CDLL
    """

    def __init__(self, library: ctypes.CDLL) -> None:
        self.library = library
        library.neurotrain_error.restype = ctypes.c_char_p
        self.taken: list[ctypes.c_void_p] = []

    def __enter__(self) -> "Device":
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Free all memory."""
        for memory in self.taken:
            self.library.neurotrain_free(memory)

    def call(self, name: str, *arguments: Any, doing: str) -> None:
        """Call a function of the library.

        Raises
        ------
        DeviceFailed
            If it does not return 0.
        """
        error = getattr(self.library, f"neurotrain_{name}")(*arguments)
        if error:
            text = self.library.neurotrain_error(error).decode()
            remedy = "Take fewer candidates or trials at once; " if error == _OUT_OF_MEMORY else ""
            raise DeviceFailed(f"The GPU failed {doing}: {text}. {remedy}{WITHOUT}")

    def facts(self) -> tuple[int, int]:
        """Return how many processors the device has, and the most shared memory of a block."""
        found = (ctypes.c_int64 * 2)()
        places = (ctypes.byref(found), ctypes.byref(found, 8))
        self.call("device", *places, doing="to answer (is there one, and its driver?)")
        return found[0], found[1]

    def room(self, run: c.Run, most_shared: int) -> tuple[int, int]:
        """Return the bytes of shared memory and of scratch that a block needs."""
        found = (ctypes.c_int64 * 2)()
        self.library.neurotrain_room(
            ctypes.byref(run), ctypes.c_int64(most_shared), found, ctypes.byref(found, 8)
        )
        return found[0], found[1]

    def resident(self, threads: int, shared: int) -> int:
        """Return how many blocks run at once on each of the device's processors."""
        found = ctypes.c_int()
        self.call(
            *("resident", threads, ctypes.c_int64(shared), ctypes.byref(found)),
            doing=f"to take blocks of {threads} threads with {shared} bytes of shared memory",
        )
        return max(1, found.value)

    def allocate(self, size: int) -> int:
        """Return the address of so many bytes."""
        memory = ctypes.c_void_p()
        self.call(
            *("allocate", ctypes.c_int64(max(1, size)), ctypes.byref(memory)),
            doing=f"to make room for {size / 1e6:.3g} MB",
        )
        self.taken.append(memory)
        return memory.value or 0

    def upload(self, host: int, size: int) -> int:
        """Return the address of a copy of what lies at an address of the host."""
        address = self.allocate(size)
        self._copy("upload", address, host, size)
        return address

    def download(self, array: np.ndarray, address: int) -> None:
        """Copy what lies at an address into an array."""
        self._copy("download", array.ctypes.data, address, array.nbytes)

    def _copy(self, name: str, to: int, origin: int, size: int) -> None:
        places = (ctypes.c_void_p(to), ctypes.c_void_p(origin), ctypes.c_int64(size))
        if size:
            self.call(name, *places, doing=f"in the {name} of {size / 1e6:.3g} MB")


class OnDevice(Packed):
    """Structures on a device; the addresses that they hold are its own."""

    def __init__(self, program: Program, values: Values, device: Device) -> None:
        super().__init__(program, values)
        self.device = device
        self.outputs: list[tuple[np.ndarray, int]] = []
        self.hosts: dict[int, int] = {}

    def pointer(self, array: np.ndarray) -> int:
        """Return the address of a copy."""
        return self._uploaded(array, array.ctypes.data, array.nbytes)

    def strided(self, values: np.ndarray) -> c.Array:
        """Return an array that has no gaps, since only its own bytes are copied."""
        return super().strided(np.ascontiguousarray(values))

    def structures(self, kind: type, items: list[Any]) -> int:
        """Return the address of structures one after the other."""
        array = (kind * max(1, len(items)))(*items)
        return self._uploaded(array, ctypes.addressof(array), ctypes.sizeof(array))

    def _uploaded(self, alive: Any, host: int, size: int) -> int:
        self.alive.append(alive)
        address = self.device.upload(host, size)
        self.hosts[address] = host
        return address

    def output(self, array: np.ndarray) -> int:
        """Return the address of what `download` brings back."""
        address = self.pointer(array)
        self.outputs.append((array, address))
        return address

    def download(self) -> None:
        """Bring back all that was written."""
        for array, address in self.outputs:
            self.device.download(array, address)

    def on_host(self, run: c.Run) -> c.Run:
        """Return a call whose own addresses, not those within structures, are the host's."""
        host = c.Run.from_buffer_copy(run)
        for name, kind in c.Run._fields_:
            if kind is ctypes.c_void_p:
                address = getattr(host, name)
                setattr(host, name, self.hosts.get(address, address))
        return host
