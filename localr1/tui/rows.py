"""What a line-drawn widget shows: rows of spans, each in a look."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

from localr1.tui.wrap import break_rows

Look = tuple[str, ...]
"""Component classes of the widget that draws the span; the later ones win."""


class Span(NamedTuple):
    """A piece of a row in one look."""

    text: str
    look: Look = ()


class Row(NamedTuple):
    """One line on the screen."""

    spans: Sequence[Span]
    ending: str = "\n"
    """What stands between this row and the next one when they are copied."""
    margin: Sequence[Span] = ()
    """Shown before the spans, never copied."""
    fill: Look = ()
    """The look of the rest of the line."""

    @property
    def text(self) -> str:
        """The words of the row."""
        return "".join(span.text for span in self.spans)


def wrap_spans(spans: Sequence[Span], width: int) -> list[Row]:
    """The rows of styled words; a line feed in them starts a new row."""
    rows: list[Row] = []
    for line in _lines(spans):
        text = "".join(span.text for span in line)
        found = break_rows(text, width)
        starts = [start for start, _ in found[1:]]
        for (start, end), following in itertools.zip_longest(found, starts):
            ending = "\n" if following is None else text[end:following]
            rows.append(Row(_slice(line, start, end), ending))
    return rows


def _lines(spans: Sequence[Span]) -> list[list[Span]]:
    lines: list[list[Span]] = [[]]
    for text, look in spans:
        first, *others = text.split("\n")
        lines[-1].append(Span(first, look))
        lines.extend([Span(other, look)] for other in others)
    return lines


def _slice(spans: Sequence[Span], start: int, end: int) -> list[Span]:
    sliced = []
    for text, look in spans:
        piece = text[max(0, start) : max(0, end)]
        if piece:
            sliced.append(Span(piece, look))
        start -= len(text)
        end -= len(text)
    return sliced
