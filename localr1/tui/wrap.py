"""Greedy word wrap in terminal cells, for text that may still be growing."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple

from rich.cells import cell_len

from localr1.tui.marks import JOINER, MarkLimit

TAB = " " * 4
"""A tab is this wide everywhere: true tab stops would move while a line still grows."""

# Every character in these ranges takes one cell (tested against `cell_len`), so that an index
# is a column and nothing needs to be measured.
_narrow = re.compile(
    r"[\x20-\x7e\xa0-\xac\xae-\u02ff\u0370-\u0482\u2010-\u2027\u2030-\u205e"
    r"\u2190-\u2199\u2200-\u22ff\u2500-\u257f]*"
).fullmatch
_not_space = re.compile(r"[^ ]").search

# Marks that close a phrase: a row never starts with them.
_CLOSING = frozenset("、。，．！？：；）》」』】〉〕”’…")


class Line(NamedTuple):
    """A row on the screen, and what stood between it and the next row in the text."""

    text: str
    ending: str
    """A line feed, the spaces at which it was broken, or "" where a long word was cut."""


def break_rows(text: str, width: int) -> list[tuple[int, int]]:
    """Start and end of each row of a paragraph without line feeds and tabs; at least one row.

    Spaces at which a row was broken belong to no row. Those at the end of the text stay with
    the last row, however many they are: what follows them is not known yet.
    """
    width = max(1, width)
    return _break_narrow(text, width) if _narrow(text) else _break_measured(text, width)


def _break_narrow(text: str, width: int) -> list[tuple[int, int]]:
    rows = []
    start = 0
    while len(text) - start > width:
        space = text.rfind(" ", start, start + width + 1)
        cut = space if text[start : max(start, space)].strip(" ") else start + width
        following = _not_space(text, cut)
        if following is None:
            break
        rows.append(_row(text, start, cut))
        start = following.start()
    rows.append((start, len(text)))
    return rows


def _break_measured(text: str, width: int) -> list[tuple[int, int]]:
    rows = []
    start = cells = 0
    opening = opening_cells = 0  # the latest place in this row where it may be broken
    seen_word = after_wide = False
    for index, size in _clusters(text):
        if text[index] == " ":
            cells += 1
            continue
        wide = cell_len(text[index]) > 1
        between_wide = (wide or after_wide) and text[index] not in _CLOSING
        if seen_word and (text[index - 1] == " " or between_wide):
            opening, opening_cells = index, cells
        if cells + size > width and opening > start:
            rows.append(_row(text, start, opening))
            start, cells = opening, cells - opening_cells
        if cells + size > width and cells:
            rows.append(_row(text, start, index))
            start, cells = index, 0
        cells += size
        seen_word, after_wide = True, wide
    rows.append((start, len(text)))
    return rows


def _row(text: str, start: int, stop: int) -> tuple[int, int]:
    return start, start + len(text[start:stop].rstrip(" "))


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """Index and width in cells of each character together with the marks that follow it."""
    start = 0
    for index, character in enumerate(text):
        if index == start:
            continue
        if not cell_len(character) or text[index - 1] == JOINER:
            continue
        yield start, cell_len(text[start:index])
        start = index
    if text:
        yield start, cell_len(text[start:])


class WrappedText:
    """Append-only text and its rows; an append looks at the last row only.

    With a width of 0 the text is only kept: it is wrapped when the width is known.
    """

    def __init__(self, width: int = 0) -> None:
        self.width = width
        self.lines = [Line("", "")]
        self._pieces: list[str] = []
        self._limit_marks = MarkLimit()

    @property
    def text(self) -> str:
        """All that was appended."""
        self._pieces = ["".join(self._pieces)]
        return self._pieces[0]

    def append(self, text: str) -> int:
        """Add text at the end; the index of the first row that changed."""
        changed = len(self.lines) - 1
        text = self._limit_marks(text)
        self._pieces.append(text)
        if self.width:
            self._wrap(text)
        return changed

    def rewrap(self, width: int) -> None:
        """Break all of the text for another width."""
        self.width = width
        self.lines = [Line("", "")]
        self._wrap(self.text)

    def _wrap(self, text: str) -> None:
        for number, piece in enumerate(text.replace("\t", TAB).split("\n")):
            if number:
                self.lines[-1] = Line(self.lines[-1].text, "\n")
                self.lines.append(Line("", ""))
            if piece:
                self._extend_last(piece)

    def _extend_last(self, piece: str) -> None:
        text = self.lines.pop().text + piece
        rows = break_rows(text, self.width)
        for (start, end), (following, _) in itertools.pairwise(rows):
            self.lines.append(Line(text[start:end], text[end:following]))
        self.lines.append(Line(self._without_overhang(text[rows[-1][0] :]), ""))

    def _without_overhang(self, text: str) -> str:
        """Of spaces past the edge one is enough to break there; endless ones would cost time."""
        if len(text) <= self.width or not text.endswith(" "):
            return text
        words = text.rstrip(" ")
        return words + " " * min(len(text) - len(words), max(1, self.width + 1 - cell_len(words)))
