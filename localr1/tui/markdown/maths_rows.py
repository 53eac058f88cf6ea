"""Formulas as spans within words, and as rows of their own."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from rich.cells import cell_len

from localr1.chat import maths
from localr1.terminal_text import clean
from localr1.tui.markdown.formulas import BLOCK, INLINE
from localr1.tui.marks import MarkLimit
from localr1.tui.rows import Look, Row, Span, wrap_spans
from localr1.tui.wrap import TAB

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

MATHS, SOURCE = "answer--maths", "answer--source"
"""The looks of a formula, and of one that is shown as it was written."""

_INDENT = 2
_SOURCE_META = "as_source"
_turned = functools.lru_cache(maxsize=2048)(maths.inline)


def show_source(node: SyntaxTreeNode) -> None:
    """Let this node, if it is a formula, be shown as it was written."""
    node.meta[_SOURCE_META] = True


def is_displayed(node: SyntaxTreeNode) -> bool:
    """Does this formula within a paragraph stand on lines of its own?"""
    if node.type != INLINE:
        return False
    return node.markup not in ("$", "\\(", "\\boxed") or _is_alone_in_box(node)


def _is_alone_in_box(node: SyntaxTreeNode) -> bool:
    return not node.siblings[1:] and node.content.strip().startswith("\\boxed")


def formula_span(node: SyntaxTreeNode, look: Look) -> Span:
    """A formula among words, on one line."""
    turned = None if node.meta.get(_SOURCE_META) else _turned(node.content)
    if turned is None:
        return Span(_harmless(" ".join(node.info.split())), (*look, SOURCE))
    return Span(_harmless(turned), (*look, MATHS))


def formula_rows(node: SyntaxTreeNode, width: int) -> list[Row]:
    """A formula on rows of its own, a little indented where there is room."""
    is_source = node.meta.get(_SOURCE_META) or (node.type == BLOCK and node.hidden)
    lines = None if is_source else _laid_out(node.content, width)
    if lines is None:
        return wrap_spans([Span(_harmless(node.info.rstrip()), (SOURCE,))], width)
    widest = max(map(cell_len, lines))
    if widest > width:
        return wrap_spans([Span("\n".join(lines), (MATHS,))], width)
    margin = [Span(" " * _INDENT)] if widest + _INDENT <= width else []
    return [Row([Span(line, (MATHS,))], margin=margin) for line in lines]


@functools.lru_cache(maxsize=256)
def _laid_out(content: str, width: int) -> tuple[str, ...] | None:
    lines = maths.display(content, width, cell_len)
    return None if lines is None else tuple(_harmless(line) for line in lines)


def _harmless(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return MarkLimit()(clean(text).replace("\t", TAB))
