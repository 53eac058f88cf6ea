"""A sheet that asks for the path of a model file, or for a name to fetch."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from localr1.terminal_text import clean
from localr1.tui.screens.overlay import Overlay
from localr1.tui.widgets.path_input import PathInput

HINT = "Tab completes a path, Enter takes it, Esc leaves."


class PathQuestion(Overlay[str]):
    """Its result is what was typed, or None where the person leaves.

    Args:
        question: what is asked, a few words.
        example: shown as long as nothing is typed.
    """

    def __init__(self, question: str, example: str) -> None:
        super().__init__()
        self._question = question
        self._path = PathInput(example)

    def compose(self) -> ComposeResult:
        """The question above an input."""
        with Vertical(classes="sheet"):
            yield Static(Content(self._question), markup=False)
            yield self._path
            yield Static(Content(HINT), classes="closing", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the line; a path keeps its spaces inside."""
        event.stop()
        self.dismiss(clean(event.value).strip() or None)
