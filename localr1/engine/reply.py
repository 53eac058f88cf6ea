"""A reply while it is written: bytes of tokens become cleaned text of reasoning and answer."""

from __future__ import annotations

import codecs
import time
from collections.abc import Callable

from localr1.chat.messages import FinishReason, ReasoningEnd
from localr1.chat.prompt import ChatFormat
from localr1.chat.reasoning import Piece, ReasoningParser
from localr1.engine.protocol import Answer, Event, Notice, Reasoning
from localr1.terminal_text import clean

Emit = Callable[[Event], None]

FLUSH_SECONDS = 0.04
"""At most 25 deltas a second: an interface repaints no faster, and a message costs."""

LATE_REASONING_TEXT = (
    "The model closed a reasoning block that it never opened: the text before it was reasoning."
)


class ReplyWriter:
    """Takes tokens one by one, emits coalesced `Reasoning` and `Answer` deltas.

    Args:
        emit: receives the events.
        command_id: their id.
        chat: the model's tags.
        in_reasoning: the prompt left a reasoning block open.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        emit: Emit,
        command_id: int,
        chat: ChatFormat,
        *,
        in_reasoning: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._emit = emit
        self._id = command_id
        self._clock = clock
        # a token can be half a character; what stays invalid becomes U+FFFD
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._parser = ReasoningParser(
            chat.open_tag, chat.close_tag, in_reasoning=in_reasoning, expects_block=chat.thinks
        )
        self._pieces: list[Piece] = []
        self._pending_tokens = {"reasoning": 0, "answer": 0}
        self._flushed_at = self._started_at = clock()
        self._reasoning_ended_at: float | None = None
        self.reasoning_tokens = 0
        self.answer_tokens = 0

    @property
    def tokens(self) -> int:
        """Tokens taken so far."""
        return self.reasoning_tokens + self.answer_tokens

    def add(self, piece: bytes) -> None:
        """Take the bytes of one token."""
        was_reasoning = self._parser.in_reasoning
        pieces = self._parser.feed(self._decoder.decode(piece))
        self._take(pieces)
        was_late = any(piece.kind == "late_reasoning" for piece in pieces)
        self._count(was_reasoning or was_late or self._parser.in_reasoning)
        now = self._clock()
        if was_reasoning and not self._parser.in_reasoning:
            self._reasoning_ended_at = now
        if now - self._flushed_at >= FLUSH_SECONDS:
            self._flush(now)

    def finish(self) -> None:
        """No more tokens: emit all that is held back."""
        self._take(self._parser.feed(self._decoder.decode(b"", final=True)))
        self._take(self._parser.finish())
        self._flush(self._clock())

    def reasoning_end(self, finish_reason: FinishReason) -> ReasoningEnd | None:
        """How the block ended, for a reply that ended with `finish_reason`."""
        if not self._parser.had_block:
            return None
        return finish_reason if self._parser.in_reasoning else "closed"

    @property
    def reasoning_seconds(self) -> float:
        """From the first token's time to the end of the block; 0 without one."""
        if not self._parser.had_block:
            return 0.0
        end = self._clock() if self._reasoning_ended_at is None else self._reasoning_ended_at
        return end - self._started_at

    def _count(self, is_reasoning: bool) -> None:
        if is_reasoning:
            self.reasoning_tokens += 1
        else:
            self.answer_tokens += 1
        self._pending_tokens["reasoning" if is_reasoning else "answer"] += 1

    def _take(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            if piece.kind == "late_reasoning":
                self._relabel_answer_as_reasoning()
            else:
                self._pieces.append(piece)

    def _relabel_answer_as_reasoning(self) -> None:
        self._flush(self._clock())
        self.reasoning_tokens, self.answer_tokens = self.tokens, 0
        self._reasoning_ended_at = self._clock()
        self._emit(Notice(id=self._id, kind="late_reasoning", text=LATE_REASONING_TEXT))

    def _flush(self, now: float) -> None:
        self._flushed_at = now
        for kind, event in (("reasoning", Reasoning), ("answer", Answer)):
            text = clean("".join(piece.text for piece in self._pieces if piece.kind == kind))
            if text:
                tokens, self._pending_tokens[kind] = self._pending_tokens[kind], 0
                self._emit(event(id=self._id, text=text, tokens=tokens))
        self._pieces.clear()
