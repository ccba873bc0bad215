"""The parser of the command line, whose errors are those of neurotrain."""

import argparse
from typing import Any, NoReturn

from neurotrain.errors import InvalidInput


class Parser(argparse.ArgumentParser):
    """A parser whose errors are those of neurotrain, with the nearest name."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)
        self.flags: list[str] = []

    def add(self, *flags: str, **options: Any) -> None:
        """Add an argument and remember its name."""
        self.flags += [flag for flag in flags if flag.startswith("--")]
        self.add_argument(*flags, **options)

    def error(self, message: str) -> NoReturn:
        raise InvalidInput(f"{message}; see {self.prog} --help")
