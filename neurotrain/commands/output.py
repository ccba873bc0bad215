"""What commands print."""

import json
import sys
from collections.abc import Mapping
from typing import Any


def say(text: str) -> None:
    """Print a line for people, beside the output proper."""
    print("neurotrain:", " ".join(text.splitlines()), file=sys.stderr)


def print_json(content: Mapping[str, Any]) -> None:
    """Print the output as JSON."""
    print(json.dumps(content, indent=2))
