"""Running CUDA sources on a CPU with the stand-in for nvcc in tests/cuda_emulation."""

import os
from pathlib import Path

CUDA_PATH = Path(__file__).resolve().parent / "cuda_emulation"
NVCC = CUDA_PATH / "bin" / "nvcc"
ORDERS = ("forward", "reverse", "shuffled")


def emulation(order: str = "forward", *, seed: int = 1, sanitize: bool = False) -> dict[str, str]:
    """Return an environment in which CUDA sources are compiled for, and run on, a CPU."""
    return {
        **os.environ,
        "CUDA_PATH": str(CUDA_PATH),
        "CUDA_EMULATION_ORDER": order,
        "CUDA_EMULATION_SEED": str(seed),
        "CUDA_EMULATION_SANITIZE": str(int(sanitize)),
    }
