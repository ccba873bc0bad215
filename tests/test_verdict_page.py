"""The page of verdicts: what experiments came to, and nothing else."""

import json
import re
from pathlib import Path

import pytest

from neurotrain.errors import InvalidInput
from neurotrain.experiments import Check, Findings, Report, experiment_names
from neurotrain.experiments.verdict_page import PAGES, make_page, read_verdicts

# The same on every Python.
pytestmark = pytest.mark.slow
DOCS = Path(__file__).parents[1] / "docs"


def write_verdict(folder, name="oja", quick=False, measured=0.25):
    checks = (
        Check("loss", measured, 0.5, False, "Oja 1982"),
        Check("share", 0.1, 0.9, True, "asked of this library"),
    )
    report = Report(name, quick, 1.0, Findings(checks))
    path = folder / f"{name}.json"
    path.write_text(json.dumps(report.as_json()), "utf-8")
    return path


def test_the_committed_page_is_that_of_the_committed_files():
    assert (DOCS / "verdicts.md").read_text("utf-8") == make_page(read_verdicts(DOCS / "verdicts"))


def test_the_page_tells_what_holds_and_what_fails(tmp_path):
    write_verdict(tmp_path)
    page = make_page(read_verdicts(tmp_path))
    assert "Of 2 checks, 1 hold." in page
    page = page.replace("\N{NO-BREAK SPACE}", " ")
    assert "| holds | loss | 0.25 | ≤ 0.5 | Oja 1982 |" in page
    assert "| **fails** | share | 0.1 | ≥ 0.9 | asked of this library |" in page
    overview = page[: page.index("## oja")]
    assert re.search(r"\| \[oja\]\(#oja\) \| Learn digits .*? \| 1 of 2 \|", overview)
    assert re.search(r"\| `supertrex` \| Learn every .*? \| no table yet \|", overview)
    assert "`oja`" not in page


def test_sections_come_in_the_order_of_the_overview(tmp_path):
    # As file names, "integration-memory.json" comes before "integration.json".
    names = ["integration", "integration-memory"]
    for name in names:
        write_verdict(tmp_path, name=name)
    page = make_page(read_verdicts(tmp_path))
    assert re.findall(r"^\| \[(\S+?)\]", page, re.M) == names
    assert re.findall(r"^## (\S+)", page, re.M) == names


@pytest.mark.parametrize("name", experiment_names())
def test_every_experiment_is_told_in_the_page_that_is_named(name):
    told = (DOCS / f"{PAGES[name]}.md").read_text("utf-8")
    assert re.search(rf"neurotrain reproduce {name}(?![\w-])", told)


def test_quick_forms_are_refused(tmp_path):
    path = write_verdict(tmp_path, quick=True)
    with pytest.raises(InvalidInput, match=re.escape(f"{path} is not what")):
        read_verdicts(tmp_path)


def test_a_file_of_another_experiment_is_refused(tmp_path):
    write_verdict(tmp_path).rename(tmp_path / "rober.json")
    with pytest.raises(InvalidInput, match="reproduce rober --json"):
        read_verdicts(tmp_path)


def test_files_that_are_not_json_are_refused(tmp_path):
    (tmp_path / "oja.json").write_text("oja, 3 s", "utf-8")
    with pytest.raises(InvalidInput, match="not JSON"):
        read_verdicts(tmp_path)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="make some"):
        read_verdicts(tmp_path)
