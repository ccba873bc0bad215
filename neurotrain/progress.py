"""Progress on stderr: a bar on a terminal or in a notebook, lines in a log file."""

import os
import re
import sys
import warnings
from typing import Any

# A log file gets its first line after so many seconds, and then one whenever the time so far has
# grown by this share, so that a run of a day does not fill it.
FIRST_SECONDS, LONGEST_SECONDS, SHARE = 10.0, 600.0, 0.1
USUAL_COLUMNS = 80


def open_bar(shown: bool, *, initial: int, total: int | None, unit: str, form: str) -> Any | None:
    """Return a bar of tqdm, of which there are only lines where stderr is no terminal.

    In a notebook it is a widget if ipywidgets is installed.

    Parameters
    ----------
    shown : bool
        Otherwise None is returned.
    initial, total : int
        Steps behind, and in all, if that is known.
    unit : str
        What a step is called.
    form : str
        What tqdm calls ``bar_format``.
    """
    if not shown:
        return None
    how = {"initial": initial, "total": total, "unit": unit, "file": sys.stderr}
    if sys.stderr.isatty():
        from tqdm import tqdm

        # Some terminals do not know their width, and tqdm would fill none.
        known = os.get_terminal_size(sys.stderr.fileno()).columns > 0
        width = {"dynamic_ncols": True} if known else {"ncols": USUAL_COLUMNS}
        return tqdm(bar_format=form, **width, **how)
    if "ipykernel" in sys.modules:
        return _notebook_bar(form, **how)
    without_bar = re.sub(r"\{bar[^}]*\} ?", "", form)
    return _lines_class()(
        bar_format=without_bar, delay=FIRST_SECONDS, miniters=1, leave=False, **how
    )


def _notebook_bar(form: str, **how: Any) -> Any:
    """Return the widget, or the bar of a terminal where there are no widgets."""
    from tqdm import TqdmWarning, std

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TqdmWarning)
        from tqdm.autonotebook import tqdm
    if tqdm is std.tqdm:
        return tqdm(dynamic_ncols=True, bar_format=form, **how)

    class Widget(tqdm):
        """Keeps up with a total that changes."""

        def display(self, *args: Any, **options: Any) -> None:
            if self.total:
                self.container.children[1].max = self.total
            super().display(*args, **options)

    # A widget is drawn in place of this word alone, whatever its width.
    form = re.sub(r"\{bar[^}]*\}", "{bar}", form)
    return Widget(dynamic_ncols=True, bar_format=form, **how)


def _lines_class() -> type:
    from tqdm import tqdm

    class Lines(tqdm):
        """Tells now and then in a line of its own what a bar would show."""

        def display(self, msg: str | None = None, pos: int | None = None) -> None:
            # An empty message is to wipe a bar off.
            if msg == "":
                return
            print(str(self).strip(), file=self.fp, flush=True)
            elapsed = self.format_dict["elapsed"]
            self.mininterval = min(max(FIRST_SECONDS, SHARE * elapsed), LONGEST_SECONDS)

        @classmethod
        def write(cls, s: str, file: Any = None, end: str = "\n", nolock: bool = False) -> None:
            # Nothing to wipe off before it, and to draw anew behind it.
            print(s, file=file, end=end, flush=True)

        def close(self) -> None:
            has_told = self.last_print_n > self.initial
            if not self.disable and has_told and self.n > self.last_print_n:
                self.display()
            super().close()

    return Lines
