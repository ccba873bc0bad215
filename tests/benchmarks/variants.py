"""The ways in which a case is computed, each in a process of its own."""

from dataclasses import dataclass, replace
from importlib.util import find_spec


@dataclass(frozen=True)
class Variant:
    """One way to compute a case.

    Parameters
    ----------
    name : str
    module : str
        The module of `neurotrain.benchmarks` whose `prepare` makes it ready.
    precision : {'float32', 'float64'}
    threads : int
    needs : str
        A package that neurotrain does not require.
    one_trial : bool
        Whether it simulates one trial at a time, where Brian2 could do all of a candidate's.
    """

    name: str
    module: str
    precision: str = "float64"
    threads: int = 1
    needs: str = ""
    one_trial: bool = False

    @property
    def references(self) -> tuple[str, ...]:
        """What its time may be compared with; the first that is there will be."""
        if "gradient" in self.name:
            return (f"plain-torch-gradient-{self.precision}",)
        one_thread = () if self.threads == 1 else (self.name.removesuffix("-2-threads"),)
        own = (self.name,) if self.module == "hand_written" else ()
        same = (f"hand-written-{self.precision}", f"fused-{self.precision}")
        return (*own, *one_thread, *same, "fused-float32", "fused-float64")

    @property
    def clock(self) -> str:
        """Which time is reported: 'cpu', which other programs hardly change, or 'wall'."""
        return "cpu" if self.threads == 1 else "wall"

    @property
    def missing(self) -> str:
        """What to say where it cannot run; empty where it can."""
        if not self.needs or find_spec(self.needs):
            return ""
        return f"not installed (pip install {self.needs})"


def _both(name: str, module: str, needs: str = "") -> list[Variant]:
    return [Variant(f"{name}-{p}", module, p, needs=needs) for p in ("float32", "float64")]


def _two_threads(variants: list[Variant]) -> list[Variant]:
    return [replace(v, name=f"{v.name}-2-threads", threads=2) for v in variants]


_FUSED = _both("fused", "fused")
_ARRAYS = [*_both("jax", "jax_scan", "jax"), *_both("torch", "torch_compiled", "torch")]
_ALL = [
    *_both("hand-written", "hand_written"),
    *_FUSED,
    *_two_threads(_FUSED),
    Variant("brian2-standalone", "brian2_standalone"),
    Variant("brian2-standalone-one-trial", "brian2_standalone", one_trial=True),
    Variant("brian2-cython", "brian2_runtime"),
    # One network at a time, as one would at first.
    Variant("brian2-naive", "brian2_runtime", one_trial=True),
    *_ARRAYS,
    *_two_threads(_ARRAYS),
    Variant("plain-torch-gradient-float64", "torch_gradient", needs="torch"),
    Variant("torch-gradient-float64", "gradient", needs="torch"),
    Variant("torch-gradient-compiled-float64", "gradient", needs="torch"),
    Variant("jax-gradient-float64", "jax_gradient", needs="jax"),
]
VARIANTS = {variant.name: variant for variant in _ALL}
