"""The commands that look at the machine, at speed, and at published results."""

import argparse
from dataclasses import asdict
from pathlib import Path

from neurotrain.commands.output import print_json
from neurotrain.commands.parser import Parser
from neurotrain.errors import InvalidInput, unknown_name

_BENCHMARKS = {
    "engine": ("bench", "bench"),
    "optimizers": ("optimizer_bench", "bench_optimizers"),
}


def add_doctor(parser: Parser) -> None:
    """Look at what this machine has, what is missing, and how to get it."""
    parser.set_defaults(run=_doctor)


def _doctor(arguments: argparse.Namespace) -> int:
    from neurotrain.doctor import examine, format_report

    findings = examine()
    if arguments.json:
        print_json({"findings": [asdict(finding) for finding in findings]})
    else:
        print(format_report(findings))
    return int(any(finding.status == "problem" for finding in findings))


def add_reproduce(parser: Parser) -> None:
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
        print_json(report.as_json())
    else:
        print(report)
    return int(not report.holds)


def add_bench(parser: Parser) -> None:
    """Measure the engine, or the optimizers, beside what else there is."""
    parser.add("subject", nargs="?", metavar="SUBJECT", help=f"one of: {', '.join(_BENCHMARKS)}")
    parser.add("--quick", action="store_true", help="little, within a minute")
    parser.add("--full", action="store_true", help="everything, which takes hours")
    parser.add("--only", metavar="PATTERN", help="part of CASE/VARIANT, or a shell pattern")
    parser.add(
        "--repeats", type=int, metavar="R", help="turns, by default 7, or seeds, by default 10"
    )
    parser.add("--out", metavar="FILE.json", help="keep runs of optimizers; go on from them")
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
    if arguments.out is not None and subject != "optimizers":
        raise InvalidInput(f"--out keeps runs of 'optimizers'; leave it out for '{subject}'.")
    options = {} if arguments.out is None else {"out": Path(arguments.out)}
    extent = "quick" if arguments.quick else "full" if arguments.full else "default"
    show = (lambda text: None) if arguments.json else _print_part
    report = bench(extent, arguments.only, arguments.repeats, show, **options)
    if arguments.json:
        print_json(report.as_json())
    return int(report.failed)


def _print_part(text: str) -> None:
    print(f"{text}\n", flush=True)
