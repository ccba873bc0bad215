"""Texts in TOML and JSON: what is plain is read, and what is nested without end is refused."""

import json
import tomllib

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from neurotrain.plain_data import MOST_LEVELS, parse_json, parse_toml

PLAIN = st.dictionaries(
    st.text("abc", min_size=1), st.one_of(st.integers(-9, 9), st.booleans(), st.lists(st.text()))
)


@given(content=PLAIN)
def test_what_was_written_is_read(content):
    assert parse_json(json.dumps(content)) == content
    assert parse_toml(tomli_w.dumps(content)) == content


@pytest.mark.parametrize("depth", [MOST_LEVELS + 1, 500, 100_000])
def test_what_is_nested_deeply_is_refused(depth):
    for parse, text in [
        (parse_json, "[" * depth + "]" * depth),
        (parse_json, '{"a":' * depth + "1" + "}" * depth),
        (parse_toml, "a = " + "[" * depth + "]" * depth),
    ]:
        with pytest.raises(ValueError, match="nested deeper than 16 levels"):
            parse(text)
    with pytest.raises(ValueError, match="nested deeper"):
        parse_toml("a." * min(depth, 500) + "a = 1")


def test_as_many_levels_as_are_allowed_are_read():
    text = "[" * MOST_LEVELS + "]" * MOST_LEVELS
    assert parse_json(text) == json.loads(text)
    assert parse_toml(f"a = {text[1:-1]}") == tomllib.loads(f"a = {text[1:-1]}")


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_what_json_does_not_know_is_refused(constant):
    with pytest.raises(ValueError, match=f"it holds {constant}"):
        parse_json(f'{{"a": {constant}}}')
