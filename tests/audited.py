"""What code does to the machine: files, processes, sockets, pickles, code that is run; bounds."""

import faulthandler
import os
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

TOP = Path(__file__).resolve().parent.parent
# What belongs to Python, its packages and neurotrain itself; the rest of the machine does not.
INSTALLED = tuple({TOP, *(Path(p).resolve() for p in (sys.prefix, sys.base_prefix, os.__file__))})
SYSTEM = tuple(
    map(Path, ("/proc", "/sys", "/dev/null", "/dev/tty", "/etc/localtime", "/usr/share"))
)
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = {
    *("os.chmod", "os.chown", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir"),
    *("os.symlink", "os.truncate", "os.utime", "os.setxattr", "os.removexattr"),
    *("shutil.copyfile", "shutil.copytree", "shutil.move", "shutil.rmtree", "tempfile.mkdtemp"),
    "tempfile.mkstemp",
}
_NEVER = {
    *("os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.kill"),
    *("subprocess.Popen", "pickle.find_class", "pty.spawn"),
}


class Deadline(BaseException):
    """Something took too long; no `except Exception` holds it up."""


class _Watch:
    """Notes each event that reaches out of the allowed folders."""

    def __init__(self, allowed: tuple[Path, ...], readable: tuple[Path, ...]) -> None:
        self.readable = (*INSTALLED, *SYSTEM, *(each.resolve() for each in readable))
        self.allowed = tuple(each.resolve() for each in allowed)
        self.found: list[str] = []

    def see(self, event: str, arguments: tuple) -> None:
        if event in _NEVER or event.startswith("socket."):
            self.found.append(f"{event} {arguments}")
        elif event == "open":
            path, _, flags = arguments
            self._path(event, path, writes=bool((flags or 0) & _WRITES))
        elif event in ("os.listdir", "os.scandir", "ctypes.dlopen"):
            self._path(event, arguments[0], writes=False)
        elif event in _CHANGES:
            for each in arguments[:2]:
                self._path(event, each, writes=True)
        elif event == "exec":
            path = getattr(arguments[0], "co_filename", "<unknown>")
            if not path.startswith("<"):
                self._path(event, path, writes=True, also=INSTALLED)

    def _path(self, event: str, path: object, *, writes: bool, also: tuple = ()) -> None:
        if not isinstance(path, str | bytes | os.PathLike) or not os.fspath(path):
            return
        try:
            found = Path(os.path.realpath(os.fsdecode(path)))
        except ValueError:
            return
        readable = () if writes else self.readable
        if not any(found.is_relative_to(one) for one in (*self.allowed, *readable, *also)):
            self.found.append(f"{event} {found}")


_watch: _Watch | None = None
_is_hooked = False


def _hook(event: str, arguments: tuple) -> None:
    global _watch
    if _watch is None:
        return
    # Not of what is done here: looking up a path is no event of its own, but may become one.
    watch, _watch = _watch, None
    try:
        watch.see(event, arguments)
    finally:
        _watch = watch


@contextmanager
def audited(*allowed: Path, readable: tuple[Path, ...] = ()) -> Iterator[list[str]]:
    """Give a list that fills with what reaches out of the `allowed` folders.

    Files of Python, its packages and neurotrain may be read, and their code run; nothing else may
    be opened, changed or run, but that `readable` files may be read; no process may be started, no
    socket made, and nothing unpickled.
    """
    global _watch, _is_hooked
    if not _is_hooked:
        # A hook stays as long as the process; it sleeps where nothing is watched.
        sys.addaudithook(_hook)
        _is_hooked = True
    _watch = _Watch(allowed, readable)
    try:
        yield _watch.found
    finally:
        _watch = None


# On a machine that does much else, code takes many times longer than its own work.
LOADED = 10


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise `Deadline` in the code that works longer, or waits for far longer."""

    def stop(signum, frame) -> None:
        raise Deadline(f"took longer than {seconds} s")

    timers = {
        signal.SIGPROF: (signal.ITIMER_PROF, seconds),
        signal.SIGALRM: (signal.ITIMER_REAL, LOADED * seconds),
    }
    before = {each: signal.signal(each, stop) for each in timers}
    for timer, limit in timers.values():
        signal.setitimer(timer, limit)
    try:
        yield
    finally:
        for each, (timer, _) in timers.items():
            signal.setitimer(timer, 0)
            signal.signal(each, before[each])


@contextmanager
def ended(seconds: float, told: str, file: TextIO) -> Iterator[None]:
    """End the process where code takes longer, even where no exception gets into it.

    What was `told`, and where the code was, is in the file then.
    """
    file.seek(0)
    file.truncate()
    print(told, file=file, flush=True)
    faulthandler.dump_traceback_later(seconds, exit=True, file=file)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


@contextmanager
def at_most(more_bytes: int) -> Iterator[None]:
    """Let memory end, with a `MemoryError`, where code takes so much more than there is now."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + more_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
