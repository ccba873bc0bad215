"""Compiling CUDA into a shared library, kept in the same cache as C++."""

import os
from pathlib import Path

from neurotrain.compiler import Command, kept_library, version_of, with_defines
from neurotrain.executions.cuda.toolkit import REMEDY, WITHOUT, attribute, find_nvcc, gpus

# Without -use_fast_math: NaN must stay visible, and results be those of a processor.
FLAGS = ("-O3", "-std=c++17", "-expt-relaxed-constexpr", "-w")
LIBRARY = ("-shared", "-Xcompiler", "-fPIC")
# The oldest that current compilers know; newer devices compile it anew for themselves.
OLDEST = "sm_75"
# The number of the driver's CUdevice_attribute.
_MULTIPROCESSORS = 16


def architecture() -> str:
    """Return what to compile for: NEUROTRAIN_CUDA_ARCH, this machine's first GPU, or the oldest."""
    given = os.environ.get("NEUROTRAIN_CUDA_ARCH")
    found = gpus()
    return given or (f"sm_{found[0]:.1f}".replace(".", "") if found else OLDEST)


def processors() -> int:
    """Return how many multiprocessors this machine's first GPU has; 0 if there is none."""
    return attribute(_MULTIPROCESSORS)


def options(defines: dict[str, object]) -> tuple[str, ...]:
    """Return the compiler's options, with those of NEUROTRAIN_NVCCFLAGS."""
    return with_defines(FLAGS, defines, "NEUROTRAIN_NVCCFLAGS")


def compile_device_library(source: str, defines: dict[str, object]) -> Path:
    """Return the shared library of `source`, compiled unless it is in the cache.

    Raises
    ------
    CompilerNotFound
        If there is no compiler, or it does not accept the source.
    InvalidInput
        If the cache folder cannot be written.
    """
    nvcc = str(find_nvcc())
    flags = (*options(defines), *LIBRARY, f"-arch={architecture()}")
    facts = (version_of(nvcc, "CUDA", REMEDY),)
    return kept_library(Command("CUDA", nvcc, flags, ".cu", facts, WITHOUT), source)
