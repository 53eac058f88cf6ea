"""A reply's tokens become cleaned, coalesced deltas with the right counts."""

from __future__ import annotations

import random

import pytest

from localr1.chat.prompt import ChatFormat
from localr1.engine.protocol import Answer, Event, Notice, Reasoning
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

    def __init__(self, *, in_reasoning: bool = True, chat: ChatFormat = R1) -> None:
        self.events: list[Event] = []
        self.clock = Clock()
        self.writer = ReplyWriter(
            self.events.append, 7, chat, in_reasoning=in_reasoning, clock=self.clock
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
