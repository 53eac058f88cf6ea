"""Tables that fit the width: columns are narrowed and their cells wrapped, or rows are listed."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from rich.cells import cell_len

from localr1.tui.glyphs import COLUMN_LINE, CROSSING, ROW_LINE
from localr1.tui.markdown.inline import QUIET, STRONG
from localr1.tui.rows import Row, Span, wrap_spans

Cell = Sequence[Span]

NARROWEST = 6
"""Cells that a column needs at least to be read as one."""

_SEPARATOR = Span(f" {COLUMN_LINE} ", (QUIET,))
_CROSSING = f"{ROW_LINE}{CROSSING}{ROW_LINE}"


def table_rows(header: Sequence[Cell], body: Sequence[Sequence[Cell]], width: int) -> list[Row]:
    """The rows of a table; an empty header is left out."""
    table = [header, *body] if header else body
    if not table:
        return []
    widths = _widths(table, width - len(_SEPARATOR.text) * (len(table[0]) - 1))
    if not widths:
        return _listed(header, body, width)
    rows = []
    if header:
        rows += _lines([_bold(cell) for cell in header], widths)
        rule = _CROSSING.join(ROW_LINE * width for width in widths)
        rows.append(Row([Span(rule, (QUIET,))]))
    return rows + [row for cells in body for row in _lines(cells, widths)]


def _widths(table: Sequence[Sequence[Cell]], room: int) -> list[int]:
    """A width for each column; none where they cannot stand side by side."""
    widths = [max(1, *map(_cell_width, column)) for column in zip(*table, strict=True)]
    while sum(widths) > room:
        widest = max(widths)
        if widest <= NARROWEST:
            return []
        second = max((w for w in widths if w < widest), default=NARROWEST)
        count = widths.count(widest)
        excess = -(-(sum(widths) - room) // count)
        narrowed = max(NARROWEST, second, widest - excess)
        widths = [narrowed if w == widest else w for w in widths]
    return widths


def _cell_width(cell: Cell) -> int:
    return cell_len("".join(span.text for span in cell))


def _bold(cell: Cell) -> list[Span]:
    return [Span(text, (*look, STRONG)) for text, look in cell]


def _lines(cells: Sequence[Cell], widths: Sequence[int]) -> list[Row]:
    columns = [wrap_spans(cell, width) for cell, width in zip(cells, widths, strict=True)]
    return [
        Row(_side_by_side(parts, widths))
        for parts in itertools.zip_longest(*columns, fillvalue=Row(()))
    ]


def _side_by_side(parts: Sequence[Row], widths: Sequence[int]) -> list[Span]:
    spans: list[Span] = []
    for column, (part, width) in enumerate(zip(parts, widths, strict=True)):
        if column:
            spans.append(_SEPARATOR)
        spans.extend(part.spans)
        if column < len(widths) - 1:
            spans.append(Span(" " * (width - cell_len(part.text))))
    return spans


def _listed(header: Sequence[Cell], body: Sequence[Sequence[Cell]], width: int) -> list[Row]:
    """Each row as lines of "heading: cell", for tables with more columns than fit."""
    rows: list[Row] = []
    for number, cells in enumerate(body):
        if number:
            rows.append(Row(()))
        for i, cell in enumerate(cells):
            heading = [*_bold(header[i]), Span(": ")] if i < len(header) else []
            rows += wrap_spans([*heading, *cell], width)
    return rows
