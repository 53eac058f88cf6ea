"""A sheet that asks for one line of text."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from localr1.terminal_text import clean_line
from localr1.tui.screens.overlay import Overlay


class LineQuestion(Overlay[str]):
    """Its result is the line, or None where the person leaves.

    Args:
        question: what is asked, a few words.
        answer: what stands there at first.
    """

    def __init__(self, question: str, answer: str = "") -> None:
        super().__init__()
        self._question = question
        self._answer = answer

    def compose(self) -> ComposeResult:
        """The question above an input."""
        with Vertical(classes="sheet"):
            yield Static(Content(self._question), markup=False)
            yield Input(clean_line(self._answer, 1000), compact=True)
            yield Static(Content("Enter takes it, Esc leaves."), classes="closing", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the line."""
        self.dismiss(clean_line(event.value, 1000))
