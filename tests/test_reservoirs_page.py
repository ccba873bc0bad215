"""docs/reservoirs.md: its example runs as it stands, and it tells all that is public."""

import re

import neurotrain as nt


def test_the_example_learns(top):
    page = (top / "docs" / "reservoirs.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    # Long enough to learn something, and no longer.
    names: dict = {"__name__": "page"}
    exec(compile(example.replace("10_000", "5_000"), "reservoirs.md", "exec"), names)
    assert len(names["tested"]) == 5
    assert names["nt"].reservoirs.deviation(names["tested"]) < 1


def test_everything_public_is_told(top):
    page = (top / "docs" / "reservoirs.md").read_text()
    for name in nt.reservoirs.__all__:
        assert re.search(rf"\b{name}\b", page), name
