"""docs/losses.md: its examples run as they stand, and its tables are complete."""

import re
from pathlib import Path

import pytest

from neurotrain.losses import LOSSES, depends_on_spikes_only, make_loss
from neurotrain.readouts import READOUTS, make_readout


@pytest.fixture(scope="module")
def page(top: Path) -> str:
    return (top / "docs" / "losses.md").read_text()


def rows_of(page: str, heading: str) -> dict[str, list[str]]:
    """Return the cells of the first table below a heading, by the name in the first one."""
    section = page.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    cells = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return {row[0].strip("`"): row for row in cells}


def test_examples_run(page):
    names: dict = {"__name__": "page"}
    for example in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(compile(example, "losses.md", "exec"), names)
    assert names["loss"].name == "2*spike-count-margin + 0.1*silence + 0.1*depolarization-block"
    assert names["both"].name == "spike-count-margin + calm"


def test_all_losses_are_told(page):
    rows = rows_of(page, "Losses")
    assert list(rows) == list(LOSSES)
    for name, (_, _, readout, discrete, spikes_only) in rows.items():
        loss = make_loss(name)
        assert readout == (loss.readout or "any")
        assert discrete == ("yes" if loss.discrete else "no")
        if spikes_only != "as the readout":
            assert spikes_only == ("yes" if depends_on_spikes_only(loss) else "no")
        assert all(setting in page for setting in vars(loss))


def test_all_readouts_are_told(page):
    rows = rows_of(page, "Readouts")
    assert set(rows) == set(READOUTS)
    for name, (_, made, kind, _, trained) in rows.items():
        readout = make_readout(name, 2, "v")
        assert made.startswith(f"`{type(readout).__name__}(")
        assert kind == readout.kind
        assert trained == ("yes" if readout.blocks(4) else "no")
