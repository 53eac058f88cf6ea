"""The loop detector: what it takes for a loop, what it leaves alone, when, and once again."""

from __future__ import annotations

import argparse
import collections
import decimal
import inspect
import itertools
import pydoc_data.topics
import random
import statistics
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.honest_texts import made_up_texts
from benchmarks.loop_detection import alarms_in, all_loops, judge, plain_tokenizer
from benchmarks.loop_recordings import recordings
from benchmarks.loop_report import IN_TIME_TOKENS, RECORDED, SYMBOLS, LoopRow
from benchmarks.loop_samples import WORDS, prose, tokenize
from benchmarks.loop_truth import find_loop, repeated_share
from localr1.engine.loops import LONGEST_PERIOD, SYMBOLS_SPAN_TOKENS, Loop, LoopDetector

LEAD_IN = prose(random.Random(7), 120)


def first_alarm(texts: Sequence[str]) -> tuple[int, Loop] | None:
    """Tokens read when the first loop was found, and the loop."""
    ids = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    return next(alarms_in([(ids[text], text) for text in texts]), None)


def words(count: int, seed: int = 1) -> list[str]:
    draw = random.Random(seed)
    return [f" {draw.choice(WORDS)}" for _ in range(count)]


LOOPING: dict[str, Callable[[int], str]] = {
    "one word": lambda n: " again",
    "a sentence": lambda n: "I think that the answer is correct. ",
    "a numbered step": lambda n: f"Step {n}: add {n} to {n * 3} and write the sum below it. ",
    "a day of a diary": lambda n: f"\nDay {n}: We walked {n * 9} miles along the quiet river.",
    "two sentences in turn": lambda n: ("It is a boy, I am sure. ", "No, it is a girl. ")[n % 2],
    "a function": lambda n: "def add(left, right):\n    return left + right\n\n",
    "a line of HTML": lambda n: '<input type="text" name="address" placeholder="Your Address" />\n',
    "a formula in a sentence": lambda n: "So the root of x^2 - 5x + 6 = 0 is x = 3. Wait. ",
    "Chinese": lambda n: f"第{n}步，我们再检查一下这个答案是否正确。",
    "words in capitals and not": lambda n: ("the end is near now ", "THE END IS NEAR NOW ")[n % 2],
}


@pytest.mark.parametrize("name", LOOPING)
def test_loop_is_found_in_time(name: str) -> None:
    start = tokenize(LEAD_IN)
    loop = [text for n in range(1, 300) for text in tokenize(LOOPING[name](n))]
    found = first_alarm(start + loop)
    assert found
    assert len(start) < found[0] <= len(start) + IN_TIME_TOKENS


HONEST = {
    "multiplication table": "\n".join(f"7 x {n} = {7 * n}" for n in range(1, 200)),
    "periodic decimals": "1/7 = 0." + "142857" * 100,
    "ruler": "=" * 1500 + "\n" + "-" * 1500,
    "empty table": "| a | b |\n" + "|   |   |\n" * 80,
    "zeros": "0x00, " * 150,
    "CSV": "\n".join(f"{n},{n * n % 97},{n * 7 % 13}.5,0,0" for n in range(200)),
    "JSON": "\n".join(f'{{"id": {n}, "name": "item", "price": {n * 3}}},' for n in range(60)),
    "log": "\n".join(
        f"2026-11-26 01:{n:02}:00 INFO [worker-{n % 4}] request {n * 31} done in {n} ms"
        for n in range(60)
    ),
    "enumeration": "\n".join(f"{n}. {a} {b}" for n, (a, b) in enumerate(itertools.pairwise(WORDS))),
    "cases tried": " ".join(f"If n is {n}, the sum is {n * 5}: too small." for n in range(1, 13)),
    "counting": " ".join(map(str, range(1, 1000))),
}


@pytest.mark.parametrize("name", HONEST)
def test_honest_repetition_is_left_alone(name: str) -> None:
    assert first_alarm(tokenize(LEAD_IN + HONEST[name])) is None


def test_poem_with_a_refrain() -> None:
    draw = random.Random(3)
    refrain = prose(draw, 30)
    verses = "".join(prose(draw, 30) + refrain for _ in range(8))
    assert first_alarm(tokenize(verses)) is None


def test_symbols_are_given_longer() -> None:
    found = first_alarm(["!"] * 3000)
    assert found
    position, loop = found
    assert SYMBOLS_SPAN_TOKENS <= position <= SYMBOLS_SPAN_TOKENS + 16
    assert loop == Loop("period", 1, SYMBOLS_SPAN_TOKENS)


