"""Which examples are considered, and how much of each is simulated."""

import re
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

# What a script's text tells of why it is no network of point neurons that Brian2's runtime runs.
EXCLUDED = {
    r"\b(SpatialNeuron|Morphology)\b": "multicompartment neurons",
    r"\b(multiprocessing|joblib)\b": "starts processes of its own",
    r"\brun_args\b": "needs C++ standalone: it runs a compiled network with other values",
    r"\bdefault_float_dtype\b": "compares single with double precision in C++ standalone",
    r"\bmethod='gsl": "needs the GNU Scientific Library",
    r"['\"]gsl_": "needs the GNU Scientific Library",
}


@dataclass(frozen=True)
class Extent:
    """How many steps of the fastest clock are simulated: of each run(), and in all.

    A longer run() is cut; once the total is spent, the script is stopped at its next run().
    Both sides of a comparison are cut alike.
    """

    run: int = 10_000
    total: int = 40_000


# Scripts that show what they are about only later, or that take Brian2 long for each step.
EXTENTS = {
    "frompapers/Brunel_2000.py": Extent(2_000, 8_000),
    "frompapers/Brunel_Wang_2001.py": Extent(3_000, 3_000),
    "frompapers/Izhikevich_2007.py": Extent(30_000, 60_000),
    "frompapers/Kremer_et_al_2011_barrel_cortex.py": Extent(1_500, 1_500),
    "frompapers/Nicola_Clopath_2017.py": Extent(4_000, 4_000),
    "frompapers/Stimberg_et_al_2018/example_3_io_synapse.py": Extent(18_000, 18_000),
    "frompapers/Stimberg_et_al_2018/example_6_COBA_with_astro.py": Extent(2_000, 2_000),
    "frompapers/Vogels_et_al_2011.py": Extent(2_000, 4_000),
    "frompapers/Wang_2002.py": Extent(3_000, 3_000),
    "synapses/homeostatic_stdp_at_inhibitory_synapes.py": Extent(50_000, 50_000),
}


def extent(script: str) -> Extent:
    """Return how much of the script is simulated."""
    return EXTENTS.get(script, Extent())


def scripts(examples: Path, pattern: str | None = None) -> list[str]:
    """Return the paths of the scripts from the folder of examples, those that fit the pattern."""
    names = (path.relative_to(examples).as_posix() for path in examples.rglob("*.py"))
    return sorted(name for name in names if pattern is None or fnmatch(name, f"*{pattern}*"))


def reason_to_exclude(text: str) -> str | None:
    """Return why a script with this text is not considered, or None."""
    found = (reason for expression, reason in EXCLUDED.items() if re.search(expression, text))
    return next(found, None if re.search(r"\brun\(", text) else "does not simulate")
