"""Which files may be opened because a run folder, or a file of settings, names them.

What is in such a folder or file may be a stranger's, and all of it may be forged. What the user
names, on the command line or in Python, is trusted, and noted in the user's cache with a digest
of its content; a file that only a folder or file of settings names is opened where it was noted,
and is as it was then.
"""

from hashlib import sha256
from pathlib import Path
from shlex import quote

from neurotrain.atomic import write_all
from neurotrain.compiler import cache_folder
from neurotrain.errors import InvalidInput, UntrustedFile, require_ending
from neurotrain.user_file import absolute, is_in_file, resolved_path


def trust(name: str) -> Path:
    """Note a file that the user named, as it is now, and return its path.

    Parameters
    ----------
    name : str
        ``FILE.py:FUNCTION``, which trusts this function of it alone, or a file of data.

    Raises
    ------
    InvalidInput
        If there is no such file.
    RunFolderError
        If it cannot be noted.
    """
    path, note = _path_of(name), _note_of(name)
    require_ending(path)
    try:
        digest = _digest(path)
    except OSError as error:
        raise InvalidInput(f"The file '{path}' cannot be read: {error.strerror}.") from error
    write_all(note.parent, {note.name: digest.encode()}, "What is trusted")
    return path


def require_trusted(name: str, where: object) -> None:
    """Raise unless the user named a file before, and it is as it was then.

    Parameters
    ----------
    name : str
        As for `trust`, taken from a folder or file.
    where : path
        That folder or file.

    Raises
    ------
    UntrustedFile
        If not; it says how to trust the file.
    """
    path = _path_of(name)
    try:
        # First the note, so that nothing is read that was never named.
        is_trusted = _note_of(name).read_text() == _digest(path)
    except OSError:
        is_trusted = False
    if not is_trusted:
        what = "runs" if is_in_file(name) else "reads"
        raise UntrustedFile(
            f"'{where}' {what} '{path}', a file that you have not used yet, or not as it is now: "
            f"look at it, and if you trust it: neurotrain trust {quote(_absolute(name))}"
        )


def _absolute(name: str) -> str:
    """Return the name with the full path, valid from any folder."""
    return absolute(name) if is_in_file(name) else str(_path_of(name))


def _path_of(name: str) -> Path:
    path, _, _ = name.rpartition(":") if is_in_file(name) else (name, "", "")
    return resolved_path(path or name)


def _note_of(name: str) -> Path:
    digest = sha256(_absolute(name).encode(errors="surrogateescape")).hexdigest()
    return cache_folder() / "trusted" / digest


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
