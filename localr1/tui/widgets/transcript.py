"""The conversation: all widgets of all turns, side by side in one scrolling column."""

from __future__ import annotations

from collections.abc import Sequence

from textual.containers import VerticalScroll

from localr1.chat.messages import Message
from localr1.tui.turn import Turn
from localr1.tui.widgets.notes import Notes

TURNS_SHOWN = 50
"""Of an earlier conversation: what is mounted is laid out again for every new row."""


class Transcript(VerticalScroll, can_focus=False):
    """Shows turns; follows the end unless a person scrolled away from it."""

    def show_history(self, messages: Sequence[Message]) -> list[Turn]:
        """Show the last turns of an earlier conversation."""
        turns = _turns(messages)
        hidden = len(turns) - TURNS_SHOWN
        shown = turns[-TURNS_SHOWN:]
        widgets = [widget for turn in shown for widget in turn.widgets]
        if hidden > 0:
            notes = Notes(classes="notes")
            notes.add(f"{hidden:,} earlier questions are not shown.")
            widgets.insert(0, notes)
        self.mount(*widgets)
        return shown

    def add_turn(self, turn: Turn) -> None:
        """Show a new turn at the end and follow it."""
        self.mount(*turn.widgets)
        self.follow()

    def note(self) -> Notes:
        """Notes at the end, for what belongs to no turn."""
        last = self.children[-1] if self.children else None
        if isinstance(last, Notes) and last.has_class("-session"):
            return last
        notes = Notes(classes="notes -session")
        self.mount(notes)
        return notes

    def follow(self) -> None:
        """Go to the end and stay there."""
        self.anchor(self._is_full)
        self.scroll_end(animate=False)

    @property
    def _is_full(self) -> bool:
        return self.virtual_size.height > self.container_size.height > 0

    def watch_virtual_size(self) -> None:
        """Follow the end from the moment on at which not everything fits."""
        self._anchor_when_full()

    def on_resize(self) -> None:
        """The same for a screen that became smaller or larger."""
        self._anchor_when_full()

    def _anchor_when_full(self) -> None:
        # An anchored column that is not full would stand at the bottom of the screen
        if self.is_anchored != self._is_full:
            self.anchor(self._is_full)
        if not self.is_anchored:
            self.scroll_y = 0


def _turns(messages: Sequence[Message]) -> list[Turn]:
    turns: list[Turn] = []
    for position, message in enumerate(messages):
        if message.role == "user":
            turns.append(Turn(message.text, position=position, files=message.files))
        elif message.role == "assistant" and turns:
            turns[-1].show_reply(message)
    return turns
