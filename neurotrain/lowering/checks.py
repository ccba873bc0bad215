"""What Brian2 says of a model that it refuses, in sentences that name the part."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from brian2 import DimensionMismatchError
from brian2.core.base import BrianObjectException

from neurotrain.errors import InvalidInput, NeurotrainError

WAY_OUT = "Use execution='brian2', which runs every circuit."


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn what Brian2 raises about a part of the model into one line that names the part."""
    try:
        yield
    except DimensionMismatchError as error:
        raise InvalidInput(f"Units do not agree in {what}: {_line(error)}") from error
    except KeyError as error:
        if "could not be resolved" not in _line(error):
            raise InvalidInput(
                f"Brian2 cannot translate {what}: it uses {_line(error)}, no variable there."
            ) from error
        raise InvalidInput(
            f"A name has no value in {what}: {_line(error.args[0])} Pass it in namespace={{...}}."
        ) from error
    except BrianObjectException as error:
        raise InvalidInput(f"Brian2 refuses {what}: {_line(error.args[0])}") from error
    except NeurotrainError:
        raise
    # Of what is not in its grammar, Brian2 refuses some in whatever way comes first.
    except Exception as error:
        raise InvalidInput(f"Brian2 cannot translate {what}: {_line(error)}") from error


def _line(message: object) -> str:
    return " ".join(str(message).split())


def require_no_texts(what: str, code: object) -> None:
    """Raise for a text in quotes, which SymPy, called by Brian2, would execute as Python."""
    if isinstance(code, str) and ("'" in code or '"' in code):
        raise InvalidInput(f"There is a text in quotes in {what}; equations know numbers only.")


def owner_name(variable: Any) -> str | None:
    """Return the name of the object that a variable belongs to, or None where it is gone."""
    try:
        return None if variable.owner is None else variable.owner.name
    except ReferenceError:
        return None
