"""Compiling C++ into a shared library, once for each source, compiler and processor."""

import os
import platform
import shlex
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from neurotrain.errors import CompilerNotFound, InvalidInput

# Without -ffast-math: NaN must stay visible, and linking with it would change the floating-point
# mode of the whole process. The vectors are explicit, so little speed is lost.
FLAGS = (
    *("-O3", "-march=native", "-std=c++17", "-fPIC", "-shared", "-w"),
    *("-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast", "-fno-semantic-interposition"),
    # Long chains of dependent arithmetic: let the compiler interleave those of several neurons.
    *("-fschedule-insns", "-fsched-pressure"),
)
_CANDIDATES = ("c++", "g++", "clang++")
_WITHOUT = "circuits can be simulated without one, by execution='brian2'."


@cache
def find_compiler() -> str:
    """Return the path of the C++ compiler: that of the variable CXX, or the first one found.

    Raises
    ------
    CompilerNotFound
        If there is none.
    """
    wanted = os.environ.get("CXX")
    for name in (wanted,) if wanted else _CANDIDATES:
        path = shutil.which(name)
        if path:
            return path
    looked = f"CXX is set to '{wanted}'" if wanted else f"looked for {', '.join(_CANDIDATES)}"
    raise CompilerNotFound(
        f"No C++ compiler was found ({looked}). Install g++ or clang++; {_WITHOUT}"
    )


# In which a compiler that works tells its version.
VERSION_SECONDS = 20


@cache
def version_of(compiler: str, language: str, remedy: str) -> str:
    """Return what a compiler says of its version.

    Raises
    ------
    CompilerNotFound
        If it does not start or answer; the message ends with the remedy.
    """
    ask = [compiler, "--version"]
    try:
        return subprocess.run(ask, capture_output=True, text=True, timeout=VERSION_SECONDS).stdout
    except subprocess.TimeoutExpired as error:
        raise CompilerNotFound(
            f"The {language} compiler {compiler} does not tell its version. {remedy}"
        ) from error
    except OSError as error:
        raise CompilerNotFound(
            f"The {language} compiler {compiler} does not start: {error.strerror}. {remedy}"
        ) from error


def with_defines(
    flags: tuple[str, ...], defines: dict[str, object], variable: str
) -> tuple[str, ...]:
    """Return a compiler's options: flags, macros, and what an environment variable adds."""
    added = shlex.split(os.environ.get(variable, ""))
    return (*flags, *(f"-D{name}={value}" for name, value in defines.items()), *added)


@cache
def processor() -> str:
    """Return the processor's model and features, which -march=native depends on."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    wanted = ("flags", "Features", "model name")
    return "\n".join(sorted({line for line in lines if line.startswith(wanted)}))


def vector_bytes() -> int:
    """Return the width in bytes of the processor's widest vectors."""
    features = processor().split()
    if "avx512f" in features:
        return 64
    return 32 if "avx2" in features else 16


def vector_functions() -> str:
    """Return the C++ of vectors and functions on them; REAL and WIDTH are left to the compiler."""
    return (files("neurotrain") / "vectors.hpp").read_text()


def cache_folder() -> Path:
    """Return where compiled libraries are kept: NEUROTRAIN_CACHE, or the user's cache folder."""
    given = os.environ.get("NEUROTRAIN_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(given) if given else Path(base).expanduser() / "neurotrain"


def compile_library(source: str, defines: dict[str, object]) -> Path:
    """Return the shared library of `source`, compiled unless it is in the cache.

    Raises
    ------
    CompilerNotFound
        If there is no compiler, or it does not accept the source.
    InvalidInput
        If the cache folder cannot be written.
    """
    compiler = find_compiler()
    # It adds what a test wants, such as ``-O1`` or ``-fsanitize=address``.
    options = with_defines(FLAGS, defines, "NEUROTRAIN_CXXFLAGS")
    facts = (version_of(compiler, "C++", f"Set CXX to one that does; {_WITHOUT}"), processor())
    return kept_library(Command("C++", compiler, options, ".cpp", facts, _WITHOUT), source)


@dataclass(frozen=True)
class Command:
    """How a library is compiled.

    Parameters
    ----------
    language : str
        As a message says it.
    compiler : str
    options : tuple of str
    suffix : str
        Of the source's file.
    facts : tuple of str
        What else the result depends on, such as the compiler's version.
    without : str
        How a user can do without it.
    """

    language: str
    compiler: str
    options: tuple[str, ...]
    suffix: str
    facts: tuple[str, ...]
    without: str


def kept_library(command: Command, source: str) -> Path:
    """Return the shared library that `command` makes of `source`, from the cache if it is there.

    Raises
    ------
    CompilerNotFound
        If the compiler does not accept the source.
    InvalidInput
        If the cache folder cannot be written.
    """
    key = "\0".join([source, *command.options, command.compiler, *command.facts])
    library = cache_folder() / f"{sha256(key.encode()).hexdigest()[:32]}.so"
    if not _is_whole(library):
        try:
            library.parent.mkdir(parents=True, exist_ok=True)
            _compile(command, source, library)
        except OSError as error:
            raise InvalidInput(
                f"Compiled code cannot be kept in {library.parent}: {error.strerror or error}. "
                "Set NEUROTRAIN_CACHE to a folder that can be written."
            ) from error
    return library


def _is_whole(library: Path) -> bool:
    """Return whether the file is there and ends with the digest of the rest.

    Loading one that a dying machine left behind half written would end the process.
    """
    try:
        content = library.read_bytes()
    except OSError:
        return False
    size = sha256().digest_size
    return sha256(content[:-size]).digest() == content[-size:]


def _compile(command: Command, source: str, library: Path) -> None:
    with tempfile.TemporaryDirectory(dir=library.parent) as folder:
        path, built = Path(folder) / f"kernel{command.suffix}", Path(folder) / "kernel.so"
        path.write_text(source)
        done = subprocess.run(
            [command.compiler, *command.options, "-o", built, path], capture_output=True, text=True
        )
        if done.returncode or not built.exists():
            lines = done.stderr.splitlines()
            first = next((x for x in lines if "error" in x), " ".join(lines)[:300])
            raise CompilerNotFound(
                f"The {command.language} compiler {command.compiler} did not accept the code: "
                f"{first} Please report this; {command.without}"
            )
        with built.open("ab") as file:
            file.write(sha256(built.read_bytes()).digest())
        # Several processes may compile the same library: each moves a whole one into place.
        os.replace(built, library)
