"""Every action and its key, made from the table of actions."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from localr1.tui.actions import ACTIONS
from localr1.tui.keymap import Keymap, keymap_of

_KEY_CELLS = 22


class HelpScreen(ModalScreen[None]):
    """A sheet over the chat; any of the usual keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,q,enter", "dismiss", "Close", show=False)
    ]

    def compose(self) -> ComposeResult:
        """One column of keys and what they do."""
        with VerticalScroll(id="sheet"):
            yield Static(_table(keymap_of(self)), markup=False)
            yield Static(
                Content("Esc closes this, the arrow keys scroll."), id="closing", markup=False
            )


def _table(keymap: Keymap) -> Content:
    lines = [
        Content.assemble(
            (f"{keymap.label(action.name, 2):<{_KEY_CELLS}}", "$text-primary"), action.title
        )
        for action in ACTIONS
    ]
    copying = keymap.fill("Text is selected with the mouse, {interrupt} copies it.")
    return Content("\n").join([*lines, Content(""), Content(copying)])
