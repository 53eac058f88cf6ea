"""Quiet lines about a turn or the session: notices, how a reply ended, what failed."""

from __future__ import annotations

from typing import Literal

from textual.content import Content
from textual.widgets import Static

from localr1.tui.marks import one_line

Weight = Literal["quiet", "warning", "error"]

_STYLES = {"quiet": "$foreground 60%", "warning": "$text-warning", "error": "$text-error"}


class Notes(Static):
    """Lines that only grow in number; hidden while there are none."""

    def __init__(self, *, classes: str | None = None) -> None:
        super().__init__(Content(""), classes=classes, markup=False)
        self._lines: list[tuple[str, str]] = []
        self.display = False

    @property
    def text(self) -> str:
        """All lines as they are shown."""
        return "\n".join(text for text, _ in self._lines)

    def add(self, text: str, weight: Weight = "quiet", hint: str = "") -> None:
        """Add a line and, where there is one, what to do about it."""
        self._lines.append((one_line(text), _STYLES[weight]))
        if hint:
            self._lines.append((_sentence(one_line(hint)), _STYLES["quiet"]))
        self._draw()

    def take_back(self, text: str) -> None:
        """Take a line back that does not hold any more."""
        self._lines = [line for line in self._lines if line[0] != text]
        self._draw()

    def _draw(self) -> None:
        self.update(Content("\n").join(Content.styled(text, style) for text, style in self._lines))
        self.display = bool(self._lines)


def _sentence(hint: str) -> str:
    """Hints are written to follow "hint:"; here they stand alone. Names keep their case."""
    first = hint.partition(" ")[0]
    return hint[:1].upper() + hint[1:] if first.isalpha() else hint
