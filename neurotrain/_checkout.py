"""Find models/ and tasks/ at the top of a checkout as neurotrain.models and neurotrain.tasks.

setup.cfg maps these folders, and tests/benchmarks/, into the package when it is installed.
Python started in the top folder of a checkout imports ./neurotrain instead, where they are
missing: this finder, asked last, supplies them there, and is idle everywhere else.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

TOP = Path(__file__).resolve().parent.parent
FOLDERS = {
    "neurotrain.models": TOP / "models",
    "neurotrain.tasks": TOP / "tasks",
    "neurotrain.benchmarks": TOP / "tests" / "benchmarks",
}


class CheckoutFinder(MetaPathFinder):
    """Finder of these modules, for the end of `sys.meta_path`."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where one of these modules lies in the checkout; None for any other name."""
        folder = FOLDERS.get(fullname)
        if folder is None or not (folder / "__init__.py").is_file():
            return None
        return spec_from_file_location(
            fullname, folder / "__init__.py", submodule_search_locations=[str(folder)]
        )


def install() -> None:
    """Add the finder, if this is a checkout."""
    if (TOP / "setup.cfg").is_file():
        sys.meta_path.append(CheckoutFinder())
