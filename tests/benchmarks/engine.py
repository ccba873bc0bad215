"""How fast the engine is: beside a hand-written kernel, and beside Brian2's C++ standalone.

Run as ``python tests/benchmarks/engine.py [--json FILE] [--repeats R]``.
"""

import argparse
import json
import platform
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from agreement import PRECISIONS, check_agreement
from network import Size, Work
from reference import Reference, fastest_reference
from standalone_process import Standalone

from neurotrain.doctor import cpu_features
from neurotrain.executions.fused.compiler import find_compiler


@dataclass(frozen=True)
class Variant:
    """Something to time.

    Parameters
    ----------
    case, name : str
    reference : str
        The variant of the same case that it is compared with.
    neuron_steps : int
        Work of one run.
    run : callable
        Runs once and returns CPU seconds.
    """

    case: str
    name: str
    reference: str
    neuron_steps: int
    run: Callable[[], float]


def time_fused(work: Work, execution: str) -> float:
    """Return the CPU seconds of one call of the public interface, in one thread."""
    start = time.process_time()
    work.circuit.simulate(
        work.candidates, work.trials, work.initial_state, execution=execution, threads=1
    )
    return time.process_time() - start


def measure(variants: list[Variant], repeats: int) -> dict[tuple[str, str], np.ndarray]:
    """Return ns per neuron-step of every repeat; the variants take turns."""
    for variant in variants:
        variant.run()
    seconds = [[variant.run() for variant in variants] for _ in range(repeats)]
    return {
        (v.case, v.name): np.array(column) / v.neuron_steps * 1e9
        for v, column in zip(variants, zip(*seconds, strict=True), strict=True)
    }


def variants_of(
    work: Work, references: dict[str, Reference], standalone: Standalone
) -> list[Variant]:
    """Return what is timed: each precision beside its hand-written kernel, and Brian2."""
    size = work.size
    case = f"Morris-Lecar, {size.method}, N={size.neurons}, B={size.trials}, K={size.channels}"
    variants = []
    for precision, reference in references.items():
        hand = f"hand-written {precision}"
        variants += [
            Variant(case, hand, hand, size.neuron_steps, lambda r=reference: r.run(work).seconds),
            Variant(
                case,
                f"fused {precision}",
                hand,
                size.neuron_steps,
                lambda p=precision: time_fused(work, PRECISIONS[p]),
            ),
        ]
    brian2 = Variant(
        case,
        "Brian2 C++ standalone",
        "hand-written float64",
        size.neuron_steps // size.candidates,
        standalone.run,
    )
    return [*variants, brian2]


def table(variants: list[Variant], times: dict[tuple[str, str], np.ndarray]) -> list[dict]:
    """Return the rows of the report."""
    rows = []
    for variant in variants:
        own, reference = times[variant.case, variant.name], times[variant.case, variant.reference]
        rows.append(
            {
                "case": variant.case,
                "variant": variant.name,
                "ns_per_neuron_step": float(np.median(own)),
                "min_ns": float(own.min()),
                "max_ns": float(own.max()),
                "reference": variant.reference,
                "ratio_to_reference": float(np.median(own) / np.median(reference)),
            }
        )
    return rows


def describe_machine() -> dict[str, str]:
    """Return processor, its vector features, compiler and interpreter."""
    model, features = cpu_features(Path("/proc/cpuinfo"))
    version = subprocess.run([find_compiler(), "--version"], capture_output=True, text=True)
    return {
        "processor": model,
        "features": " ".join(features),
        "compiler": version.stdout.splitlines()[0],
        "python": platform.python_version(),
    }


def print_table(rows: list[dict]) -> None:
    """Print the rows, one below the other."""
    print(f"\n{rows[0]['case']}; ns per neuron-step, CPU time, one thread")
    print(f"{'variant':<24}{'median':>9}{'min':>9}{'max':>9}   ratio to reference")
    for row in rows:
        numbers = (row["ns_per_neuron_step"], row["min_ns"], row["max_ns"])
        print(
            f"{row['variant']:<24}"
            + "".join(f"{number:9.2f}" for number in numbers)
            + f"{row['ratio_to_reference']:9.2f} x {row['reference']}"
        )


def print_verdict(rows: list[dict]) -> None:
    """Print the two ratios that are asked of the engine."""
    medians = {row["variant"]: row["ns_per_neuron_step"] for row in rows}
    fused, brian2 = medians["fused float32"], medians["Brian2 C++ standalone"]
    print(
        f"\nfused float32: {fused / medians['hand-written float32']:.2f} times the hand-written "
        f"kernel (asked: at most 2), {brian2 / fused:.0f} times as fast as Brian2 standalone "
        "(asked: at least 10)"
    )


def main() -> None:
    """Measure, print, and write the JSON file if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows there")
    parser.add_argument("--repeats", type=int, default=9, help="turns of every variant")
    arguments = parser.parse_args()
    work = Work.draw(Size())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        references = {p: fastest_reference(work, p, folder) for p in PRECISIONS}
        for precision, reference in references.items():
            print(f"hand-written {precision}: {reference.shape}")
        print("\n".join(check_agreement(work, references, folder)), flush=True)
        standalone = Standalone(work, work.size.steps, folder / "timed")
        variants = variants_of(work, references, standalone)
        rows = table(variants, measure(variants, arguments.repeats))
        standalone.close()
    print_table(rows)
    print_verdict(rows)
    if arguments.json:
        report = {"machine": describe_machine(), "rows": rows}
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
