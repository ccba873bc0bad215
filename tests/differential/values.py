"""The numbers of a script, apart from its structure: new ones never need new code."""

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from hypothesis import strategies as st

CONNECTIVITY = (
    "all", "others", "pairs", "several", "neighbor", "range", "odd", "sample", "probability",
    "none",
)  # fmt: skip
GROUPS, CONNECTIONS, RUNS = 4, 3, 3
LARGEST = 9


@dataclass(frozen=True)
class Quantity:
    """What a script sets to a number (`each` false) or to one for each element.

    Floats lie between `low` and `high` in `unit`, integers likewise; booleans are drawn evenly.
    """

    name: str
    low: float = 0.0
    high: float = 1.0
    unit: str = ""
    kind: str = "float"
    each: bool = True


@dataclass(frozen=True)
class Values:
    """Sizes, durations in steps, connectivity, and the seed of all else.

    Every number has a stream of its own, named by its owner and itself, so that taking a part out
    of the structure leaves the other numbers as they were.
    """

    seed: int = 0
    sizes: tuple[int, ...] = (2,) * GROUPS
    steps: tuple[int, ...] = (20,) * RUNS
    connectivity: tuple[str, ...] = ("all",) * CONNECTIONS

    def stream(self, *names: str) -> np.random.Generator:
        """Return the generator of the number that `names` name."""
        return np.random.default_rng([self.seed, *(crc32(name.encode()) for name in names)])

    def literal(self, owner: str, quantity: Quantity, n: int = 1) -> str:
        """Return the text of a number, or of a list of `n`, with its unit."""
        rng = self.stream(owner, quantity.name)
        n = n if quantity.each else 1
        drawn = [self._one(quantity, rng) for _ in range(n)]
        text = f"[{', '.join(map(repr, drawn))}]" if quantity.each else repr(drawn[0])
        return f"{text}*{quantity.unit}" if quantity.unit else text

    @staticmethod
    def _one(quantity: Quantity, rng: np.random.Generator) -> float | int | bool:
        if quantity.kind == "boolean":
            return bool(rng.integers(2))
        if quantity.kind == "integer":
            return int(rng.integers(int(quantity.low), int(quantity.high), endpoint=True))
        return round(float(rng.uniform(quantity.low, quantity.high)), 3)

    def indices(self, name: str, count: int, below: int) -> list[int]:
        """Return `count` whole numbers smaller than `below`."""
        return [int(x) for x in self.stream(name).integers(0, below, count)]


def all_values() -> st.SearchStrategy[Values]:
    """Draw values; the smallest seeds, sizes and durations are the simplest."""

    def several(one: st.SearchStrategy, count: int) -> st.SearchStrategy[tuple]:
        return st.tuples(*[one] * count)

    return st.builds(
        Values,
        seed=st.integers(0, 999),
        sizes=several(st.integers(1, LARGEST), GROUPS),
        steps=several(st.integers(10, 25), RUNS),
        connectivity=several(st.sampled_from(CONNECTIVITY), CONNECTIONS),
    )


def array(values: Sequence[float]) -> str:
    """Return the text of a list."""
    return f"[{', '.join(map(repr, values))}]"
