"""docs/reservoirs.md: its examples run as they stand, and it tells all that is public."""

import re

import neurotrain as nt


def test_the_examples_learn(top):
    page = (top / "docs" / "reservoirs.md").read_text()
    names: dict = {"__name__": "page"}
    for example in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        # Long enough to learn something, and no longer.
        exec(compile(example.replace("10_000", "5_000"), "reservoirs.md", "exec"), names)
    assert len(names["spiking"].trials) == 1
    assert len(names["tested"]) == 5
    assert names["nt"].reservoirs.deviation(names["tested"]) < 1


def test_everything_public_is_told(top):
    page = (top / "docs" / "reservoirs.md").read_text()
    for name in nt.reservoirs.__all__:
        assert re.search(rf"\b{name}\b", page), name
