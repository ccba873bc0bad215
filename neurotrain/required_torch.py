"""PyTorch, for what needs it, or a sentence on how to install it."""

from typing import Any

from neurotrain.errors import InvalidInput


def require_torch() -> Any:
    """Return PyTorch.

    Raises
    ------
    InvalidInput
        Where it is not installed.
    """
    try:
        import torch
    except ImportError as error:
        raise InvalidInput(
            "This needs PyTorch; install it with pip install 'neurotrain[torch]'."
        ) from error
    return torch
