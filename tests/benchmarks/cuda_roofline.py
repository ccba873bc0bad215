"""What the fused CUDA kernel could reach at best, from what the compiler says of it.

Run ``python -m neurotrain.benchmarks.cuda_roofline``; it needs nvcc and no GPU. An estimate:
nothing of it was measured on a GPU.
"""

import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from neurotrain.benchmarks.ptxas import Compiled, compiled_functions
from neurotrain.executions.fused.source import generate_source
from neurotrain.executions.fused_cuda.compiler import find_nvcc, options
from neurotrain.executions.fused_cuda.kernel import MOST_THREADS, ROWS, TARGET, defines
from neurotrain.lowering.program import Program

# A launch takes about so long, whatever it does, and Brian2CUDA needs so many in a step.
LAUNCH_NS, LAUNCHES_PER_STEP = 3000.0, 7
WARP, SHARED_BYTES_PER_CYCLE, REGISTERS, MOST_RESIDENT = 32, 128, 65536, 2048
# Beside one instruction each, what a division or a root is made of.
EXPENSIVE = 10
NEURONS, TRIALS = 100, 16
# About as many as the workspace of a Morris-Lecar network has: states, input, source, count.
N_ARRAYS = 10


@dataclass(frozen=True)
class Architecture:
    """One device of an architecture, from its data sheet.

    Parameters
    ----------
    device : str
    processors : int
    lanes : int
        Multiply-adds in single precision that a processor does in a cycle.
    lanes_double : int
    ghz : float
    shared_kb : int
        Shared memory of a processor.
    block_kb : int
        The most of it that a block can have.
    """

    device: str
    processors: int
    lanes: int
    lanes_double: int
    ghz: float
    shared_kb: int
    block_kb: int


ARCHITECTURES = {
    "sm_75": Architecture("T4", 40, 64, 2, 1.59, 64, 64),
    "sm_80": Architecture("A100", 108, 64, 32, 1.41, 164, 163),
    "sm_86": Architecture("A40", 84, 128, 2, 1.74, 100, 99),
    "sm_89": Architecture("L40", 142, 128, 2, 2.49, 100, 99),
    "sm_90": Architecture("H100", 132, 128, 64, 1.98, 228, 227),
    "sm_100": Architecture("B200", 148, 128, 64, 1.85, 228, 227),
    "sm_120": Architecture("RTX 5090", 170, 128, 2, 2.41, 100, 99),
}
OLDEST, *_, NEWEST = ARCHITECTURES


def compiled(source: str, architecture: str, precision: str, tile: int = TRIALS) -> Compiled:
    """Compile for an architecture and return what ptxas tells of the kernel."""
    told = _nvcc(source, ("-cubin", "-Xptxas", "-v", f"-arch={architecture}"), precision, tile)[1]
    return next(one for one in compiled_functions(told) if one.registers)


def operations(source: str, precision: str, tile: int = TRIALS) -> int:
    """Return about how many floating-point instructions the equations of one neuron take.

    Those of all rows that a thread updates, in the text of the kernel, over the number of rows:
    what is done once before the first step counts too, so that this is rather too much.
    """
    text, _ = _nvcc(source, ("-ptx", f"-arch={OLDEST}"), precision, tile)
    width = "f64" if precision == "float64" else "f32"
    cheap = re.findall(rf"\s(?:fma|mul|add|sub|neg|abs|min|max|setp\.\w+)\.[\w.]*{width}", text)
    dear = re.findall(rf"\s(?:div|sqrt|rcp)\.[\w.]*{width}", text)
    return (len(cheap) + EXPENSIVE * len(dear)) // ROWS


def _nvcc(source: str, how: tuple[str, ...], precision: str, tile: int) -> tuple[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        path, made = Path(folder) / "kernel.cu", Path(folder) / "made"
        path.write_text(source)
        command = [find_nvcc(), *options(defines(precision, tile)), *how, "-o", made, path]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return made.read_text(errors="replace"), done.stderr


@dataclass(frozen=True)
class Estimate:
    """Nanoseconds of a neuron-step if one thing alone were the limit, on the whole device.

    Parameters
    ----------
    blocks : int
        Resident on a processor.
    shared_kb : float
        Of a block: its states, and its weights if they fit; else these come from the L2 cache.
    arithmetic, shared : float
        Limits by arithmetic and by reading shared memory.
    launches : float
        What Brian2CUDA's launches cost for each neuron-step of so many candidates.
    """

    blocks: int
    shared_kb: float
    arithmetic: float
    shared: float
    launches: float


def estimate(
    one: Architecture, registers: int, n_operations: int, item: int, candidates: int
) -> Estimate:
    """Return what limits a dense network of NEURONS and TRIALS on a device."""
    states, weights = shared_bytes_of(item)
    most = one.block_kb * 1024
    shared_bytes = states + weights if states + weights <= most else min(states, most)
    threads = min(MOST_THREADS, NEURONS * TRIALS)
    blocks = min(
        REGISTERS // (registers * threads),
        max(1, one.shared_kb * 1024 // (shared_bytes + 1024)),
        MOST_RESIDENT // threads,
    )
    cycles = one.processors * one.ghz
    lanes = one.lanes if item == 4 else one.lanes_double
    # Of a presynaptic neuron a warp reads two rows' weights and the sources of its trials, each in
    # so many accesses as their bytes need, for ROWS sums of each thread.
    accesses = max(1, 2 * ROWS * item // SHARED_BYTES_PER_CYCLE) + max(
        1, TRIALS * item // SHARED_BYTES_PER_CYCLE
    )
    neuron_steps = candidates * TRIALS * NEURONS
    return Estimate(
        blocks=blocks,
        shared_kb=shared_bytes / 1024,
        arithmetic=(NEURONS + n_operations) / (lanes * cycles),
        shared=accesses * NEURONS / (ROWS * WARP * cycles),
        launches=LAUNCH_NS * LAUNCHES_PER_STEP / neuron_steps,
    )


def shared_bytes_of(item: int) -> tuple[int, int]:
    """Return the bytes of states, sources and counts of NEURONS and TRIALS, and of weights."""
    return item * NEURONS * N_ARRAYS * TRIALS, item * NEURONS * NEURONS


def main() -> None:
    """Print the table."""
    from neurotrain.models import morris_lecar

    program: Program = morris_lecar(NEURONS).lower(()).program
    source = generate_source(program, TARGET)
    print("arch device precision registers spilled blocks kB arithmetic shared launches(P=64)")
    for precision, item in (("float32", 4), ("float64", 8)):
        count = operations(source, precision)
        print(f"{precision}: {count} operations of equations, {NEURONS} multiply-adds")
        for name, one in ARCHITECTURES.items():
            found = compiled(source, name, precision)
            got = estimate(one, found.registers, count, item, 64)
            print(
                f"{name} {one.device} {precision} {found.registers} {found.spilled} {got.blocks} "
                f"{got.shared_kb:.0f} {got.arithmetic:.4f} {got.shared:.4f} {got.launches:.4f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
