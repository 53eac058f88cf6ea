"""A paused thought, changed by typed lines."""

from __future__ import annotations

import pytest

from localr1.cli.thought_edit import end_of, is_take_back, with_words, without_last_sentences

THOUGHT = "Add 347 and 586.\nOnes: 7+6=13, write 3, carry 1.\nTens: 4+8"


@pytest.mark.parametrize(
    ("thought", "words", "changed"),
    [
        ("Tens: 4+8", "No, wait.", "Tens: 4+8\n\nNo, wait.\n"),
        ("Tens: 4+8=12.", " No. ", "Tens: 4+8=12.\nNo.\n"),
        ("Tens: 4+8=12.\n\n", "No.", "Tens: 4+8=12.\nNo.\n"),
        ("", "I begin.", "I begin.\n"),
        ("看。", "不。", "看。\n不。\n"),
    ],
)
def test_words_stand_in_lines_of_their_own(thought: str, words: str, changed: str) -> None:
    assert with_words(thought, words) == changed


@pytest.mark.parametrize(
    ("sentences", "left"),
    [
        (1, "Add 347 and 586.\nOnes: 7+6=13, write 3, carry 1.\n"),
        (2, "Add 347 and 586.\n"),
        (3, ""),
        (9999, ""),
    ],
)
def test_sentences_are_taken_back(sentences: int, left: str) -> None:
    assert without_last_sentences(THOUGHT, sentences) == left


@pytest.mark.parametrize(
    ("thought", "left"),
    [
        ("It is 3.14 now. So e.g. this one", "It is 3.14 now."),
        ("一二。三四。五", "一二。三四。"),
        ("Really? Yes! Good", "Really? Yes!"),
        ('He said "no." Then', 'He said "no."'),
        ("1. First\n2. Second", "1. First\n"),
        ("One. Two.\n\n", "One."),
        ("", ""),
    ],
)
def test_a_sentence_is_what_a_reader_takes_for_one(thought: str, left: str) -> None:
    assert without_last_sentences(thought, 1) == left


def test_taking_back_all_sentences_one_by_one_ends() -> None:
    thought, steps = THOUGHT * 20, 0
    while thought:
        shorter = without_last_sentences(thought, 1)
        assert len(shorter) < len(thought)
        assert thought.startswith(shorter)
        thought, steps = shorter, steps + 1
    assert steps > 20


@pytest.mark.parametrize(
    ("line", "takes_back"),
    [("<", True), (" <<< ", True), ("", False), ("<b>", False), ("a < b", False), ("< <", False)],
)
def test_only_signs_take_back(line: str, takes_back: bool) -> None:
    assert is_take_back(line) is takes_back


def test_the_end_is_shown_in_whole_words() -> None:
    assert end_of("short", 20) == "short"
    assert end_of(THOUGHT, 20) == "…carry 1. Tens: 4+8"
    assert len(end_of("x" * 1000, 20)) == 21
    assert end_of("", 20) == ""
