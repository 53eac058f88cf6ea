"""Every action and its key, made from the table of actions."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from localr1.tui.actions import ACTIONS, Action, key_names

_KEY_CELLS = 22


class HelpScreen(ModalScreen[None]):
    """A sheet over the chat; any of the usual keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,q,enter", "dismiss", "Close", show=False)
    ]

    def compose(self) -> ComposeResult:
        """One column of keys and what they do."""
        with VerticalScroll(id="sheet"):
            yield Static(_table(), markup=False)
            yield Static(
                Content("Esc closes this, the arrow keys scroll."), id="closing", markup=False
            )


def _table() -> Content:
    lines = [
        Content.assemble((f"{_typed(action):<{_KEY_CELLS}}", "$text-primary"), action.title)
        for action in ACTIONS
    ]
    return Content("\n").join(
        [*lines, Content(""), Content("Text is selected with the mouse, Ctrl+C copies it.")]
    )


def _typed(action: Action) -> str:
    """Its keys, or else its word."""
    return key_names(action.keys) if action.keys else f"/{action.word}"
