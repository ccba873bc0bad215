"""What an experiment is given, and what it tells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Setting:
    """How to run an experiment; see `neurotrain.experiments.reproduce`."""

    folder: Path
    quick: bool
    threads: int | None
    progress: bool


@dataclass(frozen=True)
class Check:
    """A number that was measured, and what it is to be.

    Parameters
    ----------
    name : str
        What was measured.
    measured, bound : float
    at_least : bool
        Whether `bound` is the lowest value that will do, or the highest.
    reference : str
        Where the bound comes from, such as a publication.
    """

    name: str
    measured: float
    bound: float
    at_least: bool
    reference: str

    @property
    def holds(self) -> bool:
        """Whether it is as it is to be; what is not a number never is."""
        if self.at_least:
            return self.measured >= self.bound
        return self.measured <= self.bound


@dataclass(frozen=True)
class Findings:
    """What an experiment found.

    Parameters
    ----------
    checks : tuple of Check
    rows : tuple of mapping
        A table, of which all rows have the same columns.
    """

    checks: tuple[Check, ...]
    rows: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Report:
    """What came out of an experiment, after so many seconds."""

    experiment: str
    quick: bool
    seconds: float
    findings: Findings

    @property
    def checks(self) -> tuple[Check, ...]:
        """Numbers, and what they are to be."""
        return self.findings.checks

    @property
    def holds(self) -> bool:
        """Whether all checks hold."""
        return all(check.holds for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return {
            "experiment": self.experiment,
            "quick": self.quick,
            "seconds": self.seconds,
            "checks": [
                {
                    "name": check.name,
                    "measured": check.measured,
                    "bound": check.bound,
                    "at_least": check.at_least,
                    "reference": check.reference,
                    "holds": check.holds,
                }
                for check in self.checks
            ],
            "rows": [dict(row) for row in self.findings.rows],
        }

    def __str__(self) -> str:
        form = " (quick form)" if self.quick else ""
        lines = [
            f"{self.experiment}{form}, {self.seconds:.0f} s",
            *format_table(self.findings.rows),
        ]
        for check in self.checks:
            sign = ">=" if check.at_least else "<="
            lines.append(
                f"  {'holds' if check.holds else 'FAILS':<7}{check.name}: {check.measured:.6g} "
                f"({sign} {check.bound:.6g}; {check.reference})"
            )
        return "\n".join(lines)


def format_table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the lines of a table, numbers to the right."""
    if not rows:
        return []
    cells = [[name.replace("_", " ") for name in rows[0]]]
    cells += [[f"{v:.4g}" if isinstance(v, float) else str(v) for v in r.values()] for r in rows]
    widths = [max(len(row[k]) for row in cells) for k in range(len(cells[0]))]
    first, *others = widths
    return [
        "  "
        + row[0].ljust(first)
        + "".join(f"  {cell:>{w}}" for cell, w in zip(row[1:], others, strict=True))
        for row in cells
    ]


def save_figure(setting: Setting, name: str, figure: "Figure") -> None:
    """Write `NAME.png` beside the trainings."""
    from neurotrain.analysis.style import write_pngs

    write_pngs({name: figure}, setting.folder)
