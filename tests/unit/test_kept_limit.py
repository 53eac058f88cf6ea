"""A conversation's limit of reasoning survives its JSON, and nothing else is taken for one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localr1.chat.effort import EFFORT_TOKENS, Asked, resolve
from localr1.chat.kept_limit import limit_as_json, limit_from_json

limits = st.builds(
    Asked,
    origin=st.just("this conversation"),
    effort=st.none() | st.sampled_from(list(EFFORT_TOKENS)),
    tokens=st.none() | st.integers(0, 1 << 53),
    seconds=st.none() | st.floats(0, 1e9),
)


@settings(deadline=None)  # a busy machine is no failure
@given(limits)
def test_a_limit_survives_its_json(limit: Asked) -> None:
    says_something = limit != Asked(origin="this conversation")
    assert limit_from_json(limit_as_json(limit)) == (limit if says_something else None)


@pytest.mark.parametrize(
    ("asked", "document"),
    [
        (None, None),
        (Asked(origin="flag"), None),
        (Asked(origin="flag", effort="low"), '{"effort":"low"}'),
        (Asked(origin="flag", tokens=0, seconds=2.5), '{"tokens":0,"seconds":2.5}'),
    ],
)
def test_the_json_has_only_what_was_asked(asked: Asked | None, document: str | None) -> None:
    assert limit_as_json(asked) == document


def test_the_origin_is_the_conversation() -> None:
    kept = limit_from_json(limit_as_json(Asked(origin="flag", tokens=300)))
    assert resolve([None, kept]).reason == "at most 300 tokens of thinking (this conversation)"


@pytest.mark.parametrize(
    "document",
    [
        *(None, 17, 0.5, b'{"tokens":1}', "", "{}", "null", "[]", "17", '"low"', "{", "\ud800"),
        *('{"effort":"extreme"}', '{"effort":["low"]}', '{"tokens":-1}', '{"tokens":1.5}'),
        *('{"tokens":true}', '{"tokens":"1"}', '{"tokens":9007199254740993}', '{"seconds":-0.1}'),
        *('{"seconds":1e999}', '{"seconds":NaN}', '{"seconds":1e10}', '{"seconds":"5"}'),
        '{"tokens":' + "9" * 150 + "}",
        '{"x":' + "[" * 150,
        '{"tokens":1' + " " * 1_000_000 + "}",
    ],
)
def test_anything_else_is_no_limit(document: object) -> None:
    assert limit_from_json(document) is None


@settings(deadline=None)  # a busy machine is no failure
@given(st.text() | st.binary() | st.dictionaries(st.text(), st.floats()).map(json.dumps))
def test_no_text_raises(document: object) -> None:
    limit_from_json(document)
