"""docs/learning-rules.md: its examples run as they stand, and it tells all that is public."""

import re

import pytest

from neurotrain import learning_rules

pytest.importorskip("torch")


@pytest.fixture(scope="module")
def page(top):
    return (top / "docs" / "learning-rules.md").read_text()


def test_examples_learn_as_they_say(page, capsys):
    names: dict = {"__name__": "page"}
    first, *others = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(compile(first, "learning-rules.md", "exec"), names)
    printed = re.search(r"# (ΔW.*)", first)[1]
    assert capsys.readouterr().out.strip() == printed
    assert names["course"].accuracy.shape == (3, 2)
    assert names["course"].accuracy[-1].min() > 0.6
    for example in others:
        exec(compile(example, "learning-rules.md", "exec"), names)
    assert names["found"].generations == 3


def test_everything_public_is_told(page):
    for name in learning_rules.__all__:
        assert re.search(rf"\b{name}\b", page), name
    for name in learning_rules.term_names():
        assert f"`{name}`" in page, name


def test_terms_are_told_with_their_formulas(page):
    for k, name in enumerate(learning_rules.term_names()):
        formula = learning_rules.term(name).formula.removeprefix("(").removesuffix(")")
        assert f"| `F{k}` | `{name}` | {formula} |" in page
