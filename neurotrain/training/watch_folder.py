"""The folder of the pictures of a watched run, which never takes the place of other files."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from neurotrain.atomic import write_all
from neurotrain.errors import RunFolderError
from neurotrain.file_locks import try_lock
from neurotrain.training.watch_page import MARK

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAGE = "watch.html"


def watch_folder_of(run: str | os.PathLike, out: str | os.PathLike | None) -> Path:
    """Return where the page of a run is: in `out`, by default in the run folder's ``watch``."""
    return Path(run) / "watch" if out is None else Path(out)


class WatchFolder:
    """A folder that holds a page and its figures, and nothing else.

    Parameters
    ----------
    path : Path
        New, empty, or one of an earlier watch.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def opened(self, *, parents: bool) -> Iterator[None]:
        """Make the folder if need be, and keep other processes from watching into it.

        Raises
        ------
        RunFolderError
            If it cannot be made, holds other files, or another process watches into it.
        """
        try:
            if parents:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.mkdir(exist_ok=True)
            self._require_own()
            descriptor = os.open(self.path, os.O_RDONLY)
        except OSError as error:
            raise RunFolderError(
                f"Pictures of the run cannot be written to '{self.path}': "
                f"{error.strerror or error}; choose another folder (--out DIR)."
            ) from error
        try:
            if not try_lock(descriptor):
                raise RunFolderError(
                    f"Another process watches into '{self.path}' already: look at its {PAGE}, or "
                    "choose another folder (--out DIR)."
                )
            yield
        finally:
            os.close(descriptor)

    def write(self, page: str, figures: Mapping[str, "Figure"]) -> None:
        """Write the figures, and then the page that shows them, each of them whole.

        Raises
        ------
        RunFolderError
            If that is not possible.
        """
        from neurotrain.analysis.style import write_pngs

        write_pngs(figures, self.path)
        write_all(self.path, {PAGE: page.encode()}, "Pictures of the run")

    def _require_own(self) -> None:
        page = self.path / PAGE
        # Hidden ones are what a killed process leaves, or the desktop.
        others = [path for path in self.path.iterdir() if not path.name.startswith(".")]
        if others and not (page.is_file() and MARK.encode() in page.read_bytes()):
            raise RunFolderError(
                f"'{self.path}' holds other files; choose a new or empty folder for the pictures "
                "of the run (--out DIR)."
            )
