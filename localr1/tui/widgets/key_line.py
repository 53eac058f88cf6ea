"""What keys do, in phrases that can be clicked as well."""

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

_GAP = "   "


class KeyPhrase(NamedTuple):
    """A key and what it does."""

    key: str
    words: str
    action: str
    """What a click stands for, of the screen."""

    @property
    def text(self) -> str:
        """As it is shown."""
        return f"{self.key} {self.words}"


class KeyLine(Widget, can_focus=False):
    """Phrases beside and below each other, none of them torn."""

    ALLOW_SELECT = False

    @dataclass
    class Pressed(Message):
        """A phrase was clicked."""

        action: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._phrases: Sequence[KeyPhrase] = ()

    def show(self, phrases: Sequence[KeyPhrase]) -> None:
        """Show these in place of others."""
        if list(phrases) != list(self._phrases):
            self._phrases = phrases
            self.refresh(layout=True)

    def _rows(self, width: int) -> list[list[KeyPhrase]]:
        rows: list[list[KeyPhrase]] = [[]]
        for phrase in self._phrases:
            taken = sum(cell_len(each.text) + len(_GAP) for each in rows[-1])
            if rows[-1] and taken + cell_len(phrase.text) > width:
                rows.append([])
            rows[-1].append(phrase)
        return rows

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """A row for as many phrases as fit."""
        return len(self._rows(width))

    def render(self) -> Content:
        """The phrases; keys stand out."""
        rows = self._rows(self.content_size.width)
        return Content("\n").join(
            Content(_GAP).join(
                Content.assemble((phrase.key, "$primary"), (f" {phrase.words}", "$text-muted"))
                for phrase in row
            )
            for row in rows
        )

    def on_click(self, event: events.Click) -> None:
        """Do what the phrase says."""
        event.stop()
        offset = event.get_content_offset_capture(self)
        rows = self._rows(self.content_size.width)
        start = 0
        for phrase in rows[offset.y] if 0 <= offset.y < len(rows) else ():
            end = start + cell_len(phrase.text)
            if start <= offset.x < end:
                self.post_message(self.Pressed(phrase.action))
            start = end + len(_GAP)
