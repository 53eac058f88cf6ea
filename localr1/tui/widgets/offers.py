"""What may be meant by what is being typed: a few rows above the composer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget

from localr1.tui.marks import one_line

ROWS_AT_MOST = 8

_CHOSEN = "bold $block-cursor-blurred-foreground on $block-cursor-blurred-background"


class Row(NamedTuple):
    """One offer as it is shown."""

    label: str
    detail: str = ""
    is_quiet: bool = False


class Offers(Widget, can_focus=False):
    """Rows of which one is chosen; hidden while there are none. The keys are the composer's."""

    @dataclass
    class Clicked(Message):
        """A row was clicked."""

        index: int

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._rows: Sequence[Row] = ()
        self._top = 0
        self.chosen = 0
        """Index of the row that Enter takes."""
        self.display = False

    def show(self, rows: Sequence[Row]) -> None:
        """Show these in place of others; the first is chosen."""
        self._rows = rows
        self.chosen = self._top = 0
        self.display = bool(rows)
        self.refresh(layout=True)

    def choose(self, by: int) -> None:
        """Choose another row; after the last comes the first."""
        self.chosen = (self.chosen + by) % len(self._rows)
        self._top = min(max(self._top, self.chosen - ROWS_AT_MOST + 1), self.chosen)
        self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """A row each, up to a limit; then they move under the chosen one."""
        return min(len(self._rows), ROWS_AT_MOST)

    def render(self) -> Content:
        """The rows around the chosen one."""
        shown = self._rows[self._top : self._top + ROWS_AT_MOST]
        labels = [one_line(row.label, 120) for row in shown]
        column = min(max(map(cell_len, labels), default=0), 40) + 2
        return Content("\n").join(
            self._line(self._top + number, row, label, column)
            for number, (row, label) in enumerate(zip(shown, labels, strict=True))
        )

    def _line(self, index: int, row: Row, label: str, column: int) -> Content:
        width = self.content_size.width
        space = " " * max(2, column - cell_len(label)) if row.detail else ""
        detail = one_line(row.detail)
        rest = " " * max(0, width - cell_len(label) - len(space) - cell_len(detail))
        words = "$text-disabled" if row.is_quiet else "$foreground"
        line = Content.assemble((label, words), space, (detail, "$text-muted"), rest)
        # Bold as well: colours may be off
        return line.stylize(_CHOSEN) if index == self.chosen else line

    def on_click(self, event: events.Click) -> None:
        """Say which row."""
        index = self._top + event.get_content_offset_capture(self).y
        if 0 <= index < len(self._rows):
            self.post_message(self.Clicked(index))

    def on_mouse_scroll_down(self) -> None:
        """The next one."""
        self.choose(1)

    def on_mouse_scroll_up(self) -> None:
        """The one before."""
        self.choose(-1)
