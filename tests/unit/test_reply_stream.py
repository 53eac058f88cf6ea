"""A reply's course: when its thought is closed, what has to follow, and where it ends."""

from __future__ import annotations

import itertools

import pytest

from localr1.engine.protocol import Answer, Notice, Reasoning, ReasoningRule
from localr1.engine.reply_stream import CLOSED_TEXT, NUDGE_TEXT
from localr1.engine.writing import Writing
from tests.decoding import CLOSE, END, OPEN, Clock, Desk, ScriptedDrawing, Vocabulary

WORDS = ReasoningRule(closing_words="\n\nNow I answer.\n")
EMOJI = "😀".encode()


@pytest.fixture
def vocabulary() -> Vocabulary:
    return Vocabulary()


@pytest.fixture
def desk(vocabulary: Vocabulary) -> Desk:
    return Desk(vocabulary)


def rule(max_tokens: int | None = None, grace_tokens: int = 0) -> ReasoningRule:
    return ReasoningRule(
        max_tokens=max_tokens, grace_tokens=grace_tokens, closing_words=WORDS.closing_words
    )


def notices(desk: Desk) -> list[str]:
    return [event.text for event in desk.events if isinstance(event, Notice)]


# ---- limits of tokens --------------------------------------------------------------------------


@pytest.mark.parametrize("grace_tokens", [0, 4, 16])
@pytest.mark.parametrize("budget", [1, 16, 64, 256])
def test_a_budget_is_exceeded_by_its_grace_at_most(
    desk: Desk, vocabulary: Vocabulary, budget: int, grace_tokens: int
) -> None:
    thought = [vocabulary.token(f" a{n}") for n in range(400)]
    stream = desk.write_script(thought, rule=rule(budget, grace_tokens), max_tokens=2000)
    assert stream.writer.reasoning_tokens == budget + grace_tokens
    assert stream.writer.reasoning_end("stop") == "tokens"
    assert stream.writer.reasoning.endswith("\n\nNow I answer.")


def test_the_thought_ends_with_a_sentence_within_the_grace(
    desk: Desk, vocabulary: Vocabulary
) -> None:
    script = vocabulary.tokens("One", " two", " three", ".", "Four")
    stream = desk.write_script(script, rule=rule(2, 8))
    assert stream.writer.reasoning == "One two three.\n\nNow I answer."
    assert stream.writer.answer == "Four"
    assert (stream.finish, stream.writer.inserted_tokens) == ("stop", 6)


@pytest.mark.parametrize(("pieces", "blank_lines"), [(["One", "."], 1), (["One", "\n"], 0)])
def test_closing_words_begin_a_line_of_their_own(
    desk: Desk, vocabulary: Vocabulary, pieces: list[str], blank_lines: int
) -> None:
    stream = desk.write_script(vocabulary.tokens(*pieces), rule=rule(2))
    said = vocabulary.content(stream.tokens).decode()
    assert said.startswith("".join(pieces) + "\n\n" * blank_lines + "Now I answer.\n\n</think>")


def test_closing_words_of_an_empty_thought_follow_its_tag(
    desk: Desk, vocabulary: Vocabulary
) -> None:
    stream = desk.write_script([END, vocabulary.token("Four")], rule=WORDS)
    assert vocabulary.content(stream.tokens).decode().startswith("Now I answer.")


def test_no_thinking_puts_in_an_empty_block(desk: Desk, vocabulary: Vocabulary) -> None:
    stream = desk.write_script(vocabulary.tokens("Four"), rule=rule(0))
    assert (stream.writer.reasoning, stream.writer.answer) == ("", "Four")
    assert stream.writer.reasoning_end("stop") == "off"
    assert (stream.writer.reasoning_tokens, stream.writer.reasoning_seconds) == (0, 0.0)


def test_no_thinking_where_the_prompt_opens_no_block(vocabulary: Vocabulary) -> None:
    desk = Desk(vocabulary, opens_block=False)
    stream = desk.write_script(vocabulary.tokens("Four"), rule=rule(0))
    assert stream.tokens[0] == OPEN
    assert (stream.writer.answer, stream.writer.reasoning_end("stop")) == ("Four", "off")


# ---- a cut between characters ------------------------------------------------------------------


def _splits(content: bytes) -> list[list[bytes]]:
    """Every way of cutting a character into tokens."""
    cuts = [n for size in range(len(content)) for n in itertools.combinations((1, 2, 3), size)]
    edges = [[0, *each, len(content)] for each in cuts if max(each, default=0) < len(content)]
    return [[content[a:b] for a, b in itertools.pairwise(each)] for each in edges]


