"""PyTorch, for what needs it, or a sentence on how to install it; and how many threads it has."""

from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def torch_threads(count: int | None) -> Iterator[None]:
    """Give PyTorch so many threads for a while; by default as many as it has."""
    torch = require_torch()
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
