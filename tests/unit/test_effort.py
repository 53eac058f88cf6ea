"""Efforts, the precedence of limits, and where reasoning may stop."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localr1.chat.effort import (
    CLOSING_SENTENCE,
    EFFORT_TOKENS,
    Asked,
    Effort,
    ReasoningLimit,
    grace_tokens,
    resolve,
)
from localr1.chat.sentence_end import ends_sentence


def test_efforts_grow_and_the_last_has_no_limit() -> None:
    limits = list(EFFORT_TOKENS.values())
    assert limits == [512, 2_048, 8_192, None]


@pytest.mark.parametrize(
    ("asked", "tokens", "seconds", "reason"),
    [
        (
            {"effort": "medium"},
            2_048,
            None,
            "effort medium: at most 2,048 tokens of thinking (flag)",
        ),
        ({"effort": "unlimited"}, None, None, "effort unlimited: thinking without a limit (flag)"),
        ({"tokens": 1}, 1, None, "at most 1 token of thinking (flag)"),
        ({"tokens": 0}, 0, None, "no thinking (flag)"),
        ({"seconds": 90.0}, None, 90.0, "at most 1 min 30 s of thinking (flag)"),
        (
            {"tokens": 300, "seconds": 5.0},
            300,
            5.0,
            "at most 300 tokens or 5.0 s of thinking (flag)",
        ),
        # an explicit limit goes before an effort of its level, and the effort is then not used
        (
            {"effort": "low", "tokens": 4_000},
            4_000,
            None,
            "at most 4,000 tokens of thinking (flag)",
        ),
        ({"effort": "low", "seconds": 9.0}, None, 9.0, "at most 9.0 s of thinking (flag)"),
    ],
)
def test_one_level(
    asked: dict[str, int], tokens: int | None, seconds: float | None, reason: str
) -> None:
    limit = resolve([Asked(origin="flag", **asked)])  # type: ignore[arg-type]
    assert (limit.tokens, limit.seconds, limit.reason) == (tokens, seconds, reason)


def test_a_higher_level_replaces_a_lower_one_wholly() -> None:
    lower = Asked(origin="settings file", tokens=100, seconds=3.0)
    assert resolve([Asked(origin="this reply", effort="high"), lower]) == ReasoningLimit(
        tokens=8_192,
        reason="effort high: at most 8,192 tokens of thinking (this reply)",
        effort="high",
    )
    assert resolve([Asked(origin="this reply", seconds=9.0), lower]).tokens is None
    assert resolve([Asked(origin="this reply", effort="unlimited"), lower]).tokens is None


def test_levels_that_ask_for_nothing_are_passed_over() -> None:
    limit = resolve([None, Asked(origin="flag"), Asked(origin="settings file", effort="low")])
    assert limit.tokens == 512
    assert "settings file" in limit.reason


def test_nothing_asked_is_no_limit_and_says_so() -> None:
    assert resolve([]) == ReasoningLimit(reason="no limit of thinking")


@given(st.lists(st.sampled_from(list(EFFORT_TOKENS)), min_size=1))
def test_the_first_effort_wins(efforts: list[Effort]) -> None:
    limit = resolve(Asked(origin=str(at), effort=each) for at, each in enumerate(efforts))
    assert limit.tokens == EFFORT_TOKENS[efforts[0]]


def test_grace_is_a_quarter_and_at_most_32() -> None:
    limits = (0, 1, 16, 64, 128, 256, None)
    assert [grace_tokens(limit) for limit in limits] == [0, 0, 4, 16, 32, 32, 32]


ENDS = [
    "So it is 12!\n",
    "Is that right?",
    "Yes!",
    'He said "no."',
    "(That is enough.)",
    "It is **done.**",
    "so $x = y.$",
    "a new line\n",
    "a new line\n  ",
    "所以答案是四。",
    "对吗？",
    "好！",
    "他说“好。”",
    "（见上文。）",
    "Wait…",
    "Wait...",
    "It is 3. ",
    "(it is 3.)",
    "The answer is B.",
    "We use n.",
    "word. ",
]
GOES_ON = [
    "",
    "So it is",
    "So it is,",
    "first:",
    "3.",
    "It is 3.",
    "x = 3.1",
    "5!",
    "n!",
    "we use 10! ",
    "e.g.",
    "(e.",
    "some, i.e.",
    "see Fig.",
    "Dr. ",
    "1. ",
    "a line\n2.",
    "a line\n2. ",
    "a line\n**3.** ",
    "a line\n- 4. ",
    ")",
    "**",
    "所以",
    "所以，",
]


@pytest.mark.parametrize("text", ENDS)
def test_reasoning_may_stop_here(text: str) -> None:
    assert ends_sentence(text)


@pytest.mark.parametrize("text", GOES_ON)
def test_reasoning_goes_on_here(text: str) -> None:
    assert not ends_sentence(text)


@given(st.text(), st.sampled_from(ENDS))
def test_only_the_tail_counts(before: str, end: str) -> None:
    assert ends_sentence(f"{before}\n\nSo: {end}")


@given(st.text())
def test_a_newline_always_ends(text: str) -> None:
    assert ends_sentence(text + "\n")


@pytest.mark.parametrize("filler", [" ", ")", "1", "*", "a."])
def test_long_text_is_looked_at_by_its_end(filler: str) -> None:
    assert ends_sentence(filler * 500_000 + " done.")


def test_the_closing_sentence_stands_alone() -> None:
    assert CLOSING_SENTENCE.startswith("\n\n")
    assert ends_sentence(CLOSING_SENTENCE)
