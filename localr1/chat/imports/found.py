"""What is found in a file of conversations: those that can be taken, and why others cannot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from localr1.chat.exporting.tree import ConversationTree
from localr1.terminal_text import clean_line


class LeftOut(NamedTuple):
    """A conversation that is not taken."""

    name: str
    """ "conversation 3 (Six times seven)"."""
    why: str
    """A sentence without its full stop."""


class Found(NamedTuple):
    """The conversations of one file, read one by one as they are asked for."""

    source: str
    """The program that wrote it: "ChatGPT"."""
    conversations: Iterator[ConversationTree | LeftOut]


class Unreadable(Exception):
    """One conversation cannot be taken; the text says why."""


def name_of(number: int, title: object) -> str:
    """What a conversation is called in a report; `number` counts from 1."""
    line = clean_line(title, limit=60) if isinstance(title, str) else ""
    return f"conversation {number} ({line})" if line else f"conversation {number}"


def misfit(error: msgspec.ValidationError) -> str:
    """What a value is that should be another, as a person reads it."""
    said = clean_line(str(error), limit=200).replace("`", "").replace(" - at $", ", at ")
    return f"it is not written as expected: {said.rstrip('.')}"


def text_in(values: dict[str, Any], *names: str) -> str:
    """The first of these fields that is a text that says something."""
    for name in names:
        value = values.get(name)
        if isinstance(value, str) and value.strip():
            return value
    return ""
