"""Times of a step of something that learns, of variants that take turns: rows and their table."""

from collections.abc import Callable, Mapping
from typing import Any


def rows_of_turns(
    calls: Mapping[str, Callable[[], Any]],
    steps: int,
    turns: int,
    reference: str,
    errors: Mapping[str, float],
) -> list[dict[str, Any]]:
    """Call variants in turns, and return a row for each.

    Parameters
    ----------
    calls : mapping of str to callable
        Variants, which have been called once, so that nothing is compiled any more.
    steps : int
        That a call takes.
    turns : int
    reference : str
        The variant to whose time those of all are a ratio.
    errors : mapping of str to float
        What is told of each beside its time.
    """
    import numpy as np

    from neurotrain.benchmarks.outcome import stopwatch

    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(turns):
        for name, call in calls.items():
            with stopwatch() as watch:
                call()
            seconds[name].append(watch.cpu)
    rows = []
    for name, each in seconds.items():
        us = 1e6 * np.array(each) / steps
        rows.append(
            {
                "variant": name,
                "us": float(np.median(us)),
                "min_us": float(us.min()),
                "max_us": float(us.max()),
                "ratio_to_reference": float(np.median(np.array(each) / seconds[reference])),
                "error": errors[name],
            }
        )
    return rows


def format_steps(title: str, rows: list[dict[str, Any]]) -> str:
    """Return the rows as a table with a title after the name of the case."""
    lines = [
        f"{rows[0]['case']}: {title}",
        f"  {'variant':<28}{'us':>10}{'min':>10}{'max':>10}{'ratio':>9}{'error':>10}",
    ]
    for row in rows:
        told = row["note"]
        if "us" in row:
            told = "".join(f"{row[key]:10.2f}" for key in ("us", "min_us", "max_us"))
            told += f"{row['ratio_to_reference']:9.1f}{row['error']:10.1e}"
        lines.append(f"  {row['variant']:<28}{told}")
    return "\n".join(lines)