@pytest.mark.parametrize("before", [b"", b" ", b"ab", "é".encode()])
@pytest.mark.parametrize("split", [*_splits(EMOJI), *_splits("你".encode())], ids=repr)
def test_a_limit_inside_a_character_takes_its_tokens_back(
    vocabulary: Vocabulary, split: list[bytes], before: bytes
) -> None:
    """The first token may end the character before and begin this one."""
    pieces = [b"Hm", before + split[0], *split[1:]]
    for budget in range(1, len(pieces) + 1):
        desk = Desk(vocabulary)
        stream = desk.write_script(
            [*map(vocabulary.token, pieces), vocabulary.token("x")], rule=rule(budget)
        )
        whole = budget == len(pieces)
        kept = b"".join(pieces) if whole else b"Hm"
        assert stream.writer.reasoning == f"{kept.decode()}\n\nNow I answer."
        assert "\ufffd" not in desk.told(Reasoning)
        assert stream.writer.reasoning_tokens == (budget if whole else 1)


@pytest.mark.parametrize("budget", [1, 2, 3])
def test_a_token_with_the_ends_of_two_characters_waits_with_them(
    desk: Desk, vocabulary: Vocabulary, budget: int
) -> None:
    content = "你好".encode()
    script = vocabulary.tokens(content[:2], content[2:4], content[4:], "x")
    stream = desk.write_script(script, rule=rule(budget))
    thought = "你好\n\n" if budget == 3 else ""
    assert stream.writer.reasoning == f"{thought}Now I answer."
    assert "\ufffd" not in desk.told(Reasoning)


@pytest.mark.parametrize("max_tokens", [2, 3, 4])
def test_a_reply_that_is_full_ends_with_a_whole_character(
    desk: Desk, vocabulary: Vocabulary, max_tokens: int
) -> None:
    script = [CLOSE, *EMOJI]
    stream = desk.write_script(script, max_tokens=max_tokens)
    assert (stream.finish, stream.writer.answer) == ("length", "")


def test_without_cuts_the_character_is_waited_for(desk: Desk, vocabulary: Vocabulary) -> None:
    desk.maker._most_samples = 1
    stream = desk.write_script([*EMOJI, vocabulary.token("x")], rule=rule(1))
    assert stream.writer.reasoning == "😀\n\nNow I answer."


# ---- a person in a hurry -----------------------------------------------------------------------


@pytest.mark.parametrize("batches", [0, 1, 3])
def test_hurry_waits_for_the_next_sentence(
    desk: Desk, vocabulary: Vocabulary, batches: int
) -> None:
    sentences = [vocabulary.tokens("One", " two", "."), vocabulary.tokens(" Three", " four", ".")]
    streams = desk.begin(
        [ScriptedDrawing([*sentences[0], *sentences[1], vocabulary.token("A")])], WORDS
    )

    def ask() -> None:
        desk.is_hurried = len(desk.cache.batches) >= batches

    ask()
    desk.cache.before_batch = ask
    desk.write(streams)
    thought = "One two. Three four." if batches == 3 else "One two."
    assert streams[0].writer.reasoning == f"{thought}\n\nNow I answer."
    assert streams[0].writer.reasoning_end("stop") == "asked"


def test_hurry_has_an_end_without_a_sentence(desk: Desk, vocabulary: Vocabulary) -> None:
    streams = desk.begin([ScriptedDrawing(vocabulary.tokens("a") * 40)], WORDS)
    desk.is_hurried = True
    desk.write(streams)
    assert streams[0].writer.reasoning_tokens == 16


def test_reading_the_prompt_takes_nothing_of_the_seconds(
    desk: Desk, vocabulary: Vocabulary
) -> None:
    streams = desk.begin(
        [ScriptedDrawing(vocabulary.tokens("One", "."))], ReasoningRule(max_seconds=9)
    )
    clock = Clock()
    clock.now = 1e12  # far beyond the time at which the stream was made
    streams[0]._watch._clock = clock
    desk.write(streams)
    assert streams[0].writer.reasoning_end("stop") == "ended"


# ---- room for the answer -----------------------------------------------------------------------


@pytest.mark.parametrize("prompt_tokens", [4, 100, 190])
@pytest.mark.parametrize("n_ctx", [256, 512])
def test_endless_thinking_leaves_room_for_the_answer(
    vocabulary: Vocabulary, n_ctx: int, prompt_tokens: int
) -> None:
    desk = Desk(vocabulary, n_ctx=n_ctx, prompt_tokens=prompt_tokens)
    script = [vocabulary.token(f" a{n}") for n in range(n_ctx)]
    stream = desk.write_script(script, rule=WORDS)
    assert stream.writer.reasoning_end("length") == "room"
    assert stream.finish == "length"
    assert stream.writer.answer_tokens >= (n_ctx - prompt_tokens) // 4
    assert len(desk.cache.sequences[0]) < n_ctx


