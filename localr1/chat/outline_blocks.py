"""Where in a growing text a new thought may begin: not within code, tables and mathematics."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Place = Literal["paragraph", "line", "sentence", "item", "inside"]
"""What a piece of text begins: "item" is anything in a list, "inside" nothing at all."""

PIECE_CHARACTERS = 400
"""A sentence that does not end is cut here, so that a text without any end costs no more."""

_END = re.compile(r"\n|[.!?…]+[\"'”’)\]*_]*(?=\s)|[。！？]+[”’」』）]*")
_FENCE = re.compile(r"\s{0,8}(```|~~~)")
_ITEM = re.compile(r"\s*(?:[-*+•]\s|\d{1,3}[.)、）](?:\s|$|[^\d.]))")
_FORMULA = re.compile(r"\s*(?:\\\[|\$\$|\\begin\{)")


class Piece(NamedTuple):
    """A sentence, or what there is of it up to the end of its line."""

    end: int
    is_whole: bool
    """False where an endless one was cut."""


def piece(text: str, start: int) -> Piece | None:
    """The piece that begins here; None while more text may make it longer."""
    stop = start + PIECE_CHARACTERS
    found = _END.search(text, start, stop + 1)
    if found is not None and found.end() <= stop:
        if found.end() < len(text) or found.group() == "\n":
            return Piece(found.end(), is_whole=True)
        return None
    return Piece(stop, is_whole=False) if len(text) > stop else None


class Blocks:
    """Follows the pieces of a text, one after the other."""

    def __init__(self) -> None:
        self._fence = ""
        self._block = "text"
        self._after_blank = False
        self._at_line_start = True
        self._introduces = False
        """The last words end with a colon: a list that follows belongs to them."""
        self._is_whole = True

    def place(self, text: str, *, is_whole: bool) -> Place:
        """What this piece, the next one, begins."""
        if self._at_line_start:
            found = self._line(text)
        elif self._fence or not text.strip() or not self._is_whole:
            found = "inside"
        else:
            found = "item" if self._block == "list" else "sentence"
        self._at_line_start = text.endswith("\n")
        self._is_whole = is_whole
        bare = text.rstrip(" \t\n*")
        if bare:
            self._introduces = bare.endswith((":", "："))
        return found

    def _line(self, line: str) -> Place:
        if self._fence:
            if line.lstrip().startswith(self._fence):
                self._fence = ""
            return "inside"
        if not line.strip():
            self._after_blank = True
            return "inside"
        after_blank, self._after_blank = self._after_blank, False
        earlier, self._block = self._block, self._kind(line)
        if self._block == "list":
            return "item" if earlier == "list" or not self._begins(after_blank) else "paragraph"
        if self._block == "text":
            return "paragraph" if after_blank or earlier == "list" else "line"
        return "inside"

    def _begins(self, after_blank: bool) -> bool:
        return after_blank and not self._introduces

    def _kind(self, line: str) -> str:
        fence = _FENCE.match(line)
        if fence:
            self._fence = fence.group(1)
            return "code"
        if _ITEM.match(line) or (self._block == "list" and line.startswith(("  ", "\t"))):
            return "list"
        if line.lstrip().startswith("|"):
            return "table"
        return "formula" if _FORMULA.match(line) else "text"
