"""Going on from a given text: the tokens say exactly that, and the model's own ones are kept."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localr1.engine.opening import Opening, opening_of
from localr1.engine.protocol import BegunReply, ReasoningRule
from localr1.engine.reply_stream import ReplyStream
from tests.decoding import CLOSE, OPEN, Desk, ScriptedDrawing, Vocabulary

EMOJI = "😀".encode()
THOUGHT = ("One", " two", " three.")
ANSWER = ("It", " is", " four.")


@pytest.fixture
def vocabulary() -> Vocabulary:
    return Vocabulary()


def wrote(
    vocabulary: Vocabulary,
    tokens: list[int],
    *,
    opens_block: bool = True,
    max_tokens: int | None = None,
) -> Desk:
    """A model that has just written this."""
    desk = Desk(vocabulary, opens_block=opens_block)
    desk.write_script(tokens, max_tokens=max_tokens)
    return desk


def whole(vocabulary: Vocabulary) -> list[int]:
    newline, blank = vocabulary.tokens("\n", "\n\n")
    return [*vocabulary.tokens(*THOUGHT), newline, CLOSE, blank, *vocabulary.tokens(*ANSWER)]


def opened(desk: Desk, begun: BegunReply) -> Opening:
    """The opening, which says what was begun."""
    opening = opening_of(
        begun,
        desk.written,
        opens_block=desk.opens_block,
        word_ids=desk.vocabulary.word_ids,
        tags=desk.vocabulary.words().tags,
    )
    spelled = desk.vocabulary.read(opening.tokens, in_reasoning=desk.opens_block)
    assert (spelled[0].strip(), spelled[1].strip()) == (
        begun.reasoning.strip(),
        begun.answer.strip(),
    )
    assert len(opening.extents) == len(opening.tokens)
    return opening


def kept(desk: Desk, opening: Opening) -> int:
    """How many tokens of the written reply are where they were."""
    pairs = zip(desk.written.tokens, opening.tokens, strict=False)
    shorter = min(len(desk.written.tokens), len(opening.tokens))
    return next((n for n, (a, b) in enumerate(pairs) if a != b), shorter)


@pytest.mark.parametrize(
    ("reasoning", "answer", "tokens_kept"),
    [
        ("One two three.", None, 3),
        ("One two", None, 2),
        ("One tw", None, 1),
        ("One two or", None, 2),
        ("Zero", None, 0),
        ("One two three.", "", 6),
        ("One two three.", "It is", 8),
        ("One two three.", "It was", 7),
        ("One two three.", "It is four.", 9),
        ("One two three.", "It is four. Or", 9),
        ("One two", "It is", 2),
        ("One", "Five", 1),
        ("", "It is", 0),
    ],
)
def test_tokens_are_kept_up_to_the_edit(
    vocabulary: Vocabulary, reasoning: str, answer: str | None, tokens_kept: int
) -> None:
    desk = wrote(vocabulary, whole(vocabulary))
    begun = BegunReply(reasoning=reasoning, is_closed=answer is not None, answer=answer or "")
    opening = opened(desk, begun)
    assert kept(desk, opening) == tokens_kept
    assert (opening.closed_after is not None) == begun.is_closed


def test_a_block_that_the_model_opened_is_kept_with_its_tag(vocabulary: Vocabulary) -> None:
    desk = wrote(vocabulary, [OPEN, *whole(vocabulary)], opens_block=False)
    assert kept(desk, opened(desk, BegunReply(reasoning="One two"))) == 3
    edited = opened(desk, BegunReply(reasoning="Nine", is_closed=True, answer="It"))
    assert list(edited.tokens[:1]) == [OPEN]


def test_a_thought_that_is_taken_out_leaves_no_open_tag(vocabulary: Vocabulary) -> None:
    for tokens in ([OPEN, *whole(vocabulary)], [OPEN]):
        desk = wrote(vocabulary, tokens, opens_block=False, max_tokens=len(tokens))
        for answer in ("", "It is"):
            opening = opened(desk, BegunReply(is_closed=True, answer=answer))
            assert OPEN not in opening.tokens


def test_a_reply_without_a_block(vocabulary: Vocabulary) -> None:
    desk = wrote(vocabulary, vocabulary.tokens(*ANSWER), opens_block=False)
    for is_closed in (False, True):
        streams = desk.begin(
            [ScriptedDrawing(vocabulary.tokens(" and"))],
            begun=BegunReply(is_closed=is_closed, answer="It is"),
        )
        desk.write(streams)
        assert streams[0].writer.answer == "It is and"
        assert streams[0].writer.reasoning_end("stop") is None


def test_a_thought_put_before_an_answer_without_one(vocabulary: Vocabulary) -> None:
    desk = wrote(vocabulary, vocabulary.tokens("\n", *ANSWER), opens_block=False)
    opening = opened(desk, BegunReply(reasoning="Hm", is_closed=True, answer="It is"))
    assert opening.tokens[0] == OPEN
    assert opened(desk, BegunReply(reasoning="Hm")).tokens[0] == OPEN


def test_a_second_block_that_was_cut_off_is_closed(vocabulary: Vocabulary) -> None:
    """Multi-token tags: the model can open another block after closing one."""
    desk = Desk(vocabulary)
    script = [*vocabulary.tokens("One"), CLOSE, *b"<think>", *vocabulary.tokens("two")]
    streams = desk.begin([ScriptedDrawing(script)], max_tokens=len(script))
    desk.write(streams)
    opening = opened(desk, BegunReply(reasoning="Onetwo", is_closed=True))
    assert list(opening.tokens).count(CLOSE) == 2


def test_an_answer_goes_on_with_its_white_space(vocabulary: Vocabulary) -> None:
    desk = wrote(vocabulary, whole(vocabulary))
    begun = BegunReply(reasoning="One two three.", is_closed=True, answer="It is")
    stream = desk.write_script(vocabulary.tokens(" five."), begun=begun)
    assert stream.writer.answer == "It is five."
    assert stream.writer.reasoning_end("stop") == "closed"
    assert stream.writer.reasoning_tokens == 0


def test_a_limit_that_was_spent_before_closes_at_once(vocabulary: Vocabulary) -> None:
    desk = wrote(vocabulary, whole(vocabulary))
    rule = ReasoningRule(max_tokens=2, closing_words="\n\nEnough.\n")
    begun = BegunReply(reasoning="One two", reasoning_tokens=2)
    stream = desk.write_script(vocabulary.tokens("Four"), rule=rule, begun=begun)
    assert (stream.writer.reasoning, stream.writer.answer) == ("One two\n\nEnough.", "Four")
    assert stream.writer.reasoning_tokens == 0


def test_no_more_thinking_closes_a_begun_thought(vocabulary: Vocabulary) -> None:
    desk = wrote(vocabulary, whole(vocabulary))
    stream = desk.write_script(
        vocabulary.tokens("Four"),
        rule=ReasoningRule(max_tokens=0),
        begun=BegunReply(reasoning="One"),
    )
    assert (stream.writer.reasoning, stream.writer.answer) == ("One", "Four")
    assert stream.writer.reasoning_end("stop") == "asked"


# ---- chains of replies that go on from each other ----------------------------------------------

PIECES: tuple[str | bytes, ...] = (
    "One",
    " two",
    ".",
    "\n",
    " ",
    "\n\n",
    " four",
    " \xe9",
    *(bytes([b]) for b in EMOJI),
)
SCRIPTS = st.lists(
    st.one_of(st.integers(0, len(PIECES) - 1), st.just(-1), st.integers(7, len(PIECES) - 1)),
    max_size=14,
)


class Edit:
    """Where a text is cut and what is written there; drawn by hypothesis."""

    def __init__(self, reasoning: int | None, answer: int | None, added: str, close: bool) -> None:
        self.reasoning, self.answer, self.added, self.close = reasoning, answer, added, close

    def of(self, stream: ReplyStream) -> BegunReply:
        writer = stream.writer
        is_closed = not writer.in_reasoning or self.close
        reasoning, answer = writer.reasoning, writer.answer
        if self.reasoning is not None:
            reasoning = reasoning[: self.reasoning] + self.added
        if not is_closed:
            return BegunReply(reasoning=reasoning.lstrip())
        if self.answer is not None:
            answer = answer[: self.answer] + self.added
        return BegunReply(reasoning=reasoning.strip(), is_closed=True, answer=answer.lstrip())


EDITS = st.builds(
    Edit,
    st.none() | st.integers(0, 12),
    st.none() | st.integers(0, 12),
    st.sampled_from(("", "x", " so", "é")),
    st.booleans(),
)


@settings(deadline=None, max_examples=150)
@given(st.booleans(), st.lists(st.tuples(SCRIPTS, EDITS), min_size=1, max_size=4))
def test_a_chain_of_continuations(opens_block: bool, steps: list[tuple[list[int], Edit]]) -> None:
    vocabulary = Vocabulary()
    desk = Desk(vocabulary, opens_block=opens_block)
    begun: BegunReply | None = None
    for script, edit in steps:
        tokens = [CLOSE if n < 0 else vocabulary.token(PIECES[n]) for n in script]
        streams = desk.begin([ScriptedDrawing(tokens)], begun=begun, max_tokens=len(tokens) or 1)
        desk.write(streams)
        if "</think>" in streams[0].writer.answer:
            return  # a tag in an answer is text; without its thought it would be a tag
        begun = edit.of(streams[0])
        opened(desk, begun)
        same = BegunReply(
            reasoning=streams[0].writer.reasoning,
            is_closed=not streams[0].writer.in_reasoning,
            answer=streams[0].writer.answer,
        )
        opened(desk, same)


def test_silent_tokens_do_not_gather_from_one_continuation_to_the_next() -> None:
    vocabulary = Vocabulary()
    silent = vocabulary.token("\u200b")  # cleaned away
    one, two = vocabulary.tokens("One", " two")
    desk = wrote(vocabulary, [one, CLOSE, one, silent, two])
    writer_tokens = desk.written.tokens
    again = opened(desk, BegunReply(reasoning="One", is_closed=True, answer="One"))
    assert list(again.tokens) == list(writer_tokens[:3])
    whole_text = BegunReply(reasoning="One", is_closed=True, answer="One two")
    assert list(opened(desk, whole_text).tokens) == list(writer_tokens)
