"""The tutorials run as they stand in their short form, and every picture in them is described."""

import ast
import re
from pathlib import Path

import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

# The same on every Python; some need PyTorch or Elephant, which are there on the first one.
pytestmark = pytest.mark.slow

TOP = Path(__file__).resolve().parent.parent
TUTORIALS = sorted((TOP / "tutorials").glob("[0-9]*.md"))
NEEDS = {
    "08-learning-rules": "torch",
    "05-trainability": "torch",
    "09-neo-and-elephant": "elephant",
}
CELL = re.compile(r"```\{code-cell\} ipython3\n(?:---\n(.*?)\n---\n)?(.*?)```", re.DOTALL)


def cells(path: Path) -> list[tuple[str, str]]:
    """Return the settings and the code of each cell."""
    return CELL.findall(path.read_text())


def run_cell(code: str, name: str, names: dict) -> list[Figure]:
    """Run a cell as a notebook does, and return the figures that it shows."""
    tree, shown = ast.parse(code), None
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec"), names)
    if last is not None:
        shown = eval(compile(ast.Expression(last.value), name, "eval"), names)
    figures = [plt.figure(number) for number in plt.get_fignums()]
    return [*figures, *([shown] if isinstance(shown, Figure) and shown not in figures else [])]


@pytest.fixture
def short(monkeypatch, tmp_path):
    """Sizes as in a test, in a folder of its own."""
    monkeypatch.setenv("NEUROTRAIN_SHORT", "1")
    monkeypatch.chdir(tmp_path)


# All of them take a minute or two, which .ci/run gives them.
@pytest.mark.nightly
@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_runs_and_describes_its_pictures(path, short):
    if path.stem in NEEDS:
        pytest.importorskip(NEEDS[path.stem])
    names: dict = {"__name__": "__main__"}
    for number, (settings, code) in enumerate(cells(path)):
        figures = run_cell(code, f"{path.stem}, cell {number}", names)
        plt.close("all")
        assert len(figures) <= 1, (
            f"cell {number} shows {len(figures)} figures under one description"
        )
        described = re.search(r'alt: ".{20,}"', settings) is not None
        assert described == bool(figures), (
            f"cell {number}: figures {figures}, settings {settings!r}"
        )


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_has_what_every_tutorial_has(path):
    text = path.read_text()
    assert re.search(r"^\*\*Run time\*\*: .*on two cores", text, re.MULTILINE)
    assert "NEUROTRAIN_SHORT" in text
    exercises = text.split("\n## Exercises\n")[1]
    assert len(re.findall(r"^\d\. ", exercises, re.MULTILINE)) >= 3
    assert text.startswith("---\nfile_format: mystnb\n")
