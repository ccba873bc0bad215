"""What some of the versions of Brian2 that are supported cannot do."""

import brian2
import pytest

linked_by_name = pytest.mark.skipif(
    brian2.__version__.startswith("2.8."),
    reason="Brian2 2.8 takes no variable as the index of a linked variable",
)
