"""Blocks of Markdown as rows."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len

from localr1.tui import glyphs
from localr1.tui.markdown import parser
from localr1.tui.markdown.blocks import Block
from localr1.tui.markdown.context import fence_is_closed
from localr1.tui.markdown.formulas import BLOCK
from localr1.tui.markdown.highlight import highlight
from localr1.tui.markdown.inline import QUIET, plain, shown_children, spans_of, spans_of_one
from localr1.tui.markdown.maths_rows import (
    MATHS,
    SOURCE,
    formula_rows,
    is_displayed,
    show_source,
)
from localr1.tui.markdown.pressable import CodeBlock, Pressable
from localr1.tui.markdown.table import table_rows
from localr1.tui.rows import Row, Span, wrap_spans
from localr1.tui.wrap import TAB

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

HEADING, SUBHEADING = "answer--heading", "answer--subheading"
BULLET, QUOTE, PANEL = "answer--bullet", "answer--quote", "answer--panel"

LOOKS = {
    *("answer--strong", "answer--emphasis", "answer--struck", "answer--code", "answer--link"),
    *(QUIET, HEADING, SUBHEADING, BULLET, QUOTE, PANEL, MATHS, SOURCE),
    *("code--keyword", "code--name", "code--string", "code--number", "code--comment"),
}
"""The component classes that a widget needs to draw these rows."""

_GOES_ON = "↳"
"""Before the rest of a code line that was cut."""

NARROWEST = 8
"""Cells that indentation leaves to the words at least."""


def render(block: Block, width: int, *, maths_source: bool = False) -> list[Row]:
    """The rows of a block at this width, without the blank row before it.

    Args:
        block: what is shown.
        width: in cells.
        maths_source: show formulas as they were written.
    """
    from markdown_it.tree import SyntaxTreeNode

    tree = SyntaxTreeNode(parser.parse(block.context + block.source))
    if maths_source:
        for node in tree.walk(include_self=False):
            show_source(node)
    return _Page(block.context.count("\n")).rows(tree.children, max(NARROWEST, width))


class _Page:
    """Renders nodes; those that start in the first lines only give the context of a piece."""

    def __init__(self, context_lines: int) -> None:
        self._context_lines = context_lines
        self._renderers: dict[str, Callable[[SyntaxTreeNode, int], list[Row]]] = {
            "heading": self._heading,
            "bullet_list": self._list,
            "ordered_list": self._list,
            "blockquote": self._quote,
            "fence": self._fence,
            "code_block": self._code,
            "table": self._table,
            "hr": self._rule,
            BLOCK: formula_rows,
        }

    def rows(self, nodes: Sequence[SyntaxTreeNode], width: int) -> list[Row]:
        """Blocks below each other, with a blank row between them unless they belong together."""
        rows: list[Row] = []
        for node in nodes:
            found = self._renderers.get(node.type, self._paragraph)(node, width)
            if rows and found and not _joins(node):
                rows.append(Row(()))
            rows += found
        return rows

    def _is_context(self, node: SyntaxTreeNode) -> bool:
        return node.map is not None and node.map[0] < self._context_lines

    def _paragraph(self, node: SyntaxTreeNode, width: int) -> list[Row]:
        content = shown_children(node.children[0] if node.children else node)
        if not any(map(is_displayed, content)):
            spans = spans_of(node)
            return wrap_spans(spans, width) if spans else []
        rows: list[Row] = []
        for is_formula, group in itertools.groupby(content, is_displayed):
            if is_formula:
                rows += [row for child in group for row in formula_rows(child, width)]
            else:
                spans = _trimmed([span for child in group for span in spans_of_one(child)])
                rows += wrap_spans(spans, width) if spans else []
        return rows

    def _heading(self, node: SyntaxTreeNode, width: int) -> list[Row]:
        look = HEADING if node.tag in ("h1", "h2") else SUBHEADING
        return wrap_spans(spans_of(node, (look,)), width)

    def _list(self, node: SyntaxTreeNode, width: int) -> list[Row]:
        rows: list[Row] = []
        for item in node.children:
            previous = item.previous_sibling
            if previous is not None and rows and _is_loose(previous):
                rows.append(Row(()))
            rows += self._item(item, width)
        return rows

    def _item(self, item: SyntaxTreeNode, width: int) -> list[Row]:
        marker = f"{item.info}{item.markup} " if item.info else f"{glyphs.BULLET} "
        rows = self.rows(item.children, max(NARROWEST, width - len(marker))) or [Row(())]
        margin = Span(" " * len(marker))
        first, *others = rows
        if self._is_context(item):
            return [] if rows == [Row(())] else _indented(rows, margin)
        bullet = Span(marker, (BULLET,))
        if first.margin:
            first = first._replace(margin=[bullet, *first.margin])
        else:
            first = first._replace(spans=[bullet, *first.spans])
        return [first, *_indented(others, margin)]

    def _quote(self, node: SyntaxTreeNode, width: int) -> list[Row]:
        rows = self.rows(node.children, max(NARROWEST, width - 2))
        return _indented(rows or [Row(())], Span(f"{glyphs.QUOTE} ", (QUOTE,)))

    def _fence(self, node: SyntaxTreeNode, width: int) -> list[Row]:
        language = plain(node.info).split(" ")[0]
        closed = node.token is not None and fence_is_closed(node.token)
        spans = highlight(node.content, language) if closed else (Span(node.content),)
        rows = _panel(spans, width)
        if language and not self._is_context(node):
            look = Pressable((PANEL, QUIET), CodeBlock(language, node.content.removesuffix("\n")))
            rows.insert(0, Row((), "", [Span(f" {language[: width - 2]}", look)], (PANEL,)))
        return rows

    def _code(self, node: SyntaxTreeNode, width: int) -> list[Row]:
        return _panel([Span(node.content)], width)

    def _table(self, node: SyntaxTreeNode, width: int) -> list[Row]:
        header, *body = [
            [spans_of(cell) for cell in row.children]
            for part in node.children
            for row in part.children
        ]
        return table_rows([] if self._is_context(node) else header, body, width)

    def _rule(self, _: SyntaxTreeNode, width: int) -> list[Row]:
        return [Row((), margin=[Span(glyphs.ROW_LINE * width, (QUIET,))])]


def _trimmed(spans: list[Span]) -> list[Span]:
    """Words beside a displayed formula, without the line breaks and spaces around it."""
    while spans and not spans[0].text.strip():
        spans.pop(0)
    while spans and not spans[-1].text.strip():
        spans.pop()
    if spans:
        spans[0] = spans[0]._replace(text=spans[0].text.lstrip())
    return spans


def _joins(node: SyntaxTreeNode) -> bool:
    """A list directly below its sentence, in a tight item, stays with it."""
    before = node.previous_sibling
    return before is not None and before.type == "paragraph" and before.hidden


def _is_loose(item: SyntaxTreeNode) -> bool:
    return any(child.type == "paragraph" and not child.hidden for child in item.children)


def _indented(rows: Sequence[Row], margin: Span) -> list[Row]:
    return [row._replace(margin=[margin, *row.margin]) for row in rows]


def _panel(spans: Sequence[Span], width: int) -> list[Row]:
    """Code on a background of its own, long lines cut so that nothing is hidden."""
    room = max(1, width - 2)
    rows: list[Row] = []
    for line in _code_lines(spans):
        for number, piece in enumerate(_cut_line(line, room)):
            margin = Span(_GOES_ON, (PANEL, QUIET)) if number else Span(" ", (PANEL,))
            if number:
                rows[-1] = rows[-1]._replace(ending="")
            rows.append(Row(piece, margin=[margin], fill=(PANEL,)))
    return rows


def _code_lines(spans: Sequence[Span]) -> list[list[Span]]:
    lines: list[list[Span]] = [[]]
    for text, look in spans:
        for number, piece in enumerate(text.split("\n")):
            if number:
                lines.append([])
            if piece:
                lines[-1].append(Span(plain(piece.replace("\t", TAB)), (PANEL, *look)))
    return lines[:-1] if len(lines) > 1 and not lines[-1] else lines


def _cut_line(line: Sequence[Span], room: int) -> list[list[Span]]:
    pieces: list[list[Span]] = [[]]
    left = room
    for text, look in line:
        rest = text
        while cell_len(rest) > left:
            count = _place_to_cut(rest, _fitting(rest, left), left, room)
            pieces[-1].append(Span(rest[:count], look))
            pieces.append([])
            rest, left = rest[count:], room
        pieces[-1].append(Span(rest, look))
        left -= cell_len(rest)
    return pieces


def _place_to_cut(text: str, fitting: int, left: int, room: int) -> int:
    """After how many characters: at a space, or before a short word, where that costs little."""
    space = text.rfind(" ", 0, fitting)
    if space >= fitting - room // 3 and space >= 0:
        return space + 1
    if left < room and cell_len(text.partition(" ")[0]) <= room // 3:
        return 0
    return fitting or int(left == room)


def _fitting(text: str, cells: int) -> int:
    """How many characters fit into these cells."""
    if text.isascii():
        return cells
    return next(n for n in range(len(text), -1, -1) if cell_len(text[:n]) <= cells)
