"""What CUDA has on this machine: the compiler, cuRAND, the driver, a GPU."""

import ctypes
import os
import shutil
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from neurotrain.errors import CompilerNotFound, InvalidInput

# Without constraints.txt, which has other versions than those that it pins.
CUDA = "pip install '.[cuda]', in an environment of its own."
WITHOUT = "execution='fused' runs the same circuits on a processor."
NVCC = "install NVIDIA's CUDA toolkit, 12 or newer, and set CUDA_PATH to its folder"
REMEDY = f"Set CUDA_PATH to the folder of a toolkit that works; {WITHOUT}"
CURAND = "pip install nvidia-curand"
DRIVER = "install NVIDIA's driver (nvidia-smi shows it), on a machine with an NVIDIA GPU"
# Numbers of the driver's CUdevice_attribute.
_MAJOR, _MINOR = 75, 76


def find_nvcc() -> Path:
    """Return the path of nvcc: in CUDA_PATH or CUDA_HOME, or the first one found.

    Raises
    ------
    CompilerNotFound
        If there is none.
    """
    given = os.environ.get("CUDA_PATH") or os.environ.get("CUDA_HOME")
    found = shutil.which("nvcc", path=str(Path(given, "bin")) if given else None)
    if found is None:
        looked = f"CUDA_PATH is set to '{given}'" if given else "it is not on the PATH"
        raise CompilerNotFound(f"nvcc was not found ({looked}): {NVCC}; {WITHOUT}")
    return Path(found)


def require_brian2cuda() -> None:
    """Raise `InvalidInput` where Brian2CUDA is not installed."""
    if find_spec("brian2cuda") is None:
        raise InvalidInput(f"The execution 'cuda' needs Brian2CUDA: {CUDA}")


def curand_folders() -> tuple[list[Path], Path | None]:
    """Return the folders of cuRAND's headers, and its library, as far as they come from a wheel.

    Both are empty where it is left to the toolkit.
    """
    for top in _wheel_folders():
        libraries = sorted(top.glob("lib*/libcurand.so*"))
        if (top / "include" / "curand.h").exists() and libraries:
            return [top / "include"], libraries[0]
    return [], None


def _wheel_folders() -> list[Path]:
    spec = find_spec("nvidia")
    tops = [Path(top) for top in (spec.submodule_search_locations or ())] if spec else []
    return [folder for top in tops for folder in (*sorted(top.glob("cu*")), top / "curand")]


def has_curand() -> bool:
    """Whether cuRAND is in a wheel or beside nvcc."""
    if curand_folders()[0]:
        return True
    top = find_nvcc().resolve().parents[1]
    return any(top.glob("include/curand.h")) or any(top.glob("targets/*/include/curand.h"))


@cache
def _driver() -> ctypes.CDLL | None:
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return None
    return driver if driver.cuInit(0) == 0 else None


def has_driver() -> bool:
    """Whether NVIDIA's driver can be loaded, and starts."""
    return _driver() is not None


def gpus() -> list[float]:
    """Return the compute capability of each GPU, such as 8.0."""
    driver = _driver()
    count = ctypes.c_int(0)
    if driver is None or driver.cuDeviceGetCount(ctypes.byref(count)):
        return []
    return [
        float(f"{attribute(_MAJOR, device)}.{attribute(_MINOR, device)}")
        for device in range(count.value)
    ]


def attribute(number: int, device: int = 0) -> int:
    """Return what the driver tells of a GPU, by the number of its CUdevice_attribute; or 0."""
    driver, value = _driver(), ctypes.c_int(0)
    if driver is None or driver.cuDeviceGetAttribute(ctypes.byref(value), number, device):
        return 0
    return value.value


def require_gpu(execution: str) -> float:
    """Return the compute capability of the first GPU, which an execution needs.

    Raises
    ------
    InvalidInput
        Where there is none.
    """
    found = gpus()
    if not found:
        lacks = "no GPU was found" if has_driver() else "NVIDIA's driver was not found"
        raise InvalidInput(
            f"The execution '{execution}' needs an NVIDIA GPU, and {lacks} here; neurotrain doctor "
            "tells what is missing. Use the execution 'fused'."
        )
    return found[0]