@pytest.mark.parametrize("max_tokens", [1, 2, 5, 64])
def test_few_tokens_are_shared_by_thought_and_answer(
    desk: Desk, vocabulary: Vocabulary, max_tokens: int
) -> None:
    script = [vocabulary.token(f" a{n}") for n in range(100)]
    stream = desk.write_script(script, rule=WORDS, max_tokens=max_tokens)
    assert stream.writer.tokens == max_tokens
    assert stream.writer.answer_tokens == max_tokens // 4
    assert stream.finish == "length"


@pytest.mark.parametrize("words", [32, 70, 9_000])
def test_words_that_leave_no_room_for_an_answer_are_left_out(
    vocabulary: Vocabulary, words: int
) -> None:
    desk = Desk(vocabulary, n_ctx=256, prompt_tokens=192)
    long_words = ReasoningRule(closing_words="so " * words)
    stream = desk.write_script([vocabulary.token(f" a{n}") for n in range(99)], rule=long_words)
    assert stream.writer.inserted_tokens == len(vocabulary.words().tags.close)
    assert stream.writer.reasoning_tokens > 0
    assert stream.writer.answer_tokens >= 16


# ---- a model that owes an answer ---------------------------------------------------------------


def test_a_text_that_ends_in_the_block_is_closed(desk: Desk, vocabulary: Vocabulary) -> None:
    stream = desk.write_script([*vocabulary.tokens("Hm", "."), END, vocabulary.token("Four")])
    assert (stream.writer.reasoning, stream.writer.answer) == ("Hm.", "Four")
    assert stream.writer.reasoning_end("stop") == "ended"


def test_end_tokens_and_second_blocks_wait_for_a_word(desk: Desk, vocabulary: Vocabulary) -> None:
    drawing = ScriptedDrawing([END, END, OPEN, END, vocabulary.token("Four"), END])
    streams = desk.begin([drawing])
    desk.write(streams)
    assert streams[0].writer.answer == "Four"
    assert drawing.forbidden == [END, OPEN, END]


def test_white_space_is_no_answer(desk: Desk, vocabulary: Vocabulary) -> None:
    blanks = vocabulary.tokens(" ", "\n", "\u200b", "\u00a0")
    drawing = ScriptedDrawing([CLOSE, *blanks * 5, vocabulary.token("Four")])
    streams = desk.begin([drawing])
    desk.write(streams)
    assert streams[0].writer.answer.strip() == "Four"
    assert len(drawing.forbidden) > 4
    assert streams[0].writer.answer_tokens <= 9


def test_a_model_with_nothing_but_end_tokens_is_let_go(desk: Desk) -> None:
    stream = desk.write_script([CLOSE])
    assert (stream.finish, stream.writer.answer) == ("stop", "")


def test_a_tag_after_our_closing_is_text(vocabulary: Vocabulary) -> None:
    desk = Desk(vocabulary)
    stream = desk.begin([ScriptedDrawing([])], rule(0))[0]
    for token in vocabulary.tokens("<th", "ink>", "a"):
        stream.take(token)
    stream.writer.finish()
    assert stream.writer.answer == "<think>a"
    assert not stream.writer.in_reasoning


# ---- loops -------------------------------------------------------------------------------------


def test_a_loop_is_nudged_then_closed_then_stopped(desk: Desk, vocabulary: Vocabulary) -> None:
    line = vocabulary.tokens("the", " same", " words", " again", " and", " again", " they", " come")
    drawing = ScriptedDrawing(line * 400)
    streams = desk.begin([drawing], WORDS)
    desk.write(streams)
    assert drawing.nudges == 1
    assert streams[0].writer.reasoning_end("loop") == "repetition"
    assert streams[0].finish == "loop"
    assert notices(desk)[:2] == [NUDGE_TEXT, CLOSED_TEXT]
    assert "stopped after" in notices(desk)[2]


# ---- cancelling --------------------------------------------------------------------------------


@pytest.mark.parametrize("batches", range(12))
def test_a_cancel_ends_a_reply_in_every_phase(
    desk: Desk, vocabulary: Vocabulary, batches: int
) -> None:
    script = [*vocabulary.tokens("One", " two"), *EMOJI, CLOSE, *vocabulary.tokens("Fo", "ur")]
    streams = desk.begin([ScriptedDrawing([*script, *EMOJI, vocabulary.token("!")])])

    def stop() -> None:
        if len(desk.cache.batches) == batches:
            desk.flag.raise_()
            desk.cache.code = 2

    desk.cache.before_batch = stop
    Writing(desk.held, streams).run()
    streams[0].writer.finish()
    desk.check_text(streams[0])
    assert streams[0].finish == "cancelled"
    assert "\ufffd" not in desk.told(Reasoning) + desk.told(Answer)
    assert desk.held.tokens == desk.cache.sequences[0]
