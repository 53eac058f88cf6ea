"""Guessing ahead and replies side by side draw as plain sampling does (short forms)."""

from __future__ import annotations

from benchmarks.draw_distribution import LEAST_P, compared, p_value
from benchmarks.speculation_speed import PROMPTS
from tests.greedy_ties import GreedyWriter, assert_same_but_for_ties
from tests.models_on_disk import smollm2_path


async def test_frequencies_are_those_of_plain_sampling() -> None:
    guessing, side_by_side = await compared(480, n_threads=1)
    assert guessing.drafted > guessing.accepted > 0
    assert min(guessing.kinds, side_by_side.kinds) > 20
    assert min(guessing.p, side_by_side.p) >= LEAST_P


def test_the_comparison_notices_a_difference() -> None:
    assert p_value({"a": 240, "b": 160}, {"a": 200, "b": 200}) < LEAST_P
    assert p_value({"a": 240, "b": 160}, {"a": 231, "b": 169}) > 0.1


def test_greedy_text_is_the_same_with_guesses() -> None:
    writer = GreedyWriter(smollm2_path())
    drafted = 0
    for question in PROMPTS[4:6]:
        plain, guessed = writer.write(question, "off"), writer.write(question, "lookup")
        assert_same_but_for_ties(writer, plain, guessed)
        drafted += guessed.done.drafted_tokens
    assert drafted > 0
