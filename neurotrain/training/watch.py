"""Watch a run from another process while it trains, without disturbing it."""

import os
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from neurotrain.errors import require_number
from neurotrain.training.standing import COMPLETE, STOPPED, Standing, describe, standing_of
from neurotrain.training.watch_figures import CURVE, RASTERS, WatchFigures
from neurotrain.training.watch_folder import WatchFolder, watch_folder_of
from neurotrain.training.watch_page import render_page
from neurotrain.training.watched_run import WatchedRun

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Told how the run stands, and why there are no rasters, if there are none.
Tell = Callable[[Standing, str | None], None]


def watch(
    path: str | os.PathLike,
    tell: Tell,
    *,
    out: str | os.PathLike | None = None,
    every: float = 10.0,
    once: bool = False,
) -> Standing:
    """Show a run in ``watch.html``, anew whenever it has come further, until it has ended.

    Nothing else is written, and the run's lock is not taken.

    Parameters
    ----------
    path : path
        The run folder.
    tell : callable
        Called with each new standing, once the page shows it, and with what stands against rasters
        of the network, if anything does.
    out : path, optional
        Where the page and its figures are; by default ``watch`` in the run folder.
    every : float
        Seconds between two looks at the folder.
    once : bool
        Whether to look only once.

    Returns
    -------
    Standing
        The last one: complete, stopped before its end, or where Ctrl-C ended the watching.

    Raises
    ------
    InvalidInput
        If `every` is not a number of at least 0.1.
    RunFolderError
        If the folder holds no run, is removed, or the page cannot be written.
    """
    require_number("every", every, least=0.1)
    run = WatchedRun(path)
    folder = WatchFolder(watch_folder_of(path, out))
    with folder.opened(parents=out is not None):
        return _Watch(run, folder, tell, every).go_on(once)


class _Watch:
    def __init__(self, run: WatchedRun, folder: WatchFolder, tell: Tell, every: float) -> None:
        self._run, self._folder, self._tell, self._every = run, folder, tell, every
        self._figures, self._signs, self._glance = WatchFigures(run), {}, run.look()
        self._standing, self._shown = standing_of(run, self._glance), set()

    def go_on(self, once: bool) -> Standing:
        try:
            # Before the first figures, which may take a while, so that the page can be opened.
            self._write_page({}, ends=False)
            while not (self._look(once) or once):
                time.sleep(self._every)
        except KeyboardInterrupt:
            self._run.require_same()
            self._write_page({}, ends=True)
        return self._standing

    def _look(self, once: bool) -> bool:
        """Show what is new, and return whether the run has ended."""
        self._run.require_same()
        signs, figures = self._run.signs_of_life(), {}
        has_changed = signs != self._signs
        if has_changed:
            self._signs, self._glance = signs, self._run.look()
            figures = self._figures.draw(self._glance)
        before, self._standing = self._standing, standing_of(self._run, self._glance)
        has_ended = self._standing.state in (COMPLETE, STOPPED)
        if has_changed or self._standing.state != before.state:
            # Nothing comes back by being written into, if the folder was removed meanwhile.
            self._run.require_same()
            self._write_page(figures, ends=has_ended or once)
            self._tell(self._standing, self._figures.problem)
        return has_ended

    def _write_page(self, figures: Mapping[str, "Figure"], *, ends: bool) -> None:
        standing, every = self._standing, None if ends else self._every
        self._shown |= figures.keys()
        page = render_page(
            str(self._run.folder.path),
            describe(standing),
            share=standing.generation / standing.generations,
            notes=self._notes(ends),
            headings=self._headings(),
            version=f"{standing.generation}-{self._figures.rasters_after}",
            every=every,
        )
        self._folder.write(page, figures)

    def _notes(self, ends: bool) -> str:
        notes = [f"As of {datetime.now():%Y-%m-%d %H:%M:%S}."]
        notes.append("No longer watched." if ends else f"Looked at every {self._every:g} s.")
        if not (self._shown or ends):
            notes.append("Its figures are still to come.")
        if self._figures.problem is not None:
            which = "No" if self._figures.rasters_after is None else "No newer"
            notes.append(f"{which} rasters: {self._figures.problem}")
        return " ".join(notes)

    def _headings(self) -> dict[str, str]:
        trials = "one trial of each class" if self._run.measure == "accuracy" else "a few trials"
        network = f"The mean network after generation {self._figures.rasters_after}, on {trials}"
        headings = {CURVE: "Learning so far", RASTERS: network}
        return {f"{name}.png": text for name, text in headings.items() if name in self._shown}
