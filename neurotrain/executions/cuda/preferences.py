"""Brian2's preferences under which it writes a CUDA project that compiles."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import BrianLogger, get_device, prefs, set_device
from brian2.devices.device import reset_device

from neurotrain.executions.cuda.toolkit import curand_folders

# CUDA 13 knows none before.
OLDEST = 7.5
_BACKEND = "devices.cuda_standalone.cuda_backend."
_DTYPES = {"float32": np.float32, "float64": np.float64}


def preferences(
    capabilities: Sequence[float], precision: str, cuda_path: Path | None, links: Path
) -> dict[str, Any]:
    """Return what is set for a project; `links` is where it finds cuRAND of a wheel."""
    headers, library = curand_folders()
    linked = [str(links)] if library else []
    chosen = {
        "core.default_float_dtype": _DTYPES[precision],
        # Another standard among these overrides nvcc's.
        "codegen.cpp.extra_compile_args_gcc": ["-w", "-O3", "-std=c++17"],
        "codegen.cpp.include_dirs": [str(folder) for folder in headers],
        "codegen.cpp.library_dirs": linked,
        "codegen.cpp.runtime_library_dirs": linked,
        # Without Brian2CUDA's fast math: NaN must stay visible, and functions exact.
        _BACKEND + "extra_compile_args_nvcc": ["-w", "-std=c++17", *_architectures(capabilities)],
        _BACKEND + "detect_gpus": False,
        _BACKEND + "detect_cuda": False,
        _BACKEND + "gpu_id": 0,
        _BACKEND + "compute_capability": float(min(capabilities)),
        _BACKEND + "cuda_runtime_version": 13.0,
    }
    if cuda_path is not None:
        chosen[_BACKEND + "cuda_path"] = str(cuda_path)
    return chosen


def _architectures(capabilities: Sequence[float]) -> list[str]:
    """Return the options for several architectures, and for what comes after the newest.

    One item of a list: Brian2CUDA, which takes them out of the list while it walks along it,
    leaves every other one behind. The list is made anew each time, since it stays changed.
    """
    numbers = [round(10 * one) for one in sorted(capabilities)]
    if len(numbers) < 2:
        return []
    pairs = [f"-gencode=arch=compute_{n},code=sm_{n}" for n in numbers[:-1]]
    last = numbers[-1]
    return [" ".join([*pairs, f"-gencode=arch=compute_{last},code=[sm_{last},compute_{last}]"])]


@contextmanager
def cuda_standalone(chosen: dict[str, Any]) -> Iterator[Any]:
    """Yield Brian2CUDA's device, active under these preferences; all is as before afterwards."""
    import brian2cuda  # noqa: F401
    from brian2cuda.utils.gputools import reset_cuda_installation

    # It remembers the compiler of the project before.
    reset_cuda_installation()
    before = {name: prefs[name] for name in chosen}
    # It tells all of its preferences each time.
    for part in ("device", "utils.gputools"):
        BrianLogger.suppress_hierarchy(f"brian2cuda.{part}")
    dt = get_device().defaultclock.dt
    try:
        for name, value in chosen.items():
            prefs[name] = value
        set_device("cuda_standalone", build_on_run=False)
        device = get_device()
        device.reinit()
        device.activate(build_on_run=False)
        try:
            with warnings.catch_warnings():
                # Brian2CUDA leaves it to Python to close the files that it wrote.
                warnings.simplefilter("ignore", ResourceWarning)
                yield device
        finally:
            # The next device takes the step over.
            device.defaultclock.dt = dt
            device.reinit()
            reset_device()
    finally:
        for name, value in before.items():
            prefs[name] = value


def link_curand(links: Path) -> None:
    """Make the names by which a linker and a loader ask for cuRAND; the wheel has only one."""
    _, library = curand_folders()
    if library is not None:
        links.mkdir(parents=True, exist_ok=True)
        for name in {library.name, "libcurand.so"}:
            link = links / name
            if not link.is_symlink():
                link.symlink_to(library)
