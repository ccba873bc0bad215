"""What ptxas, the assembler of NVIDIA's compiler, tells with its option ``-v`` of each function."""

import re
from dataclasses import dataclass

_TOLD = re.compile(
    r"Function properties for (?P<name>\S+)\n"
    r"\s*(?P<stack>\d+) bytes stack frame, "
    r"(?P<stores>\d+) bytes spill stores, (?P<loads>\d+) bytes spill loads"
    r"(?:\n.*Used (?P<registers>\d+) registers)?"
)


@dataclass(frozen=True)
class Compiled:
    """A function compiled for one architecture.

    Parameters
    ----------
    name : str
        Mangled.
    registers : int or None
        Of a thread; None for what is no kernel but called by one.
    spilled : int
        Bytes written to memory and read back, since they do not fit into registers.
    stack : int
        Bytes.
    """

    name: str
    registers: int | None
    spilled: int
    stack: int


def compiled_functions(told: str) -> list[Compiled]:
    """Return all that ptxas tells of, once for each architecture."""
    return [
        Compiled(
            name=one["name"],
            registers=one["registers"] and int(one["registers"]),
            spilled=int(one["stores"]) + int(one["loads"]),
            stack=int(one["stack"]),
        )
        for one in _TOLD.finditer(told)
    ]
