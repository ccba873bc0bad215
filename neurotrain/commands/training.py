"""The commands that train, and those that look at a run."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neurotrain.commands.executing import add_executing, executing
from neurotrain.commands.output import print_json, say
from neurotrain.commands.parser import Parser


def add_train(parser: Parser) -> None:
    """Train a model on a task."""
    parser.add(
        "task",
        nargs="?",
        metavar="TASK",
        help="one of neurotrain list tasks, neurogym:ID, or FILE.py:NAME",
    )
    parser.add("--model", help="name, or FILE.py:FUNCTION; by default morris-lecar")
    parser.add("--optimizer", help="name of an optimizer, or FILE.py:CLASS")
    parser.add("--loss", help="name, or FILE.py:NAME; the model gets the readout that it needs")
    parser.add("--generations", type=int, metavar="G", help="length of the run")
    parser.add("--trial-simulations", type=int, metavar="T", help="end when these are spent")
    parser.add("--seconds", type=float, metavar="T", help="end after the generation at that time")
    parser.add("--patience", type=int, metavar="V", help="end after V validations in vain")
    parser.add(
        "--candidate-seconds", type=float, metavar="T", help="most processor time of a candidate"
    )
    parser.add("--population", type=int, metavar="P", help="candidates of a generation")
    parser.add("--trials", type=int, metavar="B", help="trials of a generation")
    parser.add("--neurons", type=int, metavar="N", help="neurons of the model")
    parser.add("--sigma", type=float, help="size of the perturbations, in units of the scale")
    parser.add("--learning-rate", type=float, help="step per generation, in units of the scale")
    parser.add(
        "--option",
        action="append",
        metavar="PART.NAME=VALUE",
        help="an option of a part of the run, such as model.dale=0.8; any number",
    )
    parser.add("--seed", type=int, metavar="S", help="from which everything random follows")
    parser.add("--execution", metavar="E", help="how to simulate, such as fused or brian2")
    add_executing(parser)
    parser.add("--config", metavar="FILE.toml", help="settings; those given here go before")
    parser.add("--out", metavar="DIR", help="run folder, by default runs/TASK-LOSS-seedS")
    parser.add("--no-figures", action="store_true", help="do not make figures at the end")
    parser.set_defaults(run=_train)


def _train(arguments: argparse.Namespace) -> None:
    from neurotrain.training.command_line import training_arguments
    from neurotrain.training.trainer import train

    settings = {**training_arguments(arguments), **executing(arguments)}
    result = train(settings.pop("circuit"), settings.pop("task"), **settings)
    _finish(result, arguments)


def add_resume(parser: Parser) -> None:
    """Go on with a run that was interrupted, as if it had not been."""
    parser.add("folder", metavar="DIR", help="run folder")
    add_executing(parser)
    parser.add("--no-figures", action="store_true", help="do not make figures at the end")
    parser.set_defaults(run=_resume)


def _resume(arguments: argparse.Namespace) -> None:
    from neurotrain.training.trainer import resume

    _finish(resume(arguments.folder, **executing(arguments)), arguments)


def _finish(result: Any, arguments: argparse.Namespace) -> None:
    """Make the figures of a complete run and print its result."""
    if not arguments.no_figures:
        try:
            result.plot()
        except Exception as error:
            from neurotrain.training.run_folder import command

            if arguments.debug:
                raise
            # The training itself is done and safe.
            again = command("plot", result.folder)
            say(f"warning: no figures: {type(error).__name__}: {error}; make them with: {again}")
    _print_result(result.summary, result.folder, arguments.json)


def add_evaluate(parser: Parser) -> None:
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


def add_plot(parser: Parser) -> None:
    """Make the figures of a run again, and its page, index.html."""
    parser.add("folder", metavar="DIR", help="run folder")
    parser.set_defaults(run=_plot)


def _plot(arguments: argparse.Namespace) -> None:
    from neurotrain.training.result import Result

    result = Result.load(arguments.folder)
    _print_files(result.plot(), "figures", arguments.json, page=str(result.folder / "index.html"))


def add_report(parser: Parser) -> None:
    """Write curves, confusions, rates and rasters of a run, as figures and as CSV."""
    parser.add("folder", metavar="DIR", help="run folder")
    parser.add("--trials", type=int, metavar="N", help="by default 500, or those of the run's test")
    parser.add("--condition", metavar="NAME", help="the main condition, against which curves are")
    parser.set_defaults(run=_report)


def _report(arguments: argparse.Namespace) -> None:
    from neurotrain.training.result import Result

    result = Result.load(arguments.folder)
    folder = result.report(arguments.trials, arguments.condition)
    _print_files(folder, "files", arguments.json)


def _print_files(folder: Path, what: str, as_json: bool, **beside: str) -> None:
    names = sorted(path.name for path in folder.iterdir())
    if as_json:
        return print_json({"folder": str(folder), what: names, **beside})
    print("\n".join([f"{folder}: {', '.join(names)}", *beside.values()]))


def _print_result(summary: Mapping[str, Any], folder: Path, as_json: bool) -> None:
    if as_json:
        return print_json({**summary, "folder": str(folder)})
    from neurotrain.training.report import format_summary

    print(format_summary(summary, folder))
