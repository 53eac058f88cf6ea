"""A reply's tokens become cleaned, coalesced deltas with the right counts."""

from __future__ import annotations

import random

import pytest

from localr1.chat.prompt import ChatFormat
from localr1.engine.protocol import Answer, BegunReply, Event, Notice, Reasoning
from localr1.engine.reply import FLUSH_SECONDS, ReplyWriter
from localr1.terminal_text import clean

R1 = ChatFormat(style="r1", thinks=True)


class Clock:
    """Seconds that pass only when told."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


class Recording:
    """A writer with its events."""

    def __init__(
        self,
        *,
        in_reasoning: bool = True,
        chat: ChatFormat = R1,
        begun: BegunReply | None = None,
        had_block: bool = True,
    ) -> None:
        self.events: list[Event] = []
        self.clock = Clock()
        self.writer = ReplyWriter(
            self.events.append,
            7,
            chat,
            in_reasoning=in_reasoning,
            begun=begun,
            had_block=had_block,
            clock=self.clock,
        )

    def add_all(self, tokens: list[bytes], seconds_each: float = 1.0) -> None:
        for token in tokens:
            self.clock.now += seconds_each
            self.writer.add(token)
        self.writer.finish()

    def text(self, kind: type[Reasoning] | type[Answer]) -> str:
        return "".join(event.text for event in self.events if isinstance(event, kind))


def test_tokens_are_counted_by_kind_and_seconds_measured() -> None:
    recording = Recording()
    recording.add_all([b"Hm", b"m.", b"</think>", b"\n\n", b"Four", b"."])
    assert (recording.text(Reasoning), recording.text(Answer)) == ("Hmm.", "Four.")
    assert (recording.writer.reasoning_tokens, recording.writer.answer_tokens) == (3, 3)
    assert recording.writer.reasoning_seconds == pytest.approx(3.0)
    assert recording.writer.reasoning_end("stop") == "closed"


@pytest.mark.parametrize("reason", ["stop", "length", "cancelled"])
def test_an_open_block_ends_with_the_reply(reason: str) -> None:
    recording = Recording()
    recording.add_all([b"Hmm"])
    assert recording.writer.reasoning_end(reason) == reason  # type: ignore[arg-type]  # parametrized


def test_no_block_no_reasoning() -> None:
    recording = Recording(in_reasoning=False, chat=ChatFormat(style="plain"))
    recording.add_all([b"Four"])
    assert recording.writer.reasoning_end("stop") is None
    assert recording.writer.reasoning_seconds == 0.0


def test_deltas_are_coalesced() -> None:
    recording = Recording()
    recording.add_all([b"x"] * 1000, seconds_each=FLUSH_SECONDS / 10)
    assert len(recording.events) <= 101
    assert recording.text(Reasoning) == "x" * 1000


def test_characters_split_over_tokens_arrive_whole() -> None:
    draw = random.Random(3)
    for _ in range(300):
        text = "".join(chr(draw.choice([65, 233, 0x4F60, 0x1F642])) for _ in range(12))
        content, tokens = text.encode(), []
        while content:
            size = draw.randrange(1, 5)
            tokens.append(content[:size])
            content = content[size:]
        recording = Recording(in_reasoning=False)
        recording.add_all(tokens)
        assert recording.text(Answer) == text


def test_invalid_bytes_become_replacement_characters() -> None:
    recording = Recording(in_reasoning=False)
    recording.add_all([b"a\xff", b"b\xf0\x9f"])
    assert recording.text(Answer) == "a\ufffdb\ufffd"


@pytest.mark.parametrize("payload", ["\x1b]52;c;aGk=\x07", "\x1b[2J", "\x9b31m", "\u202eevil"])
def test_escapes_are_harmless_also_when_split(payload: str) -> None:
    recording = Recording()
    recording.add_all([bytes([byte]) for byte in f"a{payload}b</think>{payload}".encode()])
    shown = recording.text(Reasoning) + recording.text(Answer)
    assert shown == clean(f"a{payload}b") + clean(payload)
    assert not set(shown) & set("\x1b\x07\x9b\u202e")


def test_late_reasoning_is_announced_and_recounted() -> None:
    recording = Recording(in_reasoning=False)
    recording.add_all([b"Hmm ", b"so", b"</think>", b"Four"])
    kinds = [event.kind for event in recording.events if isinstance(event, Notice)]
    assert kinds == ["late_reasoning"]
    assert (recording.writer.reasoning_tokens, recording.writer.answer_tokens) == (3, 1)


# ---- what localr1 puts in ----------------------------------------------------------------------


def test_closing_words_are_reasoning_of_localr1_and_no_tokens_of_the_model() -> None:
    recording = Recording()
    writer = recording.writer
    writer.add(b"Hm")
    writer.close("tokens")
    writer.add(b" Enough.", "localr1")
    writer.add(b"</think>", "localr1")
    recording.add_all([b"Four"])
    said = [(e.text, e.author, e.tokens) for e in recording.events if isinstance(e, Reasoning)]
    assert said == [("Hm", "model", 1), (" Enough.", "localr1", 0)]
    assert (writer.reasoning_tokens, writer.answer_tokens, writer.inserted_tokens) == (1, 1, 2)
    assert (writer.reasoning_end("stop"), writer.closed_after) == ("tokens", 3)


def test_tokens_of_half_a_character_are_taken_back() -> None:
    recording = Recording()
    writer = recording.writer
    for token in (b"Hm", b" \xf0", b"\x9f"):
        recording.clock.now += 1
        writer.add(token)
    assert writer.is_mid_character
    assert writer.drop_incomplete() == 2
    assert writer.drop_incomplete() == 0
    recording.add_all([b"</think>", b"x"])
    assert (recording.text(Reasoning), recording.text(Answer)) == ("Hm", "x")
    assert (writer.reasoning_tokens, len(writer.extents)) == (2, 3)


def test_a_reply_that_goes_on_emits_only_what_is_new() -> None:
    recording = Recording(begun=BegunReply(reasoning="One", reasoning_seconds=2.0))
    recording.add_all([b" two", b"</think>", b"Four"])
    assert (recording.text(Reasoning), recording.writer.reasoning) == (" two", "One two")
    assert recording.writer.reasoning_tokens == 2
    assert recording.writer.reasoning_seconds == pytest.approx(4.0)
    assert [extent and tuple(extent) for extent in recording.writer.extents] == [
        (7, 0),
        (7, 0),
        (7, 4),
    ]


def test_an_answer_that_goes_on() -> None:
    begun = BegunReply(reasoning="One", is_closed=True, answer="It", reasoning_seconds=2.0)
    recording = Recording(in_reasoning=False, begun=begun)
    assert not recording.writer.owes_answer
    recording.add_all([b" is", b" <think>"])
    assert recording.writer.answer == "It is <think>"
    assert recording.writer.reasoning_seconds == 2.0
    assert recording.writer.reasoning_end("stop") == "closed"


def test_a_reply_without_a_block_that_goes_on_owes_nothing() -> None:
    recording = Recording(
        in_reasoning=False, begun=BegunReply(is_closed=True, answer=""), had_block=False
    )
    assert not recording.writer.owes_answer
    recording.add_all([b"Four"])
    assert recording.writer.reasoning_end("stop") is None


# ---- the time of thinking ----------------------------------------------------------------------


def test_reading_the_prompt_is_no_thinking() -> None:
    recording = Recording()
    recording.clock.now += 60
    assert recording.writer.reasoning_seconds == 0.0, "cancelled while it is read"
    recording.writer.start()
    recording.add_all([b"Hm", b"</think>", b"x"])
    assert recording.writer.reasoning_seconds == pytest.approx(2.0)


def test_a_block_that_was_closed_at_once_took_no_time() -> None:
    recording = Recording()
    recording.writer.close("off")
    recording.writer.add(b"</think>", "localr1")
    recording.clock.now += 60
    recording.writer.start()
    recording.add_all([b"x"])
    assert recording.writer.reasoning_seconds == 0.0


# ---- an answer that is owed --------------------------------------------------------------------


def test_an_answer_is_owed_until_there_is_a_word() -> None:
    writer = Recording().writer
    owed = []
    for token in (b"Hm", b"</think>", b"\n\n", "\u200b".encode(), b" ", b"Four"):
        writer.add(token)
        owed.append(writer.owes_answer)
    assert owed == [False, True, True, True, True, False]


def test_the_block_is_over_only_when_no_other_follows() -> None:
    writer = Recording().writer
    after = []
    for token in (b"a", b"</think>", b"<think>", b"b", b"</think>", b"x"):
        writer.add(token)
        after.append(writer.closed_after)
    assert after == [None, 2, None, None, 5, 5]
