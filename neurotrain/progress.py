"""A bar of progress on stderr."""

import sys
from typing import Any


def open_bar(shown: bool, *, initial: int, total: int | None, unit: str, form: str) -> Any | None:
    """Return a bar of tqdm; None where it is not to be shown or nobody looks, as in a log file.

    Parameters
    ----------
    shown : bool
    initial, total : int
        Steps behind, and in all, if that is known.
    unit : str
        What a step is called.
    form : str
        What tqdm calls ``bar_format``.
    """
    if not (shown and (sys.stderr.isatty() or "ipykernel" in sys.modules)):
        return None
    from tqdm import tqdm

    return tqdm(
        initial=initial,
        total=total,
        unit=unit,
        file=sys.stderr,
        dynamic_ncols=True,
        bar_format=form,
    )
