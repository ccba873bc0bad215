"""Options as plain values, which a run's config.toml can hold."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurotrain.errors import InvalidInput


def plain(name: str, value: Any) -> Any:
    """Return `value` as texts, numbers, lists and mappings.

    Raises
    ------
    InvalidInput
        If there is something else in it, such as a function.
    """
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): plain(f"{name}.{key}", item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(name, item) for item in value]
    if not isinstance(value, bool | int | float | str):
        raise InvalidInput(
            f"'{name}' is {value!r}, which a run folder cannot hold; make the environment "
            "yourself, and give it in place of its name."
        )
    return value
