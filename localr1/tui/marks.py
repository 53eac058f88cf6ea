"""A limit on characters that take no cell of their own.

Stacked marks smear over the neighbouring lines, and endless runs of them or of joined emoji
would make one row as long as the text. Text that people write stays as it is.
"""

from __future__ import annotations

from rich.cells import cell_len

from localr1.terminal_text import clean_line

MAX_MARKS = 4
"""Zero-width marks kept after one character."""

MAX_JOINED = 8
"""Characters kept in one joined emoji; the largest that people use, families, join four."""

JOINER = "\u200d"
_SPACES = " \t\n"


class MarkLimit:
    """Drops the excess from text that arrives in pieces; marks without a character go as well."""

    def __init__(self) -> None:
        self._marks = MAX_MARKS
        self._joined = 0
        self._last = ""

    def __call__(self, text: str) -> str:
        """The piece that follows the earlier ones, without the excess."""
        if not text.isascii():
            return "".join(filter(self._keeps, text))
        if text:
            self._last = text[-1]
            self._marks = MAX_MARKS if self._last in _SPACES else 0
            self._joined = 0
        return text

    def _keeps(self, character: str) -> bool:
        if character in _SPACES:
            self._marks = MAX_MARKS
        elif cell_len(character):
            self._marks = 0
            self._joined = self._joined + 1 if self._last == JOINER else 0
        elif self._marks >= MAX_MARKS or (character == JOINER and not self._may_join()):
            return False
        else:
            self._marks += 1
        self._last = character
        return True

    def _may_join(self) -> bool:
        return self._last != JOINER and self._joined < MAX_JOINED


def one_line(text: str, limit: int = 300) -> str:
    """Untrusted text on one harmless line: for titles, names, notices and errors."""
    return MarkLimit()(clean_line(text, limit))
