"""The line that says which of several questions or replies is shown; a click shows another."""

from __future__ import annotations

from typing import NamedTuple

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget


class Place(NamedTuple):
    """One of several messages at the same place of a conversation."""

    number: int
    """From 0."""
    of: int
    """How many there are."""


class BranchTurned(Message):
    """A person clicked on an arrow."""

    def __init__(self, line: Widget, step: int) -> None:
        super().__init__()
        self.line = line
        self.step = step


class BranchLine(Widget):
    """One row between a question and its reply, shown where there is something to switch."""

    ALLOW_SELECT = False

    def __init__(self, *, classes: str | None = None) -> None:
        super().__init__(classes=classes)
        self._words = ""
        self.display = False

    def show(self, question: Place, reply: Place) -> None:
        """Show where these stand; nothing where each is the only one."""
        parts = [
            f"{name} {place.number + 1} of {place.of}"
            for name, place in (("question", question), ("reply", reply))
            if place.of > 1
        ]
        self._words = ", ".join(parts)
        self.display = bool(parts)
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """The left arrow goes back, everything else goes on."""
        self.post_message(BranchTurned(self, -1 if event.x < 2 else 1))

    def render(self) -> Content:
        """The words between two arrows."""
        return Content(f"‹ {self._words} ›")
