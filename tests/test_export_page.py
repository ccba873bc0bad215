"""docs/export.md: its example runs as it stands, and its tables are complete."""

import re
from pathlib import Path

import pytest

from neurotrain.export.files import WRITERS


@pytest.fixture(scope="module")
def page(top: Path) -> str:
    return (top / "docs" / "export.md").read_text()


def test_the_example_writes_what_brian2_recorded(page, tmp_path, monkeypatch):
    found = re.search(r"<!-- example -->\n```python\n(.*?)```\n<!-- /example -->", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    names: dict = {"__name__": "page"}
    exec(compile(found[1], "export.md", "exec"), names)
    lines = (tmp_path / "script.csv").read_text().splitlines()
    assert len(lines) == names["spikes"].num_spikes + 1 > 10
    assert names["block"].annotations == {"script": "example"}


def test_all_endings_are_told(page):
    assert re.findall(r"^\| `(\.\w+)` \|", page, re.MULTILINE) == list(WRITERS)
