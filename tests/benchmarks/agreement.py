"""Whether all variants compute the same, without which their times say nothing."""

import sys
from pathlib import Path

import numpy as np
from network import Work
from reference import Reference, Result
from standalone_process import Standalone

PRECISIONS = {"float32": "fused", "float64": "fused-float64"}
# Steps over which variants are compared: later, rounding alone may shift single spikes.
COMPARED_STEPS = 1000
# A spike's upstroke takes 10 mV in a millisecond, so rounding shows there as a voltage.
TOLERANCE_MV = {"float32": 1.0, "float64": 1e-6}
DIFFERING_COUNTS = 1e-3


def fused_result(work: Work, execution: str) -> Result:
    """Return spikes and voltage of the fused kernel after `COMPARED_STEPS` steps."""
    until = COMPARED_STEPS * work.size.dt_ms
    recording = work.circuit.simulate(
        work.candidates,
        work.trials,
        work.initial_state,
        execution=execution,
        threads=1,
        states=("v",),
        sample_ms=until,
        bins_ms=[until],
    )
    voltage = recording.state["v"][:, :, 1].swapaxes(1, 2)
    return Result(recording.spike_count[:, :, 0].swapaxes(1, 2), voltage, 0.0)


def compare(name: str, one: Result, other: Result, tolerance_mv: float) -> str:
    """Return in words how far two results are apart, and end where they are not the same."""
    apart = np.abs(np.asarray(one.v, float) - np.asarray(other.v, float)).max() * 1e3
    differing = int((one.spike_count != other.spike_count).sum())
    line = (
        f"{name}: after {COMPARED_STEPS} steps voltages differ by at most {apart:.1e} mV, spike "
        f"counts in {differing} of {one.spike_count.size} ({one.spike_count.sum()} spikes)"
    )
    if not apart <= tolerance_mv or differing > DIFFERING_COUNTS * one.spike_count.size:
        sys.exit(f"{line}\nThey do not compute the same, so their times say nothing.")
    return line


def check_agreement(work: Work, references: dict[str, Reference], folder: Path) -> list[str]:
    """Return how well all variants agree, a line each; end where they do not."""
    fused = {p: fused_result(work, execution) for p, execution in PRECISIONS.items()}
    lines = [
        compare(
            f"fused and hand-written, {p}",
            fused[p],
            reference.run(work, COMPARED_STEPS),
            TOLERANCE_MV[p],
        )
        for p, reference in references.items()
    ]
    lines.append(compare("fused, float32 and float64", *fused.values(), TOLERANCE_MV["float32"]))
    standalone = Standalone(work, COMPARED_STEPS, folder / "compared")
    standalone.run()
    standalone.close()
    outcome = np.load(standalone.result_file)
    double = fused["float64"]
    first = Result(double.spike_count[0], double.v[0], 0.0)
    brian2 = Result(outcome["spike_count"], outcome["v"], 0.0)
    name = "fused float64 and Brian2 standalone"
    return [*lines, compare(name, first, brian2, TOLERANCE_MV["float64"])]
