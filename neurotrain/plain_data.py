"""Read texts in TOML and JSON that may be damaged or a stranger's."""

import json
import tomllib
from typing import Any, NoReturn

# Tables within tables; far more than any file of ours has.
MOST_LEVELS = 16


def parse_toml(text: str) -> dict[str, Any]:
    """Return what a text in TOML holds.

    Raises
    ------
    ValueError
        If it is none, or is nested deeper than `MOST_LEVELS`.
    """
    try:
        return _shallow(tomllib.loads(text))
    except RecursionError as error:
        raise _too_deep() from error


def parse_json(text: str | bytes) -> Any:
    """Return what a text in JSON holds; NaN and infinity, which JSON does not know, are refused.

    Raises
    ------
    ValueError
        If it is none, or is nested deeper than `MOST_LEVELS`.
    """
    try:
        return _shallow(json.loads(text, parse_constant=_refuse))
    except RecursionError as error:
        raise _too_deep() from error


def _shallow(content: Any) -> Any:
    level = [content]
    for _ in range(MOST_LEVELS):
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return content
    raise _too_deep()


def _inside(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _too_deep() -> ValueError:
    return ValueError(f"it is nested deeper than {MOST_LEVELS} levels")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"it holds {constant}")
