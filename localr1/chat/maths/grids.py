"""Matrices, cases and aligned equations as rows and columns."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from localr1.chat.maths.box import Box, above, beside, blank, fenced, widened
from localr1.chat.maths.linear import MATRIX_BRACKETS, STACKED_ROWS
from localr1.chat.maths.nodes import RULE, Atom, Grid, Row

_BARE = ("matrix", "smallmatrix", "array", "tabular")
_CENTRED = ("gather", "gathered", "multline", "substack", "equation")


class GridLayout:
    """Lays out grids, given how to lay out a row of symbols and a text."""

    def __init__(self, row: Callable[[Row], Box], text: Callable[[str], Box]) -> None:
        self._row = row
        self._text = text

    def box(self, node: Grid) -> Box:
        """The grid with the brackets that belong to it."""
        rows = [[self._row(cell) for cell in _spread(node.name, cells)] for cells in node.rows]
        count = max(map(len, rows))
        rows = [row + [blank(0)] * (count - len(row)) for row in rows]
        aligns = _aligns(node, count)
        widths = [max(row[column].width for row in rows) for column in range(count)]
        joins = self._joins(node, count)
        lines: list[Box] = []
        for cells, row in zip(node.rows, rows, strict=True):
            if RULE in cells[0].items:
                lines.append(self._text("─" * (sum(widths) + sum(join.width for join in joins))))
            if any(box.width for box in row):
                columns = zip(row, widths, aligns, strict=True)
                fitted = [widened(cell, width, align) for cell, width, align in columns]
                lines.append(
                    beside([*itertools.chain.from_iterable(zip(fitted, joins, strict=True))])
                )
        return _bracketed(
            node.name, _stacked(lines or [blank(0)], has_air=node.name not in MATRIX_BRACKETS)
        )

    def _joins(self, node: Grid, count: int) -> list[Box]:
        """What stands behind each column."""
        if node.name in MATRIX_BRACKETS:
            bars = _bars(node.columns)
            between = [self._text(" │ " if column + 1 in bars else "  ") for column in range(count)]
        elif node.name in STACKED_ROWS:
            between = [blank(3)] * count
        else:
            between = [blank(4 * (column % 2)) for column in range(count)]
        return [*between[: count - 1], blank(0)]


def _spread(name: str, cells: Sequence[Row]) -> Sequence[Row]:
    """In an alignment the relation that begins a cell has its space before it."""
    if name in MATRIX_BRACKETS or name in STACKED_ROWS:
        return cells
    return [_set_off(cell) if column % 2 else cell for column, cell in enumerate(cells)]


def _set_off(cell: Row) -> Row:
    first = cell.items[0] if cell.items else None
    if isinstance(first, Atom) and first.kind in ("rel", "bin"):
        return Row((Atom(" ", "space"), Atom(first.text, "rel"), *cell.items[1:]))
    return cell


def _aligns(node: Grid, count: int) -> list[str]:
    if node.name in _BARE and node.columns:
        letters = [letter for letter in node.columns if letter in "lcr"]
        return [*letters[:count], *"c" * (count - len(letters))]
    if node.name in MATRIX_BRACKETS or node.name in _CENTRED:
        return ["c"] * count
    if node.name in STACKED_ROWS or count == 1:
        return ["l"] * count
    return ["rl"[column % 2] for column in range(count)]


def _bars(columns: str) -> set[int]:
    """Behind how many columns an array has a line."""
    return {
        sum(letter in "lcr" for letter in columns[:place])
        for place, letter in enumerate(columns)
        if letter == "|"
    }


def _stacked(lines: Sequence[Box], *, has_air: bool) -> Box:
    """Lines below each other, with a blank one where two that touch are tall."""
    rows: list[Box] = []
    for line in lines:
        if rows and has_air and (line.height > 1 or rows[-1].height > 1):
            rows.append(blank(line.width))
        rows.append(line)
    box = above(rows, 0, "l")
    return box._replace(base=(box.height - 1) // 2)


def _bracketed(name: str, body: Box) -> Box:
    if name == "rcases":
        return fenced("", beside([body, blank(1, body.height, body.base)]), "}")
    if name in STACKED_ROWS:
        return fenced("{", beside([blank(1, body.height, body.base), body]), "")
    if name in MATRIX_BRACKETS and name not in _BARE:
        left, right = tuple(MATRIX_BRACKETS[name])
        return fenced(left, body, right)
    return body
