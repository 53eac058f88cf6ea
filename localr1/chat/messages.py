"""A message is a list of typed parts; reasoning is one of them and is kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

import msgspec

Role = Literal["system", "user", "assistant"]

FinishReason = Literal["stop", "length", "cancelled", "error", "loop"]
"""How a reply ended: by itself, at a limit, by the person, with the engine, or stopped because it
repeated itself."""

ClosedBy = Literal["tokens", "seconds", "asked", "room", "ended", "repetition", "off"]
"""Why localr1 closed a reasoning block: its limit of tokens or seconds, a person who wants the
answer now, a window with room left for the answer only, a model that ended its text inside the
block, repetition, or a turn without thinking."""

ReasoningEnd = Literal["closed"] | ClosedBy | FinishReason
"""How a reasoning block ended: "closed" by the model's own tag, by localr1 (ClosedBy), or with the
reply (FinishReason)."""

CLOSED_ENDS: tuple[str, ...] = ("closed", *get_args(ClosedBy))
"""Ends of a block after which an answer is due."""

REASONING_ENDS: tuple[str, ...] = (*CLOSED_ENDS, *get_args(FinishReason))


class TextPart(msgspec.Struct, frozen=True, tag="text"):
    """What a person wrote, or the answer of a model."""

    text: str


class Insertion(msgspec.Struct, frozen=True):
    """A stretch of a reasoning text that the model did not write."""

    start: int
    """In characters of the text; so is `end`, which is not part of it."""
    end: int
    author: Literal["person", "localr1"]


class ReasoningPart(msgspec.Struct, frozen=True, tag="reasoning"):
    """What a model thought before its answer; left out of the next prompt unless it is carried."""

    text: str
    tokens: int = 0
    """That the model wrote: insertions are not counted."""
    seconds: float = 0.0
    ended_by: ReasoningEnd = "closed"
    insertions: tuple[Insertion, ...] = ()
    carried: bool = False
    """A person wants it kept in the context."""


class FilePart(msgspec.Struct, frozen=True, tag="file"):
    """A file that a person attached to a question, as the text that was read from it."""

    name: str
    """Without folders."""
    text: str


Part = TextPart | ReasoningPart | FilePart


class Message(msgspec.Struct, frozen=True):
    """One turn's words: of the system, the person or the model."""

    role: Role
    parts: tuple[Part, ...]
    finish_reason: FinishReason | None = None
    """Of a reply: how it ended; None while it is being written, and for other roles."""
    model: str = ""
    """Of a reply: the model that wrote it, where this is known."""

    @property
    def text(self) -> str:
        """The words without the reasoning."""
        return "".join(part.text for part in self.parts if isinstance(part, TextPart))

    @property
    def reasoning(self) -> ReasoningPart | None:
        """The reasoning block, where there is one."""
        return next((part for part in self.parts if isinstance(part, ReasoningPart)), None)

    @property
    def files(self) -> tuple[FilePart, ...]:
        """The files attached to a question."""
        return tuple(part for part in self.parts if isinstance(part, FilePart))


def user_message(text: str, files: Iterable[FilePart] = ()) -> Message:
    """What a person sends."""
    return Message("user", (*files, TextPart(text)))
