"""A line to type into; what is pasted is made harmless first."""

from __future__ import annotations

from textual import events
from textual.suggester import Suggester
from textual.widgets import Input

from localr1.tui.marks import one_line

_PASTE_CHARACTERS = 4_096


class LineInput(Input):
    """Textual's input without frame, safe against what a clipboard holds."""

    def __init__(
        self,
        value: str = "",
        placeholder: str = "",
        *,
        suggester: Suggester | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(
            value,
            placeholder,
            suggester=suggester,
            id=id,
            classes=classes,
            compact=True,
            select_on_focus=False,
        )

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        self.replace(one_line(event.text, _PASTE_CHARACTERS), *self.selection)
