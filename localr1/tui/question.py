"""What is asked, and how."""

from __future__ import annotations

from typing import NamedTuple

from localr1.chat.effort import Asked
from localr1.chat.messages import FilePart


class Written(NamedTuple):
    """What a person wrote, with the files that go with it."""

    text: str
    files: tuple[FilePart, ...] = ()


class Question(NamedTuple):
    """A text to send, with what was asked for this one reply."""

    text: str
    limit: Asked | None = None
    """How long the reply may think; None leaves it to the conversation."""
    samples: int = 1
    """Replies side by side, of which one is kept."""
    at: int | None = None
    """Position of the earlier question that this one is asked instead of."""
    files: tuple[FilePart, ...] = ()
    """Attached to it."""
