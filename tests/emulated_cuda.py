"""Running CUDA sources on a CPU with the stand-in for nvcc in tests/cuda_emulation."""

import os
from pathlib import Path

import pytest

CUDA_PATH = Path(__file__).resolve().parent / "cuda_emulation"
NVCC = CUDA_PATH / "bin" / "nvcc"
ORDERS = ("forward", "reverse", "shuffled")


def emulate_projects(monkeypatch: pytest.MonkeyPatch, kept: Path) -> None:
    """Let the execution 'cuda' compile its projects for a CPU; all tests keep them in a folder."""
    from neurotrain.executions.cuda import execution

    if "PYTEST_XDIST_WORKER" in os.environ:
        # That of all workers.
        kept = kept.parent
    settings = emulation() | {
        # Brian2CUDA gives its monitors' kernels such pointers beside those that they use.
        "CUDA_EMULATION_STALE": "1",
        "CUDA_EMULATION_FLAGS": "-O0",
        "CUDA_EMULATION_BLOCK": "32",
        "CUDA_EMULATION_CACHE": str(kept / "emulation"),
        "NEUROTRAIN_CACHE": str(kept / "projects"),
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(execution, "require_gpu", lambda _: 8.0)


def emulation(order: str = "forward", *, seed: int = 1, sanitize: bool = False) -> dict[str, str]:
    """Return an environment in which CUDA sources are compiled for, and run on, a CPU."""
    return {
        **os.environ,
        "CUDA_PATH": str(CUDA_PATH),
        "CUDA_EMULATION_ORDER": order,
        "CUDA_EMULATION_SEED": str(seed),
        "CUDA_EMULATION_SANITIZE": str(int(sanitize)),
    }
