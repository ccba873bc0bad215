"""docs/figures.md: its example runs as it stands, and its tables are complete."""

import re
from pathlib import Path

import pytest

import neurotrain as nt
from neurotrain.analysis.page_style import TEXTS

# The same on every Python.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def page(top: Path) -> str:
    return (top / "docs" / "figures.md").read_text()


def names_in(page: str, heading: str) -> list[str]:
    """Return what the first column of the table below a heading names."""
    section = page.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    return [name for row in rows for name in re.findall(r"`(.*?)`", row.split("|")[1])]


def test_all_figures_are_told(page):
    assert set(names_in(page, "The figures of a run")) == set(TEXTS)
    assert set(names_in(page, "Figures of your own")) == set(nt.plots.__all__)


def test_example_runs(page, tmp_path, monkeypatch):
    from matplotlib import pyplot

    task = nt.tasks.PerceptualDecision(
        coherence=(6.4, 25.6), fixation_ms=20, stimulus_ms=150, delay_ms=(0, 100), decision_ms=20
    )
    few = {"generations": 2, "trials": 4, "validation_trials": 10, "test_trials": 10}
    results = {
        f"runs/{seed}": nt.train(
            nt.models.morris_lecar(32, channels=2, classes=2, dale=0.75),
            task,
            **few,
            optimizer_options={"population_size": 4},
            seed=seed,
            progress=False,
            out=tmp_path / str(seed),
        )
        for seed in range(5)
    }
    monkeypatch.setattr(nt.Result, "load", results.__getitem__)
    names: dict = {}
    for example in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(compile(example, "figures.md", "exec"), names)
    pyplot.close(names["figure"])
    drawn = [axes for axes in names["axes"].flat if axes.has_data()]
    assert len(drawn) == 11
