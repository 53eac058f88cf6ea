"""One line above the composer: the words to find, and which of the hits is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static


class FindBar(Horizontal):
    """What is typed and which way to go are posted; who searches says what there is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,down", "step(1)", "Next", show=False, priority=True),
        Binding("shift+enter,up", "step(-1)", "Previous", show=False, priority=True),
    ]

    @dataclass
    class Changed(Message):
        """These are the words to find now."""

        words: str

    @dataclass
    class Stepped(Message):
        """To the next hit (1), or to the one before (-1)."""

        direction: int

    def __init__(self, words: str, at_most: int) -> None:
        super().__init__()
        self.entry = Input(
            words,
            placeholder="words of this conversation   ↓ next   ↑ the one before   Esc closes",
            compact=True,
            max_length=at_most,
            select_on_focus=False,
        )
        self._state = Static(id="find-state", markup=False)

    def compose(self) -> ComposeResult:
        """The words on the left, the place among the hits on the right."""
        yield Static(Content("Find "), id="find-label", markup=False)
        yield self.entry
        yield self._state

    def say(self, state: str) -> None:
        """Which hit is shown of how many."""
        self._state.update(Content(state))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Hand the words on."""
        event.stop()
        self.post_message(self.Changed(event.value))

    def action_step(self, direction: int) -> None:
        """Ask for another hit, after the keys typed before this one."""
        self.post_message(self.Stepped(direction))
