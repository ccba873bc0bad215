"""What travels between the processes of one run.

Messages are pickles, as with every executor of Python: a worker does what the trainer says. They
never lie on a disk, and nobody else is listened to.
"""

from typing import Any

import cloudpickle

from neurotrain.user_file import loaded_files


def pack(message: Any) -> bytes:
    """Return a message, with all that a notebook, script or named file defines, as bytes."""
    for module in loaded_files():
        cloudpickle.register_pickle_by_value(module)
    return cloudpickle.dumps(message)


def unpack(packed: bytes) -> Any:
    """Return what `pack` packed, in this or another process of the run."""
    return cloudpickle.loads(packed)
