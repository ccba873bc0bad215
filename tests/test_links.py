"""Links between pages and into the repository lead to files and headings that are there."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

# The same on every Python.
pytestmark = pytest.mark.slow

TOP = Path(__file__).parents[1]
PAGES = sorted(
    page
    for pattern in ("*.md", "docs/*.md", "tutorials/*.md", "tests/**/*.md", ".github/**/*.md")
    for page in TOP.glob(pattern)
)
CODE = re.compile(r"^(```|~~~).*?^\1", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(\s*<?([^)\s>]+)")


def links(page: Path) -> Iterator[str]:
    """Yield where links of a page lead, but for those to other sites."""
    text = CODE.sub("", page.read_text("utf-8"))
    for found in LINK.finditer(re.sub(r"`[^`\n]*`", "", text)):
        if not re.match(r"[a-z]+:", found[1]):
            yield found[1]


@cache
def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as repositories make them."""
    headings = re.findall(r"^#+ +(.+?) *$", CODE.sub("", page.read_text("utf-8")), re.MULTILINE)
    plain = (re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading) for heading in headings)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in plain}


def broken(page: Path) -> list[str]:
    """Return the links of a page that lead nowhere."""
    found = []
    for link in links(page):
        place, _, anchor = link.partition("#")
        target = (page.parent / place).resolve() if place else page
        inside = target.is_relative_to(TOP) and target.exists()
        if not inside or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            found.append(link)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TOP)))
def test_links_lead_to_what_is_there(page):
    assert not broken(page)


def test_links_that_lead_nowhere_are_found(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.test_links.TOP", tmp_path)
    (tmp_path / "there.md").write_text("# A heading, with `code`\n", "utf-8")
    page = tmp_path / "page.md"
    page.write_text(
        "[a](there.md#a-heading-with-code) [b](there.md#other) [c](gone.md) [d](../out.md) "
        "[e](https://example.org) `[f](code.md)`\n```\n[g](code.md)\n```\n",
        "utf-8",
    )
    assert broken(page) == ["there.md#other", "gone.md", "../out.md"]
