"""The errors a user can meet; each message says what is wrong, where, and what to do."""

from collections.abc import Iterable
from difflib import get_close_matches
from logging import Filter, LogRecord, getLogger
from math import inf, isfinite
from numbers import Integral, Real
from os.path import exists, isdir, isfile
from pathlib import Path
from sys import float_info


class NeurotrainError(Exception):
    """Base of every error that neurotrain raises on purpose."""

    exit_code = 2


class InvalidInput(NeurotrainError, ValueError):
    """A value, name, shape or unit that the user gave is wrong."""


class UnsupportedModel(NeurotrainError):
    """A Brian2 model uses something that the chosen execution does not cover."""


class CompilerNotFound(NeurotrainError):
    """No working C++ compiler was found."""


class RunFolderError(NeurotrainError):
    """A run folder or a file in it is missing, damaged, or belongs to another run."""


class UntrustedFile(NeurotrainError):
    """A run folder, or a file of settings, names a file that the user has not named yet."""


class NotWritten(RunFolderError):
    """A file of a run that was going on could not be written, as on a full disk."""

    exit_code = 1


class DeviceFailed(NeurotrainError):
    """A GPU is missing, has no room, or failed while it computed."""

    exit_code = 1


class TrainingFailed(NeurotrainError):
    """Training started correctly and could not go on."""

    exit_code = 1


def unknown_name(kind: str, name: str, known: Iterable[str]) -> InvalidInput:
    """Return the error for a name that is not among `known`, with the nearest one."""
    known = sorted(known)
    begun = [one for one in known if name and one.startswith(name)]
    nearest = begun[:1] or get_close_matches(name, known, n=1, cutoff=0.4)
    hint = f"did you mean '{nearest[0]}'?" if nearest else f"choose from: {', '.join(known)}."
    return InvalidInput(f"There is no {kind} called '{name}'; {hint}")


def require_name(kind: str, name: object, known: Iterable[str]) -> None:
    """Raise `InvalidInput` unless `name` is one of `known`."""
    if not isinstance(name, str):
        raise InvalidInput(f"A {kind} is called by its name, got {name!r}.")
    if name not in known:
        raise unknown_name(kind, name, known)


def require_whole(name: str, value: object, least: int = 1) -> None:
    """Raise `InvalidInput` unless `value` is a whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise InvalidInput(f"{name} must be a whole number of at least {least}, got {value!r}.")


def require_number(
    name: str,
    value: object,
    *,
    least: float = -inf,
    above: float = -inf,
    most: float = inf,
    below: float = inf,
) -> None:
    """Raise `InvalidInput` unless `value` is a finite number within the bounds."""
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    # Python's whole numbers may be larger than any float, and become one later on.
    if is_number and isinstance(value, Integral):
        is_number = abs(value) <= float_info.max
    if not is_number or not (least <= value <= most and above < value < below):
        bounds = {"of at least": least, "above": above, "of at most": most, "below": below}
        said = " and ".join(f"{how} {bound:g}" for how, bound in bounds.items() if isfinite(bound))
        raise InvalidInput(f"{name} must be a finite number{said and ' ' + said}, got {value!r}.")


def describe(error: BaseException) -> str:
    """Return kind and message of an exception in one line."""
    message = " ".join(str(error).split())
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def require_ending(path: Path) -> None:
    """Raise `InvalidInput` where reading might never end: at a device, a pipe or a socket."""
    if exists(path) and not (isfile(path) or isdir(path)):
        raise InvalidInput(f"'{path}' is no file but a device or a pipe; copy it into a file.")


class _NotUnexpected(Filter):
    """Brian2, once imported, reports every error that ends a program as one of its own.

    It asks that it be reported to Brian2's authors, before the traceback, and this would hide what
    our error asks of the user.
    """

    def filter(self, record: LogRecord) -> bool:
        """Let every record through, with other words where the error is ours."""
        if record.exc_info and isinstance(record.exc_info[1], NeurotrainError):
            record.name, record.args = "neurotrain", ()
            record.msg = "The last line says what is wrong and what to do:"
        return True


getLogger("brian2").addFilter(_NotUnexpected())