@settings(max_examples=60, deadline=None)
@given(period=st.integers(1, 200), lead=st.integers(0, 300), seed=st.integers(0, 1000))
def test_every_period_is_found_within_three_of_it(period: int, lead: int, seed: int) -> None:
    # every token of the period is different, so that it is the shortest
    cycle = [f" {word}{mark}" for mark in ("", ".") for word in WORDS][seed % 50 :][:period]
    found = first_alarm(words(lead, seed) + cycle * (3 + 400 // period))
    assert found
    position, loop = found
    assert lead < position <= lead + max(IN_TIME_TOKENS, 3 * period)
    assert loop.kind == "paragraphs" or loop.period_tokens == period


@settings(max_examples=40, deadline=None)
@given(period=st.integers(1, 300))
def test_two_copies_are_no_loop(period: int) -> None:
    cycle = words(period, seed=period)
    copies = cycle * 2 if period > 50 else cycle * (100 // period)
    assert first_alarm([*words(200), *copies, *words(200, seed=5)]) is None


@pytest.mark.parametrize("name", LOOPING)
def test_loop_at_the_beginning_is_not_found_sooner(name: str) -> None:
    found = first_alarm([text for n in range(1, 300) for text in tokenize(LOOPING[name](n))])
    assert found
    assert 160 <= found[0] <= IN_TIME_TOKENS


def test_longest_period() -> None:
    cycle = words(LONGEST_PERIOD)
    found = first_alarm(cycle * 3)
    assert found
    assert found[1].period_tokens in range(LONGEST_PERIOD - 16, LONGEST_PERIOD + 17)


def test_loop_is_told_until_reset_then_only_anew() -> None:
    detector = LoopDetector()
    loop = tokenize("I am sure that this is the answer. ") * 40
    ids = {text: number for number, text in enumerate(dict.fromkeys(loop))}
    told = [detector.feed(ids[text], text) is not None for text in loop]
    first = told.index(True)
    assert sum(told[first:]) > 1
    detector.reset()
    told = [detector.feed(ids[text], text) is not None for text in loop]
    assert told.index(True) >= first - 8


def test_text_far_back_does_not_count() -> None:
    paragraph = prose(random.Random(5), 150)
    draw = random.Random(6)
    rare = "".join(paragraph + prose(draw, 2500) for _ in range(4))
    assert first_alarm(tokenize(rare)) is None


def test_half_characters_and_control_tokens_do_no_harm() -> None:
    detector = LoopDetector()
    draw = random.Random(1)
    for _ in range(5000):
        token = draw.randrange(200_000)
        assert (
            detector.feed(token, draw.choice(("", "\ufffd", "\x00", "\u200b", "a" * 300))) is None
        )


def test_memory_does_not_grow_with_the_text() -> None:
    detector = LoopDetector()
    tokens_of, draw = plain_tokenizer(), random.Random(2)
    for token, text in itertools.chain.from_iterable(
        tokens_of(prose(draw, 2000)) for _ in range(15)
    ):
        detector.feed(token, text)
    assert len(detector._texts) < 6 * LONGEST_PERIOD
    assert len(detector._prose._units) < 6 * LONGEST_PERIOD
    assert len(detector._prose._appearances) < 6 * LONGEST_PERIOD


# ---- a small form of benchmarks.loop_detection ---------------------------------------------------


def test_recorded_and_made_up_loops() -> None:
    rows: dict[str, LoopRow] = collections.defaultdict(LoopRow)
    kinds = collections.Counter[str]()
    for sample in all_loops(seed=3):
        kinds[sample.kind] += 1
        if sample.kind != SYMBOLS and kinds[sample.kind] % 3 == 0:
            judge(rows[sample.kind], sample)
    assert not any(row.false for row in rows.values())
    loops = sum(row.loops for row in rows.values())
    assert sum(row.in_time for row in rows.values()) >= 0.95 * loops
    assert kinds[RECORDED] >= 30
    assert sum(kinds.values()) >= 200


def test_honest_texts() -> None:
    tokens_of = plain_tokenizer()
    modules = (argparse, decimal, statistics, pydoc_data.topics)
    sources = [inspect.getsource(module)[:100_000] for module in modules]
    made_up = [text.text for text in made_up_texts(125_000, seed=3)]
    replies = ["".join(reply.texts) for reply in recordings() if reply.is_honest]
    texts = [*sources, *made_up, *replies]
    assert sum(map(len, texts)) > 200_000
    assert [loop for text in texts for loop in alarms_in(tokens_of(text))] == []


def test_recorded_positions_are_those_of_the_brute_force_search() -> None:
    for recording in list(recordings())[::8]:
        assert recording.loop == find_loop(recording.texts)


def test_brute_force_search() -> None:
    cycle = tokenize("The king said that he would not go to the sea. ")
    start = tokenize(LEAD_IN)
    loop = find_loop(start + cycle * 40)
    assert loop
    assert abs(loop.begins - len(start)) <= 1
    assert loop.period == len(cycle)
    assert find_loop(start) is None
    assert repeated_share("".join(cycle * 40)) > 0.9
    assert repeated_share(LEAD_IN) < 0.1
