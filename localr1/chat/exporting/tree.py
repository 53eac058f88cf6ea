"""A whole conversation as a plain value: every branch, every time, whatever keeps it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from localr1.chat.effort import Asked
from localr1.chat.messages import Message


class TreeMessage(msgspec.Struct, frozen=True):
    """A message and its place in the tree."""

    message: Message
    parent: int | None
    """Position of the message it follows, smaller than its own; None begins the conversation."""
    created_at: str = ""
    """ISO 8601 in UTC; empty where it is not known."""


class ConversationTree(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation with all its branches."""

    id: str
    title: str
    model: str
    created_at: str
    """ISO 8601 in UTC, or empty; so is `updated_at`."""
    updated_at: str
    messages: tuple[TreeMessage, ...]
    """Each after its parent; the branches of a message in the order in which they were begun."""
    shown: int | None = None
    """Position of the last message of the branch that is shown; None shows nothing."""
    pinned: bool = False
    limit: Asked | None = None
    """How much its replies may think where nothing of their own is asked."""

    def path(self) -> list[TreeMessage]:
        """The branch that is shown, from the first message to the last."""
        return [self.messages[position] for position in self.path_positions()]

    def path_positions(self) -> list[int]:
        """Positions in `messages` of the branch that is shown."""
        positions: list[int] = []
        place = self.shown
        while place is not None:
            positions.append(place)
            place = self.messages[place].parent
        return positions[::-1]


def in_a_line(messages: Iterable[Message]) -> tuple[TreeMessage, ...]:
    """Messages that follow one another, as a tree with a single branch."""
    return tuple(
        TreeMessage(message, position - 1 if position else None)
        for position, message in enumerate(messages)
    )
