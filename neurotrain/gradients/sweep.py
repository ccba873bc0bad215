"""The same training with each of several learning rates."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from neurotrain.errors import InvalidInput, TrainingFailed
from neurotrain.training.trainer import train

_COLUMNS = (
    "learning_rate",
    "validation_accuracy",
    "test_accuracy",
    "last_loss",
    "skipped_share",
    "wall_seconds",
)


@dataclass(frozen=True)
class Sweep:
    """What came of every learning rate.

    Parameters
    ----------
    rows : tuple of mapping
        One for each: ``learning_rate``, ``validation_accuracy`` and ``test_accuracy`` of the
        result, ``last_loss`` of the last generation, ``skipped_share``, ``wall_seconds``; None
        where there is no such number, or the training failed.
    """

    rows: tuple[Mapping[str, float | None], ...]

    @property
    def best(self) -> float:
        """The learning rate with the highest validation accuracy, of equals the smallest.

        Raises
        ------
        TrainingFailed
            If no training came to its end.
        """
        done = [row for row in self.rows if row["validation_accuracy"] is not None]
        if not done:
            raise TrainingFailed("Every training failed; sweep smaller learning rates.")
        return min(done, key=lambda row: (-row["validation_accuracy"], row["learning_rate"]))[
            "learning_rate"
        ]

    def __str__(self) -> str:
        lines = ["  ".join(f"{name:>20}" for name in _COLUMNS)]
        for row in self.rows:
            values = ("-" if row[name] is None else f"{row[name]:.4g}" for name in _COLUMNS)
            lines.append("  ".join(f"{value:>20}" for value in values))
        return "\n".join(lines)


def sweep_learning_rates(
    circuit: Any,
    task: Any,
    learning_rates: Iterable[float],
    *,
    out: str | PathLike,
    optimizer: str = "adam",
    optimizer_options: Mapping[str, Any] | None = None,
    **settings: Any,
) -> Sweep:
    """Train anew with each learning rate, and return what came of it.

    Parameters
    ----------
    circuit, task, optimizer, optimizer_options
        As for `neurotrain.train`.
    learning_rates : iterable of float
    out : path
        A run folder for each goes in here, such as ``learning-rate-0.01``.
    settings
        Everything else that `neurotrain.train` takes: give a small budget.

    Raises
    ------
    InvalidInput
        As `neurotrain.train` does, or if no learning rate is given.
    RunFolderError
        If one of the run folders is not empty.
    """
    rates = [float(rate) for rate in learning_rates]
    if not rates:
        raise InvalidInput("Give sweep_learning_rates at least one learning rate.")
    rows = []
    for rate in rates:
        options = {**(optimizer_options or {}), "learning_rate": rate}
        folder = Path(out) / f"learning-rate-{rate:g}"
        found: dict[str, float | None] = {}
        try:
            result = train(
                circuit,
                task,
                optimizer=optimizer,
                optimizer_options=options,
                out=folder,
                **settings,
            )
            found = {**result.summary, "last_loss": result.metrics[-1]["loss"]}
        except TrainingFailed:
            # That too is what came of it.
            pass
        rows.append({"learning_rate": rate, **{n: found.get(n) for n in _COLUMNS[1:]}})
    return Sweep(tuple(rows))
