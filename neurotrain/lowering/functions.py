"""Functions of the user's that carry a C++ implementation."""

import re
from typing import Any

from brian2.core.functions import Function as BrianFunction

from neurotrain.errors import UnsupportedModel
from neurotrain.lowering.checks import WAY_OUT
from neurotrain.lowering.program import Function


def user_function(symbol: str, name: str, function: BrianFunction, owner: Any) -> Function:
    """Return a function of the user's.

    Raises
    ------
    UnsupportedModel
        Where it has no C++ implementation, or one that needs more than its arguments.
    """
    code = "\n".join(_codes(name, function, owner))
    called = _implementation(name, function, owner).name or name
    code = re.sub(rf"\b{re.escape(called)}\b", symbol, code)
    return Function(symbol, "user", code=_enclosed(symbol, code))


def _enclosed(symbol: str, code: str) -> str:
    """Return code in a namespace, since two functions may need others of one name."""
    include = r"^\s*#\s*include\b.*$"
    outside = "\n".join(re.findall(include, code, flags=re.MULTILINE))
    inside = re.sub(include, "", code, flags=re.MULTILINE)
    return f"{outside}\nnamespace of_{symbol} {{\n{inside}\n}}\nusing of_{symbol}::{symbol};"


def _implementation(name: str, function: BrianFunction, owner: Any) -> Any:
    if function.auto_vectorise or not _has_cpp(function):
        raise UnsupportedModel(
            f"'{owner.name}' uses the function '{name}', which has no C++ implementation that the "
            f"fused execution could use; add one with @implementation('cpp', ...). {WAY_OUT}"
        )
    implementation = function.implementations["cpp"]
    if implementation.get_namespace(owner):
        raise UnsupportedModel(
            f"The C++ implementation of the function '{name}' of '{owner.name}' reads arrays, "
            f"which the fused execution does not cover. {WAY_OUT}"
        )
    return implementation


def _has_cpp(function: BrianFunction) -> bool:
    try:
        return function.implementations["cpp"] is not None
    except KeyError:
        return False


def _codes(name: str, function: BrianFunction, owner: Any) -> list[str]:
    implementation = _implementation(name, function, owner)
    codes = []
    for other, dependency in (implementation.dependencies or {}).items():
        codes += _codes(other, dependency, owner)
    code = implementation.get_code(owner)
    if isinstance(code, dict):
        if set(code) - {"support_code"}:
            raise UnsupportedModel(
                f"The C++ implementation of the function '{name}' of '{owner.name}' needs "
                f"'{min(set(code) - {'support_code'})}', which the fused execution does not "
                f"cover. {WAY_OUT}"
            )
        code = code.get("support_code", "")
    return [*codes, str(code or "")]
