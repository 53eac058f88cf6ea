"""The decode loop: guesses never change a reply, and the cache holds what the reply says."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localr1.engine import native
from localr1.engine.draft_costs import CPU_COSTS
from localr1.engine.protocol import ReasoningRule
from localr1.engine.reply_stream import ReplyStream
from localr1.engine.speculating import Speculating
from localr1.engine.writing import Writing
from localr1.errors import DoesNotFit, EngineError
from tests.decoding import CLOSE, END, OPEN, Desk, Model, ModelDrawing, ScriptedDrawing, Vocabulary

EMOJI = "😀".encode()
WORDS = ReasoningRule(closing_words="\n\nNow I answer.\n")


class Guesses:
    """A speculator that follows a function of the number of tokens that came."""

    def __init__(self, guess: Callable[[int], Sequence[int]]) -> None:
        self._guess = guess
        self._came = 0

    def propose(self, most: int) -> list[int]:
        return list(self._guess(self._came)[: max(0, most)])

    def came(self, tokens: Sequence[int]) -> None:
        self._came += len(tokens)

    def keep(self, n_tokens: int) -> None:
        """Wrong guesses cost nothing here, so those after a cut may miss."""


@pytest.fixture
def vocabulary() -> Vocabulary:
    return Vocabulary()


@pytest.fixture
def desk(vocabulary: Vocabulary) -> Desk:
    return Desk(vocabulary)


def write_guessing(
    desk: Desk,
    script: list[int],
    guess: Callable[[int], Sequence[int]],
    rule: ReasoningRule = WORDS,
) -> tuple[ReplyStream, Writing]:
    streams = desk.begin([ScriptedDrawing(script)], rule)
    writing = desk.write(streams, Guesses(guess))
    assert desk.held.tokens == desk.cache.sequences[0]
    return streams[0], writing


def words(vocabulary: Vocabulary, count: int) -> list[int]:
    return [vocabulary.token(f" w{n}") for n in range(count)]


# ---- guesses -----------------------------------------------------------------------------------


def test_right_guesses_spare_passes(desk: Desk, vocabulary: Vocabulary) -> None:
    script = [*words(vocabulary, 10), CLOSE, *words(vocabulary, 5)]
    stream, writing = write_guessing(desk, script, lambda n: script[n : n + 5])
    assert stream.tokens == script
    assert len(desk.cache.batches) == 3
    assert writing.accepted_tokens == writing.drafted_tokens == 13


def test_wrong_guesses_change_nothing(desk: Desk, vocabulary: Vocabulary) -> None:
    script = [*words(vocabulary, 10), CLOSE, *words(vocabulary, 5)]
    stream, writing = write_guessing(desk, script, lambda n: [7, 7, 7])
    assert stream.tokens == script
    assert desk.cache.batches == [4] * 16
    assert writing.accepted_tokens == 0


def test_partly_right_guesses_count_as_far_as_they_go(desk: Desk, vocabulary: Vocabulary) -> None:
    script = [*words(vocabulary, 10), CLOSE, *words(vocabulary, 5)]
    stream, writing = write_guessing(
        desk, script, lambda n: [*script[n : n + 2], 7, *script[n + 3 : n + 5]]
    )
    assert stream.tokens == script
    assert len(desk.cache.batches) == 6
    assert writing.accepted_tokens == 10


def test_a_guess_beyond_the_end_is_not_written(desk: Desk, vocabulary: Vocabulary) -> None:
    script = [*words(vocabulary, 2), CLOSE, *words(vocabulary, 2)]
    stream, _ = write_guessing(desk, [*script, END], lambda n: [*script, END, 7, 7, 7][n:])
    assert stream.tokens == script
    assert desk.held.tokens == [*desk.prompt, *script]


def test_a_close_among_right_guesses(desk: Desk, vocabulary: Vocabulary) -> None:
    script = words(vocabulary, 12)
    rule = ReasoningRule(max_tokens=3, closing_words="\n\nNow I answer.\n")
    stream, _ = write_guessing(desk, script, lambda n: script[n : n + 6], rule)
    plain = Desk(vocabulary).write_script(script, rule=rule)
    assert stream.tokens == plain.tokens
    assert stream.writer.reasoning.strip().startswith("w0 w1 w2\n\nNow")


@pytest.mark.parametrize("budget", [2, 3, 4])
def test_a_character_is_taken_back_out_of_the_cache(
    desk: Desk, vocabulary: Vocabulary, budget: int
) -> None:
    script = [vocabulary.token("Hm"), *EMOJI, vocabulary.token("x")]
    rule = ReasoningRule(max_tokens=budget)
    stream, _ = write_guessing(desk, script, lambda n: script[n : n + 4], rule)
    assert stream.writer.reasoning == "Hm"
    assert list(stream.tokens[:1]) == script[:1]
    assert not set(EMOJI[:2]) & set(stream.tokens[:4])


ALPHABET: tuple[bytes | str | int, ...] = (
    " a", " b", ".", "\n", "\n\n", "é", " \u200b", b" \xf0\x9f", b"\x98\x80", b"\xff",
    *EMOJI, CLOSE, CLOSE, END, OPEN,
)  # fmt: skip


def hashed_model(vocabulary: Vocabulary, seed: int) -> Model:
    """The same text is always gone on with in the same way; every token has its turn."""
    alphabet = [each if isinstance(each, int) else vocabulary.token(each) for each in ALPHABET]

    def candidates(prefix: tuple[int, ...]) -> Sequence[int]:
        draw = random.Random(f"{seed} {prefix[-3:]} {len(prefix) % 5}")
        return draw.sample(alphabet, len(alphabet)) + vocabulary.tokens(" last")

    return candidates


Drafts = Callable[[int], Sequence[int]]


@settings(deadline=None, max_examples=200)
@given(
    seed=st.integers(0, 10_000),
    rule=st.builds(
        ReasoningRule,
        max_tokens=st.none() | st.integers(0, 20),
        grace_tokens=st.integers(0, 6),
        closing_words=st.sampled_from(("", "\n\nNow I answer.\n")),
    ),
    max_tokens=st.integers(1, 60),
    luck=st.sampled_from((0.0, 0.5, 0.9, 1.0)),
    opens_block=st.booleans(),
)
def test_guessing_never_changes_a_reply(
    seed: int, rule: ReasoningRule, max_tokens: int, luck: float, opens_block: bool
) -> None:
    vocabulary = Vocabulary()
    plain, guessing = (Desk(vocabulary, n_ctx=256, opens_block=opens_block) for _ in range(2))
    model = hashed_model(vocabulary, seed)
    first = plain.begin([ModelDrawing(plain.cache, model)], rule, max_tokens=max_tokens)
    plain.write(first)
    second = guessing.begin([ModelDrawing(guessing.cache, model)], rule, max_tokens=max_tokens)
    draw = random.Random(seed)

    def guess(came: int) -> Sequence[int]:
        right = first[0].tokens[len(second[0].tokens) :]
        length = draw.randrange(0, 8)
        return [
            t if draw.random() < luck else draw.choice((END, CLOSE, 32)) for t in right[:length]
        ]

    guessing.write(second, Guesses(guess))
    assert second[0].tokens == first[0].tokens
    assert second[0].finish == first[0].finish
    assert second[0].writer.extents == first[0].writer.extents
    assert second[0].writer.closed_after == first[0].writer.closed_after
    if first[0].finish != "stop":
        return
    # the reply's last token may have been drawn without being read
    assert guessing.held.tokens == guessing.cache.sequences[0]
    assert guessing.held.tokens == plain.held.tokens


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), budget=st.none() | st.integers(0, 100))
def test_lookup_never_changes_a_reply(seed: int, budget: int | None) -> None:
    """A model that repeats phrases of its prompt, and a drafter that looks them up."""
    vocabulary = Vocabulary()
    phrases = [words(vocabulary, 30)[start : start + 6] for start in range(0, 30, 6)]
    script = [t for n in random.Random(seed).choices(range(5), k=25) for t in phrases[n]]
    script = [*script[:70], CLOSE, *script[70:]]
    rule = ReasoningRule(max_tokens=budget, closing_words="\n\nNow I answer.\n")
    desk = Desk(vocabulary)
    streams = desk.begin([ScriptedDrawing(script)], rule)
    speculation = Speculating(CPU_COSTS, can_cut=True).begin("lookup", desk.read, afresh=True)
    writing = desk.write(streams, speculation)
    plain = Desk(vocabulary).write_script(script, rule=rule)
    assert streams[0].tokens == plain.tokens
    assert writing.accepted_tokens > 0
    assert desk.held.tokens == desk.cache.sequences[0] == [*desk.prompt, *plain.tokens]


def test_nothing_is_guessed_where_it_is_off_or_cannot_be_taken_back() -> None:
    assert Speculating(CPU_COSTS, can_cut=True).begin("off", [], afresh=False) is None
    assert Speculating(CPU_COSTS, can_cut=False).begin("lookup", [], afresh=False) is None


def test_where_nothing_can_be_taken_back_the_text_is_read_again(
    desk: Desk, vocabulary: Vocabulary
) -> None:
    desk.cache.can_keep = False
    script = [*words(vocabulary, 4), CLOSE, *words(vocabulary, 2)]
    stream, _ = write_guessing(desk, script, lambda n: [7])
    assert stream.tokens == script
    assert desk.held.tokens == [*desk.prompt, *script]


def test_a_batch_stays_within_the_window(vocabulary: Vocabulary) -> None:
    desk = Desk(vocabulary, n_ctx=256, prompt_tokens=190)
    script = [CLOSE, *words(vocabulary, 100)]
    stream, _ = write_guessing(desk, script, lambda n: script[n : n + 60])
    assert stream.finish == "length"
    assert len(stream.tokens) == 256 - 190
    assert max(desk.cache.batches) == native.MOST_ROWS


# ---- side by side ------------------------------------------------------------------------------


def test_samples_of_different_lengths(desk: Desk, vocabulary: Vocabulary) -> None:
    scripts = [[*words(vocabulary, n), CLOSE, vocabulary.token(f"A{n}")] for n in (1, 7, 3)]
    streams = desk.begin([ScriptedDrawing(script) for script in scripts])
    desk.write(streams)
    assert [stream.tokens for stream in streams] == scripts
    assert [stream.finish for stream in streams] == ["stop"] * 3
    assert desk.cache.batches == [3, 3, 3, 2, 2, 1, 1, 1, 1]


def test_samples_close_and_take_back_each_in_its_sequence(
    desk: Desk, vocabulary: Vocabulary
) -> None:
    rule = ReasoningRule(max_tokens=3, closing_words="\n\nNow I answer.\n")
    scripts = [
        [vocabulary.token("Hm"), *EMOJI, vocabulary.token("A")],
        [*words(vocabulary, 3), vocabulary.token("B")],
        [CLOSE, vocabulary.token("C")],
    ]
    streams = desk.begin([ScriptedDrawing(script) for script in scripts], rule)
    desk.write(streams)
    for number, (stream, script) in enumerate(zip(streams, scripts, strict=True)):
        alone = Desk(vocabulary).write_script(script, rule=rule)
        assert stream.tokens == alone.tokens, number


def test_sixteen_samples_close_at_once(desk: Desk, vocabulary: Vocabulary) -> None:
    rule = ReasoningRule(max_tokens=2, closing_words="so " * 30)
    script = words(vocabulary, 3)
    streams = desk.begin([ScriptedDrawing(script) for _ in range(16)], rule)
    desk.write(streams)
    assert {tuple(stream.tokens) for stream in streams} == {tuple(streams[0].tokens)}


def test_a_cancel_ends_the_samples_that_are_not_done(desk: Desk, vocabulary: Vocabulary) -> None:
    scripts = [[CLOSE, vocabulary.token("A")], [*words(vocabulary, 50)]]
    streams = desk.begin([ScriptedDrawing(script) for script in scripts])

    def stop() -> None:
        if len(desk.cache.batches) == 5:
            desk.flag.raise_()
            desk.cache.code = 2

    desk.cache.before_batch = stop
    Writing(desk.held, streams).run()
    assert [stream.finish for stream in streams] == ["stop", "cancelled"]
    assert len(streams[1].tokens) == 6


def test_a_failure_that_nobody_asked_for_is_an_error(desk: Desk, vocabulary: Vocabulary) -> None:
    streams = desk.begin([ScriptedDrawing(words(vocabulary, 5))])
    desk.cache.code = 1
    with pytest.raises(EngineError, match="llama_decode: 1"):
        Writing(desk.held, streams).run()


def test_samples_need_room(vocabulary: Vocabulary) -> None:
    desk = Desk(vocabulary, n_ctx=256)
    with pytest.raises(DoesNotFit, match="8 replies side by side"):
        desk.begin([ScriptedDrawing([]) for _ in range(8)])
    with pytest.raises(EngineError, match="at most 16 replies"):
        desk.begin([ScriptedDrawing([]) for _ in range(17)])
