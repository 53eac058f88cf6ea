"""What goes with the question: a row for each attached file and each folded paste."""

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

ROWS_AT_MOST = 6
_REMOVE = "  x"
_GAP = "  "
_NAME_CELLS = 8
"""Of a name, at least."""


class Chip(NamedTuple):
    """One row."""

    key: object
    """What it stands for, for whoever shows it."""
    name: str
    facts: str


class Chips(Widget, can_focus=False):
    """Rows with an x each, and a warning below them; hidden while there are none."""

    @dataclass
    class Clicked(Message):
        """A row was clicked, or the x at its end."""

        key: object
        removes: bool

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._chips: Sequence[Chip] = ()
        self._warning = ""
        self.display = False

    @property
    def text(self) -> str:
        """All rows as they are shown."""
        return "\n".join(self._lines())

    def show(self, chips: Sequence[Chip], warning: str = "") -> None:
        """Show these in place of others."""
        if (list(chips), warning) != (list(self._chips), self._warning):
            self._chips, self._warning = chips, warning
            self.display = bool(chips)
            self.refresh(layout=True)

    @property
    def _shown(self) -> Sequence[Chip]:
        """The last ones: those that Backspace removes first."""
        is_full = len(self._chips) > ROWS_AT_MOST
        return self._chips[-ROWS_AT_MOST + 1 :] if is_full else self._chips

    @property
    def _hidden(self) -> int:
        return len(self._chips) - len(self._shown)

    def _lines(self) -> list[str]:
        more = [f"{self._hidden} more"] if self._hidden else []
        chips = [self._line(chip) for chip in self._shown]
        return [*more, *chips, *([self._warning] if self._warning else [])]

    def _line(self, chip: Chip) -> str:
        name, facts = one_line(chip.name, 120), one_line(chip.facts)
        room = self.content_size.width - len(_GAP + _REMOVE)
        # The name gives way, then the facts, never the x
        name = _cut(name, max(_NAME_CELLS, room - cell_len(facts)))
        return f"{name}{_GAP}{_cut(facts, room - cell_len(name))}{_REMOVE}"

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """A row for each line."""
        return len(self._lines())

    def render(self) -> Content:
        """The rows."""
        lines = [_styled(line) for line in self._lines()]
        if self._warning:
            lines[-1] = Content.styled(self._warning, "$text-warning")
        return Content("\n").join(lines)

    def on_click(self, event: events.Click) -> None:
        """Say what was clicked."""
        offset = event.get_content_offset_capture(self)
        index = offset.y - bool(self._hidden)
        if 0 <= index < len(self._shown):
            chip = self._shown[index]
            width = cell_len(self._line(chip))
            self.post_message(self.Clicked(chip.key, width - len(_REMOVE) <= offset.x <= width))


def _cut(text: str, width: int) -> str:
    return Content(text).truncate(max(1, width), ellipsis=True).plain


def _styled(line: str) -> Content:
    name, gap, rest = line.partition(_GAP)
    return Content.assemble((name, "$text-primary"), (gap + rest, "$text-muted"))
