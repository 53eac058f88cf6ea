"""Telling reasoning from answer in a stream of text that may cut a tag anywhere.

The parser starts in the state that the prompt left: R1's prompt ends with an open block, so
the stream then never contains the opening tag. White space around the two parts belongs to
the format, not to the words, and is dropped.
"""

from __future__ import annotations

import enum
from typing import Literal, NamedTuple

PieceKind = Literal["reasoning", "answer", "late_reasoning"]


class Piece(NamedTuple):
    """Text of one kind, in the order it was written.

    "late_reasoning" has no text: the model closed a block that it never opened, so all answer
    text of this reply so far was reasoning.
    """

    kind: PieceKind
    text: str


class _State(enum.Enum):
    START = "nothing but white space so far"
    REASONING = "inside the block"
    AFTER = "the block is closed, no answer text yet"
    ANSWER = "inside the answer"


class ReasoningParser:
    """A text state machine: `feed` deltas, then `finish` once.

    Args:
        open_tag: what opens the block, as "<think>".
        close_tag: what closes it, as "</think>".
        in_reasoning: the prompt already opened the block.
        expects_block: this model thinks, so a closing tag without an opening one closes a
            block that was never opened. Others may quote the tag in an answer.
        has_text: words of the part at hand were written before; white space belongs to them.
        in_answer: the block is over already, where there was one.
        had_block: there was one; of use with `in_answer`.
    """

    def __init__(
        self,
        open_tag: str = "<think>",
        close_tag: str = "</think>",
        *,
        in_reasoning: bool = False,
        expects_block: bool = True,
        has_text: bool = False,
        in_answer: bool = False,
        had_block: bool = True,
    ) -> None:
        self._open = open_tag
        self._close = close_tag
        self._state = _State.REASONING if in_reasoning else _State.START
        if in_answer:
            self._state = _State.ANSWER if has_text else _State.AFTER
        self._held = ""
        """Text that may turn out to be part of a tag, or white space at the end of a part."""
        self._part_has_text = has_text
        self._had_block = in_reasoning or (in_answer and had_block)
        self._expects_block = expects_block or in_reasoning
        self._takes_blocks = True

    @property
    def in_reasoning(self) -> bool:
        """Whether the next text belongs to the block."""
        return self._state is _State.REASONING

    @property
    def had_block(self) -> bool:
        """Whether there was a block, empty or not."""
        return self._had_block

    @property
    def held(self) -> str:
        """Text that is not certain yet: white space at the end, or what may begin a tag."""
        return self._held

    def refuse_blocks(self) -> None:
        """An opening tag from here on is text: whoever closed the block wants no other one."""
        self._takes_blocks = False

    def feed(self, text: str) -> list[Piece]:
        """The pieces that are certain after this delta; text that could start a tag waits."""
        self._held += text
        pieces: list[Piece] = []
        while self._step(pieces):
            pass
        return pieces

    def finish(self) -> list[Piece]:
        """What was still held back; a tag that was never completed is text after all."""
        held, self._held = self._held, ""
        if self._state is _State.REASONING:
            held = held.rstrip()
        return self._emit(held)

    # ---- one step: consume what is certain, say whether to look again ----------------------

    def _step(self, pieces: list[Piece]) -> bool:
        if not self._part_has_text:
            self._held = self._held.lstrip()
        tag, position = self._next_tag()
        if tag is None:
            safe = self._certain_length()
            pieces.extend(self._emit(self._held[:safe]))
            self._held = self._held[safe:]
            return False
        before, self._held = self._held[:position], self._held[position + len(tag) :]
        if self._state is _State.REASONING:
            before = before.rstrip()
        pieces.extend(self._emit(before))
        self._pass_tag(tag, pieces)
        return True

    def _next_tag(self) -> tuple[str | None, int]:
        """The first tag that means something in this state, and where it stands."""
        found = [
            (position, tag)
            for tag in self._meaningful_tags()
            if (position := self._held.find(tag)) >= 0 and self._counts(tag, position)
        ]
        if not found:
            return None, -1
        position, tag = min(found)
        return tag, position

    def _meaningful_tags(self) -> tuple[str, ...]:
        opens = (self._open,) if self._takes_blocks and self._state is not _State.ANSWER else ()
        closes = self._had_block and self._state is not _State.ANSWER
        late = self._expects_block and not self._had_block
        return (*opens, self._close) if closes or late else opens

    def _counts(self, tag: str, position: int) -> bool:
        """An opening tag counts only before any words: later it is something a model quotes."""
        if tag == self._open:
            return position == 0 and not self._part_has_text
        return self._state is not _State.AFTER or not self._had_block or position == 0

    def _certain_length(self) -> int:
        """How much of the held text cannot become a tag or trailing white space of the block."""
        length = len(self._held)
        for tag in self._meaningful_tags():
            length = min(length, len(self._held) - _overlap(self._held, tag))
        if self._state is _State.REASONING:
            length = len(self._held[:length].rstrip())
        return length

    def _pass_tag(self, tag: str, pieces: list[Piece]) -> None:
        if tag == self._open:
            self._enter(_State.REASONING)
        elif self._state is _State.ANSWER:
            pieces.append(Piece("late_reasoning", ""))
            self._enter(_State.AFTER)
        else:
            self._enter(_State.AFTER)
        self._had_block = True

    def _enter(self, state: _State) -> None:
        self._state = state
        self._part_has_text = False

    def _emit(self, text: str) -> list[Piece]:
        if not text:
            return []
        if self._state is not _State.REASONING:
            self._state = _State.ANSWER
        self._part_has_text = True
        return [Piece("reasoning" if self._state is _State.REASONING else "answer", text)]


def _overlap(text: str, tag: str) -> int:
    """Length of the longest end of `text` that is a proper beginning of `tag`."""
    for length in range(min(len(text), len(tag) - 1), 0, -1):
        if tag.startswith(text[-length:]):
            return length
    return 0
