"""What travels between the processes of one run.

Messages are pickles, as with every executor of Python: a worker does what the trainer says. They
never lie on a disk, and nobody else is listened to.
"""

from typing import Any

import cloudpickle


def pack(message: Any) -> bytes:
    """Return a message, with all that a notebook or script defines, as bytes."""
    return cloudpickle.dumps(message)


def unpack(packed: bytes) -> Any:
    """Return what `pack` packed, in this or another process of the run."""
    return cloudpickle.loads(packed)
