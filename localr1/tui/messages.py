"""What widgets and running tasks tell the screen; only its handlers touch other widgets.

Nobody compares or prints a message, and making the methods for it takes time at every start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message
from textual.widget import Widget

from localr1.chat.messages import Message as Reply
from localr1.engine.protocol import Event
from localr1.tui.actions import Action
from localr1.tui.markdown.pressable import CodeBlock
from localr1.tui.question import Question, Written

if TYPE_CHECKING:
    from localr1.session.pull_job import PullJob


@dataclass(eq=False, repr=False)
class Submitted(Message):
    """A person wants to send this."""

    written: Written


@dataclass(eq=False, repr=False)
class CommandGiven(Message):
    """A person typed the word of an action after a slash."""

    action: Action
    argument: str = ""
    """What followed it; only for actions that take something."""


@dataclass(eq=False, repr=False)
class PasteRefused(Message):
    """More text was pasted than the composer holds."""

    size_bytes: int
    limit_bytes: int


@dataclass(eq=False, repr=False)
class ThinkingToggled(Message):
    """The line above a reasoning block was clicked."""

    header: Widget


@dataclass(eq=False, repr=False)
class EarlierWanted(Message):
    """A person scrolled to the first turn that is shown."""


@dataclass(eq=False, repr=False)
class LinkClicked(Message):
    """A link of an answer was clicked."""

    address: str


@dataclass(eq=False, repr=False)
class CodeClicked(Message):
    """The label of a code block was clicked."""

    block: CodeBlock


@dataclass(eq=False, repr=False)
class EventsArrived(Message):
    """What the session said since the last time, in order."""

    events: Sequence[Event]
    of_reply: bool
    """They belong to the last question, not to the load at the start."""
    kept: Reply | None = None
    """The reply as the session keeps it, with the event that ends it."""


@dataclass(eq=False, repr=False)
class StreamEnded(Message):
    """A load or a reply is over; another one may start."""


@dataclass(eq=False, repr=False)
class NotSent(Message):
    """A message that waited for the model cannot be sent; the person gets it back."""

    question: Question


@dataclass(eq=False, repr=False)
class Remark(Message):
    """Something to be said in the status line for a moment."""

    text: str


@dataclass(eq=False, repr=False)
class EffortClicked(Message):
    """The effort in the status line was clicked."""


@dataclass(eq=False, repr=False)
class FetchChanged(Message):
    """There is something new to show of a model that is being fetched."""

    job: PullJob
