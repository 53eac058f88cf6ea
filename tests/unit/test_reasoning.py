"""The reasoning parser, by tables: each case holds for every way of cutting the stream."""

from __future__ import annotations

import random
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localr1.chat.reasoning import Piece, ReasoningParser


class Case(NamedTuple):
    stream: str
    reasoning: str
    answer: str
    in_reasoning: bool = True
    expects_block: bool = True
    tags: tuple[str, str] = ("<think>", "</think>")


CASES = {
    "prompt opened the block": Case("a b\n</think>\n\nYes.", "a b", "Yes."),
    "model opens the block": Case("<think>\na\n</think>\n\nYes.", "a", "Yes.", False),
    "white space before the tag": Case(" \n<think>a</think>Yes.", "a", "Yes.", False),
    "opened twice": Case("<think>\na</think>Yes.", "a", "Yes."),
    "closed twice": Case("a</think>\n</think>\nYes.", "a", "Yes."),
    "never closed": Case("a\nb\n", "a\nb", ""),
    "never opened": Case("a b </think>Yes.", "a b", "Yes.", False),
    "no block at all": Case("Yes, 1 < 2.", "", "Yes, 1 < 2.", False),
    "empty block": Case("\n</think>\n\nYes.", "", "Yes."),
    "empty reply": Case("", "", ""),
    "a second block before the answer": Case("a</think>\n<think>b</think>Yes.", "ab", "Yes."),
    "tags quoted in the answer": Case(
        "a</think>Use <think> and </think>.", "a", "Use <think> and </think>."
    ),
    "opening tag quoted in the block": Case(
        "I write <think> here</think>x", "I write <think> here", "x"
    ),
    "quoting without being a thinker": Case(
        "Close it by </think> then.", "", "Close it by </think> then.", False, False
    ),
    "half a tag at the end": Case("a </thi", "a </thi", ""),
    "half a tag inside": Case("a </thin b</think>c", "a </thin b", "c"),
    "almost a tag": Case("a <</think>b", "a <", "b"),
    "custom tags": Case("a[/T]b", "a", "b", tags=("[T]", "[/T]")),
    "white space only inside": Case("  \n \n</think>x", "", "x"),
    "answer keeps its inner blank lines": Case("a</think>\n\nx\n\n y", "a", "x\n\n y"),
}


def collect(pieces: list[Piece]) -> tuple[str, str]:
    """Reasoning and answer as a reader would put them together."""
    reasoning = answer = ""
    for kind, text in pieces:
        if kind == "reasoning":
            reasoning += text
        elif kind == "answer":
            answer += text
        else:
            reasoning, answer = (reasoning + answer).rstrip(), ""
    return reasoning, answer


def read(parser: ReasoningParser, stream: str, sizes: random.Random | None) -> list[Piece]:
    """All pieces of a stream, fed in pieces of random size or as one."""
    pieces: list[Piece] = []
    position = 0
    while position < len(stream):
        size = len(stream) if sizes is None else sizes.choice([1, 1, 2, 3, 7])
        pieces += parser.feed(stream[position : position + size])
        position += size
    return pieces + parser.finish()


def parse(case: Case, sizes: random.Random | None) -> tuple[str, str]:
    """Feed the stream in pieces of random size, or as one."""
    parser = ReasoningParser(
        *case.tags, in_reasoning=case.in_reasoning, expects_block=case.expects_block
    )
    return collect(read(parser, case.stream, sizes))


@pytest.mark.parametrize("name", CASES)
def test_whole_and_in_any_pieces(name: str) -> None:
    case = CASES[name]
    expected = (case.reasoning, case.answer)
    assert parse(case, None) == expected
    assert {parse(case, random.Random(seed)) for seed in range(60)} == {expected}


def test_text_is_given_out_as_soon_as_it_is_certain() -> None:
    parser = ReasoningParser(in_reasoning=True)
    assert parser.feed("Let me") == [Piece("reasoning", "Let me")]
    assert parser.feed(" see.</thi") == [Piece("reasoning", " see.")]
    assert parser.feed("nk>") == []
    assert parser.feed("Four") == [Piece("answer", "Four")]


