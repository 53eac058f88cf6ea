"""A message is a list of typed parts; reasoning is one of them and is kept."""

from __future__ import annotations

from typing import Literal

import msgspec

Role = Literal["system", "user", "assistant"]

FinishReason = Literal["stop", "length", "cancelled", "error"]
"""How a reply ended: by itself, at a limit, by the person, or with the engine."""

ReasoningEnd = Literal["closed", "stop", "length", "cancelled", "error"]
"""How a reasoning block ended: "closed" by its tag, else with the reply (see FinishReason)."""


class TextPart(msgspec.Struct, frozen=True, tag="text"):
    """What a person wrote, or the answer of a model."""

    text: str


class ReasoningPart(msgspec.Struct, frozen=True, tag="reasoning"):
    """What a model thought before its answer; left out of the next prompt."""

    text: str
    tokens: int = 0
    seconds: float = 0.0
    ended_by: ReasoningEnd = "closed"


Part = TextPart | ReasoningPart


class Message(msgspec.Struct, frozen=True):
    """One turn's words: of the system, the person or the model."""

    role: Role
    parts: tuple[Part, ...]
    finish_reason: FinishReason | None = None
    """Of a reply: how it ended; None while it is being written, and for other roles."""

    @property
    def text(self) -> str:
        """The words without the reasoning."""
        return "".join(part.text for part in self.parts if isinstance(part, TextPart))

    @property
    def reasoning(self) -> ReasoningPart | None:
        """The reasoning block, where there is one."""
        return next((part for part in self.parts if isinstance(part, ReasoningPart)), None)


def user_message(text: str) -> Message:
    """What a person sends."""
    return Message("user", (TextPart(text),))
