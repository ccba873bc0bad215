"""The outcome of the benchmark as rows, and as text."""

import math
import os
import platform
from pathlib import Path
from typing import Any

import numpy as np

from neurotrain import __version__
from neurotrain.benchmarks.measurement import Measurement
from neurotrain.benchmarks.networks import NETWORKS
from neurotrain.doctor import cpu_features, examine_compiler, installed_version

LIBRARIES = ("brian2", "numpy", "cython", "jax", "torch")


def describe_machine() -> dict[str, Any]:
    """Return processor, compiler and versions, and how busy the machine is."""
    model, features = cpu_features(Path("/proc/cpuinfo"))
    return {
        "processor": model,
        "features": " ".join(features),
        "cores": len(os.sched_getaffinity(0)),
        "load_average": os.getloadavg()[0],
        "compiler": examine_compiler().value,
        "python": platform.python_version(),
        "neurotrain": __version__,
        **{name: installed_version(name) for name in LIBRARIES},
    }


def rows_of(measurements: list[Measurement]) -> list[dict[str, Any]]:
    """Return the rows of one case, each with its ratio to the variant that it is compared with."""
    timed = {one.variant.name: one for one in measurements if one.turns}
    return [_row(one, timed) for one in measurements]


def _row(one: Measurement, timed: dict[str, Measurement]) -> dict[str, Any]:
    variant, case = one.variant, one.case
    row = {
        "case": case.name,
        "variant": variant.name,
        "title": NETWORKS[case.network].title,
        "neurons": case.neurons,
        "steps": case.steps,
        "candidates": one.share[0],
        "trials": one.share[1],
        "threads": variant.threads,
        "clock": variant.clock,
        "ns_per_neuron_step": None,
        "ratio_to_reference": None,
        "reference": None,
        "ratio_to_fused_float32": None,
        "peak_memory_mb": None,
        "note": one.note,
    }
    if not one.turns:
        return row
    ns = one.nanoseconds(variant.clock)
    reference = next(name for name in (*variant.references, variant.name) if name in timed)
    fused = timed.get("fused-float32")
    return row | {
        "ns_per_neuron_step": float(np.median(ns)),
        "min_ns": float(ns.min()),
        "max_ns": float(ns.max()),
        "ms_per_simulated_second": float(np.median(ns))
        * 1e-6
        * case.neurons
        * (1e3 / NETWORKS[case.network].dt_ms),
        "ratio_to_reference": one.ratio(timed[reference], variant.clock),
        "reference": reference,
        "ratio_to_fused_float32": one.ratio(fused, variant.clock) if fused else None,
        "preparation_s": float(np.median([turn.preparation for turn in one.turns])),
        "peak_memory_mb": None if math.isnan(one.peak_memory_mb) else one.peak_memory_mb,
    }


def format_rows(rows: list[dict[str, Any]]) -> str:
    """Return the rows of one case as a table."""
    first = rows[0]
    lines = [
        f"{first['case']}: {first['neurons']} {first['title']}, {first['steps']} steps",
        f"  {'variant':<28}{'ns':>9}{'min':>9}{'max':>9}{'ms/s':>8}{'ratio':>8}{'fused':>8}"
        f"{'MB':>7}{'prep s':>8}",
    ]
    return "\n".join(lines + [_line(row) for row in rows])


def _line(row: dict[str, Any]) -> str:
    name = f"  {row['variant']:<28}"
    if row["ns_per_neuron_step"] is None:
        return f"{name}  {row['note']}"
    numbers = [f"{row[key]:9.2f}" for key in ("ns_per_neuron_step", "min_ns", "max_ns")]
    ratios = ("ms_per_simulated_second", "ratio_to_reference", "ratio_to_fused_float32")
    numbers += [_number(row[key], 8, 2) for key in ratios]
    numbers += [_number(row["peak_memory_mb"], 7, 0), _number(row["preparation_s"], 8, 2)]
    return name + "".join(numbers)


def _number(value: float | None, width: int, digits: int) -> str:
    return f"{'-':>{width}}" if value is None else f"{value:{width}.{digits}f}"
