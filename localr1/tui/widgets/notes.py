"""Quiet lines about a turn or the session: notices, how a reply ended, what failed."""

from __future__ import annotations

from typing import Literal

from textual.content import Content
from textual.widgets import Static

from localr1.tui.marks import one_line

Weight = Literal["quiet", "warning", "error"]

_STYLES = {"quiet": "$text-muted", "warning": "$text-warning", "error": "$text-error"}

_SIGNS = {"$text-warning": "! ", "$text-error": "Error: "}
"""In front, so that nothing is said by colour alone."""


class Notes(Static):
    """Lines that only grow in number; hidden while there are none."""

    def __init__(self, *, classes: str | None = None) -> None:
        super().__init__(Content(""), classes=classes, markup=False)
        self._notes: list[list[tuple[str, str]]] = []
        """Of each its lines, with their styles."""
        self.display = False

    @property
    def text(self) -> str:
        """All lines, without their signs."""
        return "\n".join(text for text, _ in self._lines())

    def add(self, text: str, weight: Weight = "quiet", hint: str = "") -> None:
        """Add a line and, where there is one, what to do about it."""
        note = [(one_line(text), _STYLES[weight])]
        if hint:
            note.append((sentence(one_line(hint)), _STYLES["quiet"]))
        self._notes.append(note)
        self._draw()

    def show_only(self, text: str) -> None:
        """This line in place of all; nothing where it is empty."""
        self._notes.clear()
        if text:
            self.add(text)
        self._draw()

    def take_back(self, text: str) -> None:
        """Take a line back that does not hold any more, and what was to be done about it."""
        self._notes = [note for note in self._notes if note[0][0] != one_line(text)]
        self._draw()

    def _lines(self) -> list[tuple[str, str]]:
        return [line for note in self._notes for line in note]

    def _draw(self) -> None:
        lines = self._lines()
        self.update(
            Content("\n").join(
                Content.styled(_SIGNS.get(style, "") + text, style) for text, style in lines
            )
        )
        self.display = bool(lines)


def sentence(text: str) -> str:
    """What stands alone: errors and hints are written to follow a name. Names keep their case."""
    first = text.partition(" ")[0]
    return text[:1].upper() + text[1:] if first.isalpha() else text
