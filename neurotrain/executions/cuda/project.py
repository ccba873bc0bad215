"""A CUDA project of one circuit: written by Brian2CUDA, compiled once, kept for the next time."""

import gc
import json
import os
import shutil
import subprocess
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from neurotrain.atomic import write_atomically
from neurotrain.compiler import cache_folder, version_of
from neurotrain.errors import CompilerNotFound, InvalidInput
from neurotrain.executions.base import Request
from neurotrain.executions.cuda.network import Observed, observed_network
from neurotrain.executions.cuda.preferences import cuda_standalone, link_curand, preferences
from neurotrain.executions.cuda.toolkit import REMEDY, find_nvcc, require_brian2cuda
from neurotrain.file_locks import one_at_a_time
from neurotrain.lowering.checks import explained

# Each compilation takes 0.7 GB.
JOBS = 4
# What a project's program reads and writes.
DESCRIPTION = "neurotrain.json"


@dataclass(frozen=True)
class Slot:
    """A variable of the program: what it is called there, its type, and its file afterwards."""

    name: str
    dtype: str
    file: str


@dataclass(frozen=True)
class Project:
    """Where a project lies, and what its program reads and writes.

    Attributes
    ----------
    folder : Path
    matrices : mapping of str to int
        Which of these are weights (candidate, pre, post), and the table of their synapses.
    settable : mapping of str to Slot
        By the place of the object in the circuit, a dot, and the variable.
    extra : mapping of str to Slot
        What was added to each object's variables.
    table : Slot or None
        What inputs present, (bin, copy and neuron).
    spikes : tuple of Slot
        The neurons that spiked, and the times.
    trace : mapping of str to Slot
        The samples of a variable.
    """

    folder: Path
    settable: dict[str, Slot]
    matrices: dict[str, int]
    extra: dict[str, Slot]
    table: Slot | None
    spikes: tuple[Slot, Slot] | None
    trace: dict[str, Slot]


def write_project(
    circuit: Any,
    shape: tuple[int, int],
    request: Request,
    folder: Path,
    *,
    capabilities: tuple[float, ...] = (8.0,),
    precision: str = "float32",
    links: Path | None = None,
) -> Project:
    """Write the project of many copies of a circuit, without compiling it.

    ``make`` in the folder compiles it, on this machine or another one.

    Parameters
    ----------
    circuit : Circuit
    shape : (int, int)
        Numbers of candidates and trials.
    request : Request
        What is recorded.
    folder : Path
    capabilities : tuple of float
        Compute capabilities of the GPUs it is for.
    precision : {'float32', 'float64'}
    links : Path, optional
        Where the makefile looks for cuRAND's library.
    """
    require_brian2cuda()
    try:
        cuda_path = find_nvcc().parents[1]
    except CompilerNotFound:
        # It may be compiled elsewhere.
        cuda_path = Path("/usr/local/cuda")
    chosen = preferences(capabilities, precision, cuda_path, links or folder)
    with cuda_standalone(chosen) as device, explained("the project for Brian2CUDA"):
        made = observed_network(circuit, shape, request)
        made.network.run(
            request.n_steps * made.copies.clock(request.dt).dt, namespace=circuit.namespace
        )
        device.build(directory=str(folder), compile=False, run=False)
        project = _described(circuit, made, device, folder)
        described = json.dumps(asdict(project), default=str).encode()
        write_atomically(folder / DESCRIPTION, lambda file: file.write(described))
    del made
    # What it leaves behind keeps its names, which the next project's objects shall have.
    gc.collect()
    return project


def _described(circuit: Any, made: Observed, device: Any, folder: Path) -> Project:
    settable, extra, matrices = {}, {}, {}
    for place, one in enumerate((circuit.neurons, *circuit.others)):
        copy = made.copies.objects[one.name]
        for variable in _arrays(copy):
            slot = _slot(device, f"{copy.name}.{variable.name}", variable)
            known = settable if variable.name in one.variables else extra
            known[f"{place}.{variable.name}"] = slot
            if one.name in made.copies.dense:
                matrices[f"{place}.{variable.name}"] = made.copies.dense[one.name].table
    table = spikes = None
    if made.table is not None:
        table = Slot(f"{made.table.name}.values", made.table.values.dtype.name, "")
    if made.spikes is not None:
        spikes = tuple(_slot(device, name, made.spikes.variables[name]) for name in ("i", "t"))
    trace = {}
    if made.trace is not None:
        for name in made.trace.record_variables:
            trace[name] = _slot(device, name, made.trace.variables[name])
    return Project(folder, settable, matrices, extra, table, spikes, trace)


