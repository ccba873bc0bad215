"""The command line: parses, calls the library, prints."""

import argparse
import json
import sys
import traceback
import warnings
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from neurotrain import __version__
from neurotrain.command_parser import Parser
from neurotrain.errors import InvalidInput, NeurotrainError, unknown_name

KINDS = ("models", "tasks", "optimizers", "losses", "experiments")
_BENCHMARKS = {
    "engine": ("bench", "bench"),
    "optimizers": ("optimizer_bench", "bench_optimizers"),
}


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return 0 for done, 1 failed, 2 wrong use, 130 stopped by Ctrl-C."""
    argv = sys.argv[1:] if argv is None else argv
    try:
        arguments = _parse(argv)
        if arguments.command in ("train", "resume", "evaluate", "plot", "reproduce"):
            _spare_brian2_the_compiler()
        with _short_warnings():
            return arguments.run(arguments) or 0
    except KeyboardInterrupt as interrupt:
        _say(str(interrupt) or "Stopped.")
        return 130
    except BrokenPipeError:
        # Whoever read the output has had enough of it.
        sys.stderr.close()
        return 1
    except Exception as error:
        if "--debug" in argv:
            traceback.print_exc()
        return _report(error)


def _spare_brian2_the_compiler() -> None:
    """Let Brian2 interpret what sets a circuit up: compiling that takes longer than doing it."""
    from brian2 import prefs

    prefs.codegen.target = "numpy"


def _report(error: Exception) -> int:
    """Print an error in one line and return the exit code."""
    if isinstance(error, NeurotrainError):
        _say(f"error: {error}")
        return error.exit_code
    _say(f"failed: {type(error).__name__}: {error} (--debug shows where)")
    return 1


def _say(text: str) -> None:
    print("neurotrain:", " ".join(text.splitlines()), file=sys.stderr)


@contextmanager
def _short_warnings():
    """Print warnings as one line each."""

    def show(message, category, filename, lineno, file=None, line=None) -> None:
        _say(f"warning: {message}")

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
    parsers = {name: _add_command(commands, name, add) for name, add in _COMMANDS.items()}
    if not argv:
        raise InvalidInput(f"Say what to do: neurotrain {'|'.join(_COMMANDS)} (or --help).")
    if not argv[0].startswith("-") and argv[0] not in _COMMANDS:
        raise unknown_name("command", argv[0], _COMMANDS)
    arguments, unknown = parser.parse_known_args(argv)
    if unknown:
        flag = unknown[0].split("=")[0]
        if arguments.command and flag.startswith("--"):
            known = parsers[arguments.command].flags
            raise unknown_name(f"option of '{arguments.command}'", flag, known)
        raise InvalidInput(f"'{unknown[0]}' is one argument too many; see --help.")
    return arguments


def _add_command(commands: Any, name: str, add: Callable[[Parser], None]) -> Parser:
    description = add.__doc__
    parser = commands.add_parser(name, help=description, description=description)
    add(parser)
    parser.add("--json", action="store_true", help="print JSON on stdout")
    parser.add("--debug", action="store_true", help="show the traceback of an error")
    return parser


def _add_list(parser: Parser) -> None:
    """List what can be trained, on what, and how."""
    parser.add("kind", nargs="?", metavar="KIND", help=f"one of: {', '.join(KINDS)}")
    parser.set_defaults(run=_list)


def _list(arguments: argparse.Namespace) -> None:
    from neurotrain import catalog

    kinds = [arguments.kind] if arguments.kind else list(KINDS)
    found = {kind: {n: catalog.summary(kind, n) for n in catalog.names(kind)} for kind in kinds}
    if arguments.json:
        return _print_json(found)
    for kind, members in found.items():
        print(kind)
        for name, summary in members.items():
            print(f"  {name:<30}{summary}")


def _add_train(parser: Parser) -> None:
    """Train a model on a task."""
    parser.add("task", nargs="?", metavar="TASK", help="name of a task; see neurotrain list tasks")
    parser.add("--model", help="name, or FILE.py:FUNCTION; by default morris-lecar")
    parser.add("--optimizer", help="name of an optimizer")
    parser.add("--loss", help="name of a loss; the model gets the readout that it needs")
    parser.add("--generations", type=int, metavar="G", help="length of the run")
    parser.add("--trial-simulations", type=int, metavar="T", help="end when these are spent")
    parser.add("--seconds", type=float, metavar="T", help="end after the generation at that time")
    parser.add("--patience", type=int, metavar="V", help="end after V validations in vain")
    parser.add("--population", type=int, metavar="P", help="candidates of a generation")
    parser.add("--trials", type=int, metavar="B", help="trials of a generation")
    parser.add("--neurons", type=int, metavar="N", help="neurons of the model")
    parser.add("--sigma", type=float, help="size of the perturbations, in units of the scale")
    parser.add("--learning-rate", type=float, help="step per generation, in units of the scale")
    parser.add(
        "--option",
        action="append",
        metavar="PART.NAME=VALUE",
        help="an option of model, task, loss or optimizer, such as model.dale=0.8; any number",
    )
    parser.add("--seed", type=int, metavar="S", help="from which everything random follows")
    parser.add("--execution", metavar="E", help="how to simulate, such as fused or brian2")
    parser.add("--workers", type=int, metavar="W", help="threads; by default all cores")
    parser.add("--config", metavar="FILE.toml", help="settings; those given here go before")
    parser.add("--out", metavar="DIR", help="run folder, by default runs/TASK-LOSS-seedS")
    parser.add("--no-figures", action="store_true", help="do not make figures at the end")
    parser.set_defaults(run=_train)


def _train(arguments: argparse.Namespace) -> None:
    from neurotrain.training.command_line import training_arguments
    from neurotrain.training.trainer import train

    settings = training_arguments(arguments)
    result = train(settings.pop("circuit"), settings.pop("task"), **settings)
    _finish(result, arguments)


def _add_resume(parser: Parser) -> None:
    """Go on with a run that was interrupted, as if it had not been."""
    parser.add("folder", metavar="DIR", help="run folder")
    parser.add("--workers", type=int, metavar="W", help="threads; do not change results")
    parser.add("--no-figures", action="store_true", help="do not make figures at the end")
    parser.set_defaults(run=_resume)


def _resume(arguments: argparse.Namespace) -> None:
    from neurotrain.training.trainer import resume

    _finish(resume(arguments.folder, threads=arguments.workers), arguments)


def _finish(result: Any, arguments: argparse.Namespace) -> None:
    """Make the figures of a complete run and print its result."""
    if not arguments.no_figures:
        try:
            result.plot()
        except Exception as error:
            if arguments.debug:
                raise
            # The training itself is done and safe.
            _say(f"warning: no figures: {type(error).__name__}: {error}")
    _print_result(result.summary, result.folder, arguments.json)


def _add_evaluate(parser: Parser) -> None:
    """Test the result of a run on new trials."""
    parser.add("folder", metavar="DIR", help="run folder")
    parser.add("--trials", type=int, metavar="N", help="by default as many as in the run's test")
    parser.add("--seed", type=int, metavar="S", help="by default the run's: its own test again")
    parser.set_defaults(run=_evaluate)


def _evaluate(arguments: argparse.Namespace) -> None:
    from neurotrain.training.result import Result

    result = Result.load(arguments.folder)
    summary = result.evaluate(arguments.trials, arguments.seed)
    _print_result(summary, result.folder, arguments.json)


def _add_plot(parser: Parser) -> None:
    """Make the figures of a run again."""
    parser.add("folder", metavar="DIR", help="run folder")
    parser.set_defaults(run=_plot)


def _plot(arguments: argparse.Namespace) -> None:
    from neurotrain.training.result import Result

    figures = Result.load(arguments.folder).plot()
    names = sorted(path.name for path in figures.iterdir())
    if arguments.json:
        return _print_json({"folder": str(figures), "figures": names})
    print(f"{figures}: {', '.join(names)}")


def _add_doctor(parser: Parser) -> None:
    """Look at what this machine has, what is missing, and how to get it."""
    parser.set_defaults(run=_doctor)


def _doctor(arguments: argparse.Namespace) -> int:
    from neurotrain.doctor import examine, format_report

    findings = examine()
    if arguments.json:
        _print_json({"findings": [asdict(finding) for finding in findings]})
    else:
        print(format_report(findings))
    return int(any(finding.status == "problem" for finding in findings))


def _add_reproduce(parser: Parser) -> None:
    """Obtain a published result anew, and compare it; see neurotrain list experiments."""
    parser.add("name", metavar="NAME", help="name of an experiment")
    parser.add("--quick", action="store_true", help="a small form, in a minute or so")
    parser.add("--workers", type=int, metavar="W", help="threads; do not change results")
    parser.add("--out", metavar="DIR", help="folder of its trainings, which go on from there")
    parser.set_defaults(run=_reproduce)


def _reproduce(arguments: argparse.Namespace) -> int:
    from neurotrain.experiments import reproduce

    out = Path(arguments.out) if arguments.out else None
    report = reproduce(arguments.name, quick=arguments.quick, out=out, threads=arguments.workers)
    if arguments.json:
        _print_json(report.as_json())
    else:
        print(report)
    return int(not report.holds)


def _add_bench(parser: Parser) -> None:
    """Measure the engine, or the optimizers, beside what else there is."""
    parser.add("subject", nargs="?", metavar="SUBJECT", help=f"one of: {', '.join(_BENCHMARKS)}")
    parser.add("--quick", action="store_true", help="little, within a minute")
    parser.add("--full", action="store_true", help="everything, which takes hours")
    parser.add("--only", metavar="PATTERN", help="part of CASE/VARIANT, or a shell pattern")
    parser.add(
        "--repeats", type=int, metavar="R", help="turns, by default 7, or seeds, by default 10"
    )
    parser.set_defaults(run=_bench)


def _bench(arguments: argparse.Namespace) -> int:
    from importlib import import_module

    subject = arguments.subject or "engine"
    if subject not in _BENCHMARKS:
        raise unknown_name("benchmark", subject, _BENCHMARKS)
    module, function = _BENCHMARKS[subject]
    bench = getattr(import_module(f"neurotrain.benchmarks.{module}"), function)
    if arguments.quick and arguments.full:
        raise InvalidInput("--quick and --full contradict each other; give one of them.")
    extent = "quick" if arguments.quick else "full" if arguments.full else "default"
    show = (lambda text: None) if arguments.json else _print_part
    report = bench(extent, arguments.only, arguments.repeats, show)
    if arguments.json:
        _print_json(report.as_json())
    return int(report.failed)


def _print_part(text: str) -> None:
    print(f"{text}\n", flush=True)


_COMMANDS = {
    "list": _add_list,
    "train": _add_train,
    "resume": _add_resume,
    "evaluate": _add_evaluate,
    "plot": _add_plot,
    "reproduce": _add_reproduce,
    "bench": _add_bench,
    "doctor": _add_doctor,
}


def _print_json(content: Mapping[str, Any]) -> None:
    print(json.dumps(content, indent=2))


def _print_result(summary: Mapping[str, Any], folder: Path, as_json: bool) -> None:
    if as_json:
        return _print_json({**summary, "folder": str(folder)})
    from neurotrain.training.report import format_summary

    print(format_summary(summary, folder))
