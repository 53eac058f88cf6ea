"""The outline of a reasoning text: its steps, what each does, and that it may arrive in pieces."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localr1.chat.outline import STEPS_AT_MOST, Outliner, Step, outline
from localr1.chat.outline_blocks import PIECE_CHARACTERS
from localr1.chat.turning_words import Kind, opening

TRACES = Path(__file__).parents[1] / "data"

ENGLISH: list[tuple[Kind, str]] = [
    ("start", "Okay, so I need to find"),
    ("step", "Now I need to take away"),
    ("conclusion", "So the number should be"),
    ("turn", "Wait, does"),
    ("turn", "Hmm, but I should be careful"),
    ("check", "Let me double-check the count"),
    ("alternative", "Alternatively, I could count in blocks"),
    ("conclusion", "So each block gives 4."),
    ("alternative", "Maybe a short program"),
    ("step", "I cannot run it here"),
    ("turn", "Actually, I could even write it"),
    ("conclusion", "Therefore, the answer is 114."),
]
CHINESE: list[tuple[Kind, str]] = [
    ("start", "嗯，我需要求出一个两位数"),
    ("conclusion", "所以，两个方程相加"),
    ("turn", "等等，题目说的是"),
    ("check", "让我验证一下数字之和"),
    ("alternative", "不过，会不会还有其他的解"),
    ("alternative", "或者，可以直接列举"),
    ("turn", "不对，我漏掉了90"),
    ("alternative", "另外，也可以用差值来思考"),
    ("conclusion", "综上，这个两位数是36"),
]


@pytest.mark.parametrize(
    ("name", "expected"), [("thought-english.txt", ENGLISH), ("thought-chinese.txt", CHINESE)]
)
def test_the_steps_of_a_trace(name: str, expected: list[tuple[Kind, str]]) -> None:
    text = (TRACES / name).read_text(encoding="utf-8")
    steps = outline(text)
    assert [step.kind for step in steps] == [kind for kind, _ in expected]
    for step, (_, words) in zip(steps, expected, strict=True):
        assert step.words.startswith(words)
        assert text[step.place :].lstrip().startswith(words)


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("Wait, that is 12.", "turn"),
        ("But wait, the user said three.", "turn"),
        ("Wait for the water to boil.", "step"),
        ("Hold on a moment.", "turn"),
        ("Hmm, so we need a lemma.", "step"),
        ("Hmm, that would be negative.", "turn"),
        ("Actually, it is odd.", "turn"),
        ("No, that's not right.", "turn"),
        ("No, it ends in 7.", "step"),
        ("**Wait**, that is 12.", "turn"),
        ("Oh, I made a mistake above.", "turn"),
        ("Wait, let me check that.", "check"),
        ("Let me verify this with n = 3.", "check"),
        ("So let me double‐check".replace("‐", "-"), "check"),
        ("To verify, plug in 2.", "check"),
        ("Checking: 3 + 4 = 7.", "check"),
        ("Let me think.", "step"),
        ("Alternatively, use symmetry.", "alternative"),
        ("Another approach is induction.", "alternative"),
        ("But maybe it is larger.", "alternative"),
        ("Let's try another way.", "alternative"),
        ("What if x is zero?", "alternative"),
        ("Therefore, x = 2.", "conclusion"),
        ("So x = 2.", "conclusion"),
        ("So, I need to find x.", "step"),
        ("So how do I find x?", "step"),
        ("The answer is 2.", "conclusion"),
        ("But x is odd.", "step"),
        ("Nothing else is left.", "step"),
        ("Nowhere is it said.", "step"),
        ("Sophie has 3 apples.", "step"),
        ("Hence the claim.", "conclusion"),
        ("", "step"),
        ("等等，这不对。", "turn"),
        ("不对，应该是5。", "turn"),
        ("嗯，让我检查一下。", "check"),
        ("我再验证一遍。", "check"),
        ("或者用归纳法。", "alternative"),
        ("换个思路。", "alternative"),
        ("其实不需要。", "turn"),
        ("因此x等于2。", "conclusion"),
        ("所以我需要先求x。", "step"),
        ("但是x是奇数。", "step"),
        ("设x为奇数。", "step"),
    ],
)
def test_how_a_sentence_begins(sentence: str, kind: Kind) -> None:
    assert opening(sentence).kind == kind


LONG = "This sentence is as long as a sentence of a usual thought, and says as little as one. "


@pytest.mark.parametrize(
    "inside",
    [
        "1. First\n\n2. Second\n\n3. So the third\n\n   So it goes on\n\n",
        "| n | sum |\n|---|---|\n| so | 5 |\n",
        "```python\nx = 1\n\nWait, this is code\n\n# So is this\n```\n",
        "~~~\nWait.\n\nAlternatively\n~~~\n",
        "\\[\nx = 2\n\\]\n",
    ],
)
def test_lists_tables_code_and_formulas_belong_to_one_step(inside: str) -> None:
    before, after = LONG * 3 + "It goes:\n\n", "\n\nTherefore, " + LONG * 3
    steps = outline(before + inside + after)
    assert [step.kind for step in steps] == ["start", "conclusion"]
    assert steps[1].place >= len(before + inside)


def test_a_change_of_mind_within_a_list_is_seen() -> None:
    steps = outline(f"{LONG * 2}\n\n- {LONG}\n- {LONG}Wait, that is wrong. {LONG}\n- {LONG}\n")
    assert [step.kind for step in steps] == ["start", "step", "turn"]


def test_tiny_steps_join_and_equal_ones_are_numbered() -> None:
    again = "Let me check that.\n\n" + LONG * 3 + "\n\n"
    steps = outline("Okay.\n\n" + LONG * 3 + "\n\nHmm.\n\nWait, no. " + LONG + "\n\n" + again * 3)
    assert [(step.kind, step.number) for step in steps] == [
        ("start", 1),
        ("turn", 1),
        ("check", 1),
        ("check", 2),
        ("check", 3),
    ]


@pytest.mark.parametrize(
    "text",
    ["x" * 130_000, "Wait. " * 22_000, "\n" * 130_000, "So it is.\n\n" * 12_000, "等" * 50_000],
)
def test_any_long_text_has_an_outline_that_can_be_read(text: str) -> None:
    steps = outline(text)
    assert 1 <= len(steps) <= STEPS_AT_MOST
    assert_tiles(steps, text)


def test_a_long_trace_keeps_its_turns_rather_than_its_plain_steps() -> None:
    turn = "Wait, that cannot be. " + LONG * 6 + "\n\n"
    plain = (LONG * 2 + "\n\n") * 10
    steps = outline((plain + turn) * 60)
    assert 30 <= len(steps) <= STEPS_AT_MOST
    assert sum(step.kind == "turn" for step in steps) >= len(steps) * 0.8


def test_an_append_costs_the_same_however_long_the_text_is() -> None:
    outliner = Outliner()
    for _ in range(3_000):
        outliner.append("some words without an end ")
    assert len(outliner._rest) <= 2 * PIECE_CHARACTERS
    assert len(outliner._open.words) <= 2 * PIECE_CHARACTERS  # type: ignore[union-attr]


def test_nothing_has_no_steps() -> None:
    assert outline("") == []
    assert outline(" \n\n ") == [Step(0, 4, "start", "", 0)]


def assert_tiles(steps: list[Step], text: str) -> None:
    ends = [0, *(step.end for step in steps)]
    assert [step.start for step in steps] == ends[:-1]
    assert ends[-1] == len(text)
    assert all(step.start <= step.place < step.end for step in steps)


SIGNS = (
    "Wait, |So |Let me check|Alternatively, |x|5|.|。| |\n|\n\n|```|- |1. |等等|不对|\\[|:|!|”|\t"
)
PARTS = st.sampled_from([*SIGNS.split("|"), "| a |", LONG, "y" * 500])
TEXTS = st.lists(st.one_of(PARTS, st.text(max_size=5)), max_size=60)


@given(TEXTS, st.randoms(use_true_random=False))
def test_steps_tile_the_text_and_pieces_make_no_difference(
    parts: list[str], random: object
) -> None:
    text = "".join(parts)
    whole = outline(text)
    if text:
        assert_tiles(whole, text)
    outliner = Outliner()
    start = 0
    while start < len(text):
        end = start + random.choice((1, 2, 7, 50, 900))  # type: ignore[attr-defined]
        outliner.append(text[start:end])
        assert_tiles(outliner.steps, text[:end])
        start = end
    assert outliner.steps == whole