def _arrays(copy: Any) -> list[Any]:
    """Return the variables of an object that a program can be told: parameters and states."""
    names = {"i", "j", "N", "t", "dt", "t_in_timesteps", "delay"}
    return [
        variable
        for name, variable in copy.variables.items()
        if hasattr(variable, "get_value")
        and hasattr(variable, "device")
        and getattr(variable.owner, "name", None) == copy.name
        and not (variable.read_only or name in names or name.startswith("_"))
    ]


def _slot(device: Any, name: str, variable: Any) -> Slot:
    return Slot(name, np.dtype(variable.dtype).name, device.get_array_filename(variable))


def kept_project(
    circuit: Any, shape: tuple[int, int], request: Request, capability: float, precision: str
) -> Project:
    """Return the compiled project, from the cache if it is there.

    Raises
    ------
    CompilerNotFound
        Where there is no nvcc, or it does not accept the project.
    """
    top = cache_folder()
    links, folder = (
        top / "cuda-libraries",
        top / f"cuda-{_key(circuit, shape, request, capability, precision)}",
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        link_curand(links)
        with one_at_a_time(folder):
            if not (folder / DESCRIPTION).exists():
                write_project(
                    circuit,
                    shape,
                    request,
                    folder,
                    capabilities=(capability,),
                    precision=precision,
                    links=links,
                )
            compile_project(folder)
    except OSError as error:
        raise InvalidInput(
            f"CUDA projects cannot be kept in {top}: {error.strerror or error}. "
            "Set NEUROTRAIN_CACHE to a folder that can be written."
        ) from error
    return read_project(folder)


def _key(
    circuit: Any, shape: tuple[int, int], request: Request, capability: float, precision: str
) -> str:
    """Return what tells projects apart; what Brian2CUDA writes differs from time to time."""
    nvcc = find_nvcc()
    told = version_of(str(nvcc), "CUDA", REMEDY)
    folder = Path(__file__).parent
    own = [p.read_text() for p in sorted([*folder.glob("*.py"), *folder.glob("*.cu")])]
    versions = [version("brian2"), version("brian2cuda")]
    parts = [circuit.fingerprint, shape, request, capability, precision, nvcc, told, *versions]
    return sha256("\0".join([*map(repr, parts), *own]).encode()).hexdigest()[:32]


def read_project(folder: Path) -> Project:
    """Return a project that was written to a folder, here or elsewhere."""
    told = json.loads((folder / DESCRIPTION).read_text())
    return Project(
        folder=folder,
        settable={name: Slot(**slot) for name, slot in told["settable"].items()},
        matrices=told["matrices"],
        extra={name: Slot(**slot) for name, slot in told["extra"].items()},
        table=told["table"] and Slot(**told["table"]),
        spikes=told["spikes"] and tuple(Slot(**slot) for slot in told["spikes"]),
        trace={name: Slot(**slot) for name, slot in told["trace"].items()},
    )


def compile_project(folder: Path) -> Path:
    """Return the program of a project, compiled unless it is there."""
    program = folder / "main"
    if program.exists():
        return program
    jobs = min(JOBS, os.cpu_count() or 1)
    command = [shutil.which("make") or "make", f"-j{jobs}"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    except OSError as error:
        raise CompilerNotFound(f"make was not found: {error.strerror}. Install it.") from error
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if "error" in line.lower()]
        told = next(iter(said or done.stderr.splitlines()), f"exit code {done.returncode}")
        raise CompilerNotFound(
            f"The CUDA project in {folder} does not compile: {told.strip()} "
            "neurotrain doctor tells what is missing."
        )
    return program
