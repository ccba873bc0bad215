"""A Program compiled for a device, and called on many candidates and trials."""

import ctypes
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from neurotrain.executions.base import STEPS_BETWEEN_CHECKS
from neurotrain.executions.cuda.toolkit import require_gpu
from neurotrain.executions.fused.kernel import Call
from neurotrain.executions.fused.outcome import Outcome
from neurotrain.executions.fused.source import Target, generate_source
from neurotrain.executions.fused.values import Span, Values
from neurotrain.executions.fused_cuda.compiler import compile_device_library, processors
from neurotrain.executions.fused_cuda.device import Device, OnDevice
from neurotrain.executions.fused_cuda.refusals import require_device_can
from neurotrain.lowering.program import Program

TARGET = Target(
    ("fused_cuda/lane.hpp",), "fused_cuda/device.hpp", "fused_cuda/launch.cu", keeps=False
)
# Of weights that a thread multiplies by the same source.
ROWS = 4
# Two blocks of so many have registers enough for every model; with 256 nvcc keeps some in memory.
MOST_THREADS, WARP = 192, 32
# A block should have a warp's worth of trials, but blocks for all processors come first.
MOST_TRIALS, FEWEST_TRIALS, BLOCKS_PER_PROCESSOR = 32, 4, 2


def defines(precision: str, tile: int) -> dict[str, object]:
    """Return what the source leaves to the compiler, for blocks of so many trials."""
    return {
        "REAL": "double" if precision == "float64" else "float",
        "WIDTH": np.dtype(precision).itemsize,
        "TILE": tile,
        "ROWS": ROWS,
        "BESIDE": 1,
        "THREADS": MOST_THREADS,
        # Blocks that share a processor's registers: those of two do not hold double precision.
        "RESIDENT": 1 if precision == "float64" else 2,
        "CHECK_EVERY": STEPS_BETWEEN_CHECKS,
    }


def trials_of_block(n_candidates: int, n_trials: int, processors: int) -> int:
    """Return of how many trials a block takes care, a power of two: as many as there is use for."""
    tile = 1
    while tile < min(n_trials, MOST_TRIALS):
        tile *= 2
    wanted = BLOCKS_PER_PROCESSOR * processors
    while tile > FEWEST_TRIALS and n_candidates * -(-n_trials // tile) < wanted:
        tile //= 2
    return tile


@lru_cache(maxsize=64)
def _source(program: Program) -> str:
    return generate_source(program, TARGET)


@lru_cache(maxsize=64)
def _compiled(program: Program, precision: str, tile: int) -> ctypes.CDLL:
    path = compile_device_library(_source(program), defines(precision, tile))
    return ctypes.CDLL(str(path))


@dataclass(frozen=True)
class CudaKernel:
    """A Program in one precision; compiled on first use for each number of trials in a block.

    Parameters
    ----------
    program : Program
    precision : {'float32', 'float64'}
    """

    program: Program
    precision: str = "float32"

    def run(self, values: Values, span: Span, threads: int | None = None) -> Outcome:
        """Simulate all candidates on all trials; `threads` of the host play no part.

        Raises
        ------
        UnsupportedModel
            For what only a processor does.
        InvalidInput
            If there is no GPU.
        DeviceFailed
            If it fails.
        """
        del threads
        require_gpu("fused-cuda")
        require_device_can(self.program, _source(self.program), span)
        tile = trials_of_block(values.n_candidates, values.n_trials, processors())
        library = _compiled(self.program, self.precision, tile)
        call = _DeviceCall(self, values, span, tile)
        with Device(library) as device:
            call.execute(device)
        return call.outcome()


class _DeviceCall(Call):
    def __init__(self, kernel: CudaKernel, values: Values, span: Span, tile: int) -> None:
        super().__init__(kernel.program, kernel.precision, values, span)
        self.n_tiles, self.tile = -(-self.n_trials // tile), tile
        places = max(values.sizes, default=1) * tile
        self.threads = min(MOST_THREADS, -(-max(1, places) // WARP) * WARP)
        self.allocate()

    def execute(self, device: Device) -> None:
        """Run every candidate on every tile of trials."""
        packed = OnDevice(self.program, self.values, device)
        run = self.run(packed)
        n_processors, most_shared = device.facts()
        shared, scratch = device.room(packed.on_host(run), most_shared)
        at_once = n_processors * device.resident(self.threads, shared)
        blocks = min(self.n_candidates * self.n_tiles, at_once)
        arguments = (
            ctypes.c_void_p(device.upload(ctypes.addressof(run), ctypes.sizeof(run))),
            ctypes.c_int64(self.n_tiles),
            blocks,
            self.threads,
            ctypes.c_int64(shared),
            ctypes.c_void_p(device.allocate(scratch * blocks)),
            ctypes.c_int64(scratch),
        )
        device.call("launch", *arguments, doing="while it simulated")
        packed.download()
