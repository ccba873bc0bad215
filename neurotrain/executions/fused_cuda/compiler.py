"""Compiling CUDA into a shared library, kept in the same cache as C++."""

import ctypes
import os
import shlex
import shutil
import subprocess
from functools import cache
from pathlib import Path

from neurotrain.compiler import Command, kept_library
from neurotrain.errors import CompilerNotFound

WITHOUT = "execution='fused' runs the same circuits on a processor."
# Without -use_fast_math: NaN must stay visible, and results be those of a processor.
FLAGS = ("-O3", "-std=c++17", "-expt-relaxed-constexpr", "-w")
LIBRARY = ("-shared", "-Xcompiler", "-fPIC")
# The oldest that current compilers know; newer devices compile it anew for themselves.
OLDEST = "sm_75"
# Numbers of the driver's CUdevice_attribute.
_MULTIPROCESSORS, _MAJOR, _MINOR = 16, 75, 76


def find_nvcc() -> str:
    """Return the path of the CUDA compiler: in the folder CUDA_PATH, or the first one found.

    Raises
    ------
    CompilerNotFound
        If there is none.
    """
    folder = os.environ.get("CUDA_PATH")
    path = shutil.which(str(Path(folder) / "bin" / "nvcc") if folder else "nvcc")
    if path:
        return path
    looked = f"CUDA_PATH is set to '{folder}'" if folder else "nvcc is not on the PATH"
    raise CompilerNotFound(
        f"No CUDA compiler was found ({looked}). Install NVIDIA's CUDA toolkit and set CUDA_PATH "
        f"to its folder; {WITHOUT}"
    )


def architecture() -> str:
    """Return what to compile for: NEUROTRAIN_CUDA_ARCH, this machine's first GPU, or the oldest."""
    given = os.environ.get("NEUROTRAIN_CUDA_ARCH")
    major, minor = device_attribute(_MAJOR), device_attribute(_MINOR)
    return given or (f"sm_{major}{minor}" if major else OLDEST)


def processors() -> int:
    """Return how many multiprocessors this machine's first GPU has; 0 if there is none."""
    return device_attribute(_MULTIPROCESSORS)


@cache
def device_attribute(number: int) -> int:
    """Return what the driver tells of the first GPU; 0 without one."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return 0
    device, value = ctypes.c_int(), ctypes.c_int()
    failed = driver.cuInit(0) or driver.cuDeviceGet(ctypes.byref(device), 0)
    failed = failed or driver.cuDeviceGetAttribute(ctypes.byref(value), number, device)
    return 0 if failed else value.value


@cache
def _version(nvcc: str) -> str:
    try:
        return subprocess.run([nvcc, "--version"], capture_output=True, text=True).stdout
    except OSError as error:
        raise CompilerNotFound(
            f"The CUDA compiler {nvcc} does not start: {error.strerror}. Set CUDA_PATH to the "
            f"folder of a toolkit that works; {WITHOUT}"
        ) from error


def options(defines: dict[str, object]) -> tuple[str, ...]:
    """Return the compiler's options, with those of NEUROTRAIN_NVCCFLAGS."""
    given = shlex.split(os.environ.get("NEUROTRAIN_NVCCFLAGS", ""))
    return (*FLAGS, *(f"-D{name}={value}" for name, value in defines.items()), *given)


def compile_device_library(source: str, defines: dict[str, object]) -> Path:
    """Return the shared library of `source`, compiled unless it is in the cache.

    Raises
    ------
    CompilerNotFound
        If there is no compiler, or it does not accept the source.
    InvalidInput
        If the cache folder cannot be written.
    """
    nvcc = find_nvcc()
    flags = (*options(defines), *LIBRARY, f"-arch={architecture()}")
    return kept_library(Command("CUDA", nvcc, flags, ".cu", (_version(nvcc),), WITHOUT), source)
