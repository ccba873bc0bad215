"""What an experiment is given, and what it tells."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any


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
class Report:
    """What came out of an experiment, after so many seconds."""

    experiment: str
    quick: bool
    seconds: float
    checks: tuple[Check, ...]

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
        }

    def __str__(self) -> str:
        form = " (quick form)" if self.quick else ""
        lines = [f"{self.experiment}{form}, {self.seconds:.0f} s"]
        for check in self.checks:
            sign = ">=" if check.at_least else "<="
            lines.append(
                f"  {'holds' if check.holds else 'FAILS':<7}{check.name}: {check.measured:.6g} "
                f"({sign} {check.bound:.6g}; {check.reference})"
            )
        return "\n".join(lines)
