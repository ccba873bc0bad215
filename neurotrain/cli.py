"""The command line: finds the command, runs it, and words what went wrong."""

import argparse
import sys
import traceback
import warnings
from collections.abc import Callable
from contextlib import chdir, contextmanager
from errno import ENAMETOOLONG
from importlib import import_module
from pathlib import Path

from neurotrain import __version__
from neurotrain.commands import COMMANDS
from neurotrain.commands.output import say
from neurotrain.commands.parser import Parser
from neurotrain.errors import InvalidInput, NeurotrainError, unknown_name

# Brian2 evaluates what is in a file of this name in the current folder.
_BESIDE = "brian_preferences"


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return 0 for done, 1 failed, 2 wrong use, 130 stopped by Ctrl-C."""
    argv = sys.argv[1:] if argv is None else argv
    try:
        arguments = _parse(argv)
        _ignore_settings_beside()
        if arguments.command not in ("list", "bench", "doctor"):
            _spare_brian2_the_compiler()
        with _short_warnings():
            return arguments.run(arguments) or 0
    except KeyboardInterrupt as interrupt:
        say(str(interrupt) or "Stopped.")
        return 130
    except BrokenPipeError:
        # Whoever read the output has had enough of it.
        sys.stderr.close()
        return 1
    except Exception as error:
        if "--debug" in argv:
            traceback.print_exc()
        return _report(error)


def _ignore_settings_beside() -> None:
    """Import Brian2 where there are no settings for it, which it executes.

    Who looks at a stranger's folder from inside would execute what the stranger has put there.
    """
    if Path(_BESIDE).exists():
        say(f"warning: ./{_BESIDE}, which may be a stranger's, is left alone.")
        with chdir("/"):
            import_module("brian2")


def _spare_brian2_the_compiler() -> None:
    """Let Brian2 interpret what sets a circuit up: compiling that takes longer than doing it."""
    from brian2 import prefs

    prefs.codegen.target = "numpy"


def _report(error: Exception) -> int:
    """Print an error in one line and return the exit code."""
    if isinstance(error, NeurotrainError):
        say(f"error: {error}")
        return error.exit_code
    # Wherever it was looked for, it was typed.
    if isinstance(error, OSError) and error.errno == ENAMETOOLONG:
        say(f"error: '{str(error.filename)[:40]}...' is longer than a file's name can be.")
        return 2
    if isinstance(error, MemoryError):
        say("error: There is not enough memory; take fewer neurons, trials or candidates.")
        return 1
    say(f"failed: {type(error).__name__}: {error} (--debug shows where)")
    return 1


@contextmanager
def _short_warnings():
    """Print warnings as one line each."""

    def show(message, category, filename, lineno, file=None, line=None) -> None:
        say(f"warning: {message}")

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = Parser(
        prog="neurotrain",
        description="Train networks of detailed neurons, written in Brian2, with evolution "
        "strategies.",
    )
    parser.add_argument("--version", action="version", version=f"neurotrain {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    for name, add in COMMANDS.items():
        command = commands.add_parser(name, help=add.__doc__, description=add.__doc__)
        # The options of all commands take longer to set up than much of what is done.
        if name in argv:
            _add_options(command, add)
    if not argv:
        raise InvalidInput(f"Say what to do: neurotrain {'|'.join(COMMANDS)} (or --help).")
    if not argv[0].startswith("-") and argv[0] not in COMMANDS:
        raise unknown_name("command", argv[0], COMMANDS)
    arguments, unknown = parser.parse_known_args(argv)
    if unknown:
        flag = unknown[0].split("=")[0]
        if arguments.command and flag.startswith("--"):
            known = commands.choices[arguments.command].flags
            raise unknown_name(f"option of '{arguments.command}'", flag, known)
        raise InvalidInput(f"'{unknown[0]}' is one argument too many; see --help.")
    return arguments


def _add_options(parser: Parser, add: Callable[[Parser], None]) -> None:
    add(parser)
    parser.add("--json", action="store_true", help="print JSON on stdout")
    parser.add("--debug", action="store_true", help="show the traceback of an error")
