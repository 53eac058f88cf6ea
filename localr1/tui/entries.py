"""Lines of a sheet: a label and what is said of it, under headings; found by words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from rich.cells import cell_len

from localr1.tui.rows import Look, Row, Span, wrap_spans

Kind = Literal["heading", "entry", "quiet", "problem", "command", "gap"]

_ROOM_FOR_WORDS = 18
"""Cells beside a label; where there are fewer, the words go below it."""


class Entry(NamedTuple):
    """A line as it is meant; how many rows it takes depends on the width."""

    text: str
    label: str = ""
    kind: Kind = "entry"

    def holds(self, words: Sequence[str]) -> bool:
        """Whether all of these words, in lower case, stand in it."""
        told = f"{self.label} {self.text}".casefold()
        return all(word in told for word in words)


GAP = Entry("", kind="gap")


def matching(entries: Iterable[Entry], search: str) -> list[Entry]:
    """The entries that hold all words of the search, each with the heading that it stands under."""
    words = search.casefold().split()
    if not words:
        return list(entries)
    found: list[Entry] = []
    heading: Entry | None = None
    in_heading = False
    for entry in entries:
        if entry.kind == "heading":
            heading, in_heading = entry, entry.holds(words)
        elif entry.kind != "gap" and (in_heading or entry.holds(words)):
            if heading is not None:
                found += [GAP, heading] if found else [heading]
                heading = None
            found.append(entry)
    return found


def entry_rows(entries: Iterable[Entry], width: int, label_cells: int) -> Iterator[Row]:
    """The rows of entries.

    Args:
        entries: in their order.
        width: cells of a row.
        label_cells: cells of the column of labels, the space after it included.
    """
    for entry in entries:
        if not entry.label:
            yield from wrap_spans([_words(entry)], width)
        elif width - label_cells < _ROOM_FOR_WORDS or cell_len(entry.label) >= label_cells:
            yield from wrap_spans([_label(entry.label)], width)
            yield from _indented(wrap_spans([_words(entry)], max(1, width - 2)), 2)
        else:
            yield from _beside(entry, width, label_cells)


def _beside(entry: Entry, width: int, label_cells: int) -> Iterator[Row]:
    rows = wrap_spans([_words(entry)], width - label_cells)
    space = " " * max(1, label_cells - cell_len(entry.label))
    first = rows[0]
    yield first._replace(spans=(_label(entry.label), Span(space), *first.spans))
    yield from _indented(rows[1:], label_cells)


def _indented(rows: Iterable[Row], cells: int) -> Iterator[Row]:
    for row in rows:
        yield row._replace(margin=(Span(" " * cells),))


def _label(text: str) -> Span:
    return Span(text, ("sheet--label",))


def _words(entry: Entry) -> Span:
    looks: dict[Kind, Look] = {
        "heading": ("sheet--heading",),
        "quiet": ("sheet--quiet",),
        "problem": ("sheet--problem",),
        "command": ("sheet--command",),
    }
    return Span(entry.text, looks.get(entry.kind, ()))