def test_state_is_known_while_it_streams() -> None:
    parser = ReasoningParser()
    assert (parser.in_reasoning, parser.had_block) == (False, False)
    parser.feed("<think>a")
    assert (parser.in_reasoning, parser.had_block) == (True, True)
    parser.feed("</think>")
    assert (parser.in_reasoning, parser.had_block) == (False, True)


STATES = st.fixed_dictionaries(
    {
        name: st.booleans()
        for name in ("in_reasoning", "expects_block", "has_text", "in_answer", "had_block")
    }
).filter(lambda state: not (state["in_reasoning"] and state["in_answer"]))
TAGGED_TEXTS = st.lists(
    st.sampled_from(("<think>", "</think>", "</thi", "<", "a", "b c", " ", "\n")), max_size=10
).map("".join) | st.text(alphabet="<>/think ab\n", max_size=60)


@given(TAGGED_TEXTS, STATES, st.integers(0, 1000))
def test_cutting_the_stream_never_changes_the_result(
    stream: str, state: dict[str, Any], seed: int
) -> None:
    whole, cut = ReasoningParser(**state), ReasoningParser(**state)
    assert collect(read(cut, stream, random.Random(seed))) == collect(read(whole, stream, None))
    assert (cut.in_reasoning, cut.had_block) == (whole.in_reasoning, whole.had_block)


def test_a_block_closed_late_after_a_begun_answer() -> None:
    for sizes in (None, random.Random(0)):
        parser = ReasoningParser(in_answer=True, had_block=False)
        assert collect(read(parser, "a</think>b", sizes)) == ("a", "b")


@given(st.text(max_size=80).filter(lambda text: "<" not in text))
def test_nothing_is_lost_of_a_text_without_tags(text: str) -> None:
    case = Case(text, "", "", False)
    assert parse(case, random.Random(1)) == ("", text.lstrip())


# ---- a text that goes on -----------------------------------------------------------------------


def test_white_space_belongs_to_words_that_were_there_before() -> None:
    assert ReasoningParser(in_reasoning=True, has_text=True).feed(" b") == [
        Piece("reasoning", " b")
    ]
    assert ReasoningParser(in_reasoning=True).feed(" b") == [Piece("reasoning", "b")]
    answering = ReasoningParser(has_text=True, in_answer=True)
    assert answering.feed("\n<think> c</think>") == [Piece("answer", "\n<think> c</think>")]


def test_an_answer_that_is_about_to_begin() -> None:
    parser = ReasoningParser(in_answer=True)
    assert parser.had_block
    assert parser.feed("\n\n") == []
    assert parser.feed("</think>\nx") == [Piece("answer", "x")]


def test_an_answer_without_a_block() -> None:
    parser = ReasoningParser(in_answer=True, had_block=False)
    assert not parser.had_block
    assert parser.feed("x") == [Piece("answer", "x")]


def test_held_is_what_is_not_certain() -> None:
    parser = ReasoningParser(in_reasoning=True)
    held = []
    for text in ("a", " \n", "b <", "/thi", "x", "</think>", "\n", "<th", "e"):
        parser.feed(text)
        held.append(parser.held)
    assert held == ["", " \n", " <", " </thi", "", "", "", "<th", ""]


@pytest.mark.parametrize("sizes", [1, 3, 100])
def test_refused_blocks_are_text_of_the_answer(sizes: int) -> None:
    parser = ReasoningParser(in_reasoning=True)
    parser.feed("a")
    parser.refuse_blocks()
    stream = "</think>\n<think>b</think>c"
    pieces = [
        piece
        for start in range(0, len(stream), sizes)
        for piece in parser.feed(stream[start : start + sizes])
    ]
    assert collect(pieces + parser.finish()) == ("", "<think>b</think>c")
    assert not parser.in_reasoning
