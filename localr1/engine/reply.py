"""A reply while it is written: bytes of tokens become cleaned text of reasoning and answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal, NamedTuple

from localr1.chat.messages import ClosedBy, FinishReason, ReasoningEnd
from localr1.chat.prompt import ChatFormat
from localr1.chat.reasoning import Piece, ReasoningParser
from localr1.engine.protocol import Answer, BegunReply, Event, Notice, Reasoning
from localr1.engine.whole_characters import WholeCharacters
from localr1.terminal_text import clean

Emit = Callable[[Event], None]
Author = Literal["model", "localr1"]

FLUSH_SECONDS = 0.04
"""At most 25 deltas a second: an interface repaints no faster, and a message costs."""

_DELTAS: tuple[tuple[str, Author], ...] = (
    ("reasoning", "model"),
    ("reasoning", "localr1"),
    ("answer", "model"),
)
"""What a flush sends, in the order in which it was written."""

LATE_REASONING_TEXT = (
    "The model closed a reasoning block that it never opened: the text before it was reasoning."
)


class Extent(NamedTuple):
    """How much of a reply's text there is, in characters."""

    reasoning: int
    answer: int


class ReplyWriter:
    """Takes tokens one by one, emits coalesced `Reasoning` and `Answer` deltas.

    Args:
        emit: receives the events.
        command_id: their id.
        chat: the model's tags.
        in_reasoning: the prompt left a reasoning block open.
        begun: what the reply goes on from; its text is not emitted again.
        had_block: there was a block that is over; of use where `begun` is closed.
        sample: which of the replies side by side this is.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        emit: Emit,
        command_id: int,
        chat: ChatFormat,
        *,
        in_reasoning: bool,
        begun: BegunReply | None = None,
        had_block: bool = True,
        sample: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._emit = emit
        self._id = command_id
        self._sample = sample
        self._clock = clock
        self._begun = begun or BegunReply()
        self._characters = WholeCharacters()
        self._parser = ReasoningParser(
            chat.open_tag,
            chat.close_tag,
            in_reasoning=in_reasoning,
            expects_block=chat.thinks,
            has_text=bool(self._begun.answer if self._begun.is_closed else self._begun.reasoning),
            in_answer=self._begun.is_closed,
            had_block=had_block,
        )
        self._texts: dict[str, list[str]] = {
            "reasoning": [self._begun.reasoning],
            "answer": [self._begun.answer],
        }
        self._lengths = {kind: len(texts[0]) for kind, texts in self._texts.items()}
        self._has_answer = bool(self._begun.answer.strip())
        self._unsent: list[tuple[str, Author, str]] = []
        self._pending_tokens = {"reasoning": 0, "answer": 0}
        self._flushed_at = self._started_at = clock()
        self._reasoning_ended_at: float | None = None
        self._closed_by: ClosedBy | None = None
        self.reasoning_tokens = self.answer_tokens = self.inserted_tokens = 0
        """Of this run: what was begun is not counted."""
        self.extents: list[Extent | None] = []
        """After each token: how much text there was; None where the text could not be cut."""
        self.closed_after: int | None = 0 if self._begun.is_closed else None
        """The number of tokens after which the block was over."""

    def start(self) -> None:
        """The prompt has been read: the time of the reasoning begins."""
        self._started_at = self._clock()
        if self._reasoning_ended_at is not None:
            self._reasoning_ended_at = self._started_at

    @property
    def tokens(self) -> int:
        """Tokens of the model so far."""
        return self.reasoning_tokens + self.answer_tokens

    @property
    def in_reasoning(self) -> bool:
        """Whether the next text belongs to the block."""
        return self._parser.in_reasoning

    @property
    def is_mid_character(self) -> bool:
        """The last tokens are the beginning of a character."""
        return self._characters.waiting_tokens > 0

    @property
    def owes_answer(self) -> bool:
        """There was a block, it is over, and no word of an answer came yet."""
        is_over = self._parser.had_block and not self._parser.in_reasoning
        return is_over and not self._has_answer

    @property
    def reasoning(self) -> str:
        """The reasoning so far, what was begun included."""
        return "".join(self._texts["reasoning"])

    @property
    def answer(self) -> str:
        """The answer so far, likewise."""
        return "".join(self._texts["answer"])

    def reasoning_tail(self, length: int) -> str:
        """The last characters of the reasoning, white space that is held back included."""
        return ("".join(self._texts["reasoning"][-length:]) + self._parser.held)[-length:]

    def add(self, piece: bytes, author: Author = "model") -> None:
        """Take the bytes of one token."""
        was_reasoning = self._parser.in_reasoning
        pieces = self._parser.feed(self._characters.add(piece))
        self._take(pieces, author)
        was_late = any(piece.kind == "late_reasoning" for piece in pieces)
        self._count(was_reasoning or was_late or self._parser.in_reasoning, author)
        can_cut = not (self.is_mid_character or self._parser.held)
        self.extents.append(Extent(**self._lengths) if can_cut else None)
        now = self._clock()
        self._see_end_of_block(now)
        if now - self._flushed_at >= FLUSH_SECONDS:
            self._flush(now)

    def drop_incomplete(self) -> int:
        """Take back the tokens of a character that is not whole; answers how many those were."""
        dropped = self._characters.drop()
        if dropped:
            del self.extents[-dropped:]
            self._count(self._parser.in_reasoning, "model", -dropped)
        return dropped

    def close(self, reason: ClosedBy) -> None:
        """The block is about to be closed by localr1: the model does not open it again."""
        self._closed_by = reason
        self._parser.refuse_blocks()

    def finish(self) -> None:
        """No more tokens: emit all that is held back."""
        self._take(self._parser.feed(self._characters.finish()), "model")
        self._take(self._parser.finish(), "model")
        self._flush(self._clock())

    def reasoning_end(self, finish_reason: FinishReason) -> ReasoningEnd | None:
        """How the block ended, for a reply that ended with `finish_reason`."""
        if not self._parser.had_block:
            return None
        if self._parser.in_reasoning:
            return finish_reason
        return self._closed_by or "closed"

    @property
    def reasoning_seconds(self) -> float:
        """Time spent in the block, what was begun included; 0 without one."""
        if not self._parser.had_block:
            return 0.0
        if self._begun.is_closed or not self.tokens:
            return self._begun.reasoning_seconds
        end = self._clock() if self._reasoning_ended_at is None else self._reasoning_ended_at
        return self._begun.reasoning_seconds + end - self._started_at

    def _see_end_of_block(self, now: float) -> None:
        if self._parser.in_reasoning:
            # also where the model opens another block before its answer
            self._reasoning_ended_at = self.closed_after = None
        elif self._parser.had_block and self.closed_after is None:
            self._reasoning_ended_at = now
            self.closed_after = len(self.extents)

    def _count(self, is_reasoning: bool, author: Author, tokens: int = 1) -> None:
        if author != "model":
            self.inserted_tokens += tokens
            return
        if is_reasoning:
            self.reasoning_tokens += tokens
        else:
            self.answer_tokens += tokens
        self._pending_tokens["reasoning" if is_reasoning else "answer"] += tokens

    def _take(self, pieces: list[Piece], author: Author) -> None:
        for kind, text in pieces:
            if kind == "late_reasoning":
                self._relabel_answer_as_reasoning()
                continue
            shown = clean(text)
            self._texts[kind].append(shown)
            self._lengths[kind] += len(shown)
            self._unsent.append((kind, author, shown))
            self._has_answer |= kind == "answer" and bool(shown.strip())

    def _relabel_answer_as_reasoning(self) -> None:
        self._flush(self._clock())
        self.reasoning_tokens, self.answer_tokens = self.tokens, 0
        self._texts = {"reasoning": [self.reasoning, self.answer], "answer": []}
        self._lengths = {"reasoning": sum(self._lengths.values()), "answer": 0}
        self._has_answer = False
        # cut before its closing tag it would be an answer again: no tag opens it
        self.extents = [None] * len(self.extents)
        self.closed_after = len(self.extents) + 1
        self._reasoning_ended_at = self._clock()
        text = LATE_REASONING_TEXT
        self._emit(Notice(id=self._id, kind="late_reasoning", text=text, sample=self._sample))

    def _flush(self, now: float) -> None:
        self._flushed_at = now
        for kind, author in _DELTAS:
            text = "".join(t for k, a, t in self._unsent if (k, a) == (kind, author))
            if text:
                self._send(kind, author, text)
        self._unsent.clear()

    def _send(self, kind: str, author: Author, text: str) -> None:
        tokens = 0
        if author == "model":
            tokens, self._pending_tokens[kind] = self._pending_tokens[kind], 0
        if kind == "answer":
            self._emit(Answer(id=self._id, text=text, tokens=tokens, sample=self._sample))
        else:
            self._emit(
                Reasoning(id=self._id, text=text, tokens=tokens, sample=self._sample, author=author)
            )
