"""A sheet that asks for one of a few answers."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from localr1.tui.marks import one_line
from localr1.tui.screens.overlay import Overlay


class ChoiceQuestion(Overlay[int]):
    """Its result is the number of the answer, from 0, or None where the person leaves.

    Args:
        question: what is asked, with what follows from it; untrusted words may be in it.
        answers: of which the first is chosen at first.
    """

    def __init__(self, question: str, answers: Sequence[str]) -> None:
        super().__init__()
        self._question = one_line(question, 1_000)
        self._answers = OptionList(
            *(Option(Content(one_line(answer))) for answer in answers),
            id="answers",
            compact=True,
            markup=False,
        )

    def compose(self) -> ComposeResult:
        """The question above the answers."""
        with Vertical(classes="sheet"):
            yield Static(Content(self._question), markup=False)
            yield self._answers
            yield Static(Content("Enter takes it, Esc leaves."), classes="closing", markup=False)

    def on_mount(self) -> None:
        """Arrow keys choose."""
        self._answers.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take this answer."""
        self.dismiss(event.option_index)
