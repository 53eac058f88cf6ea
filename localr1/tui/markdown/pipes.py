"""Bars within the formulas of a table: they divide no cells.

A table is cut at its bars before anything within its cells is read. So the bars of formulas are
hidden from it, one character for one, and come back when the cells have been read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token

HIDDEN_BAR = "\x02"
"""Cleaned text never has it."""

_ROW = re.compile(r"^[ >]*\|.*[$\\].*", re.MULTILINE)
_FORMULA = re.compile(r"\$(?!\s)[^$\n`]+(?<!\s)\$(?!\d)|\\\([^\n`]{1,300}?\\\)")


def add_rules(parser: MarkdownIt) -> None:
    """Teach this parser to leave the bars of formulas alone."""
    parser.core.ruler.after("normalize", "hide_bars", _hide)
    parser.core.ruler.push("show_bars", _show)


def _hide(state: StateCore) -> None:
    if "|" in state.src and ("$" in state.src or "\\(" in state.src):
        state.src = _ROW.sub(_hidden_in_row, state.src)


def _hidden_in_row(row: re.Match[str]) -> str:
    return _FORMULA.sub(lambda formula: formula[0].replace("|", HIDDEN_BAR), row[0])


def _show(state: StateCore) -> None:
    if HIDDEN_BAR in state.src:
        for token in state.tokens:
            _restore(token)


def _restore(token: Token) -> None:
    token.content = token.content.replace(HIDDEN_BAR, "|")
    token.info = token.info.replace(HIDDEN_BAR, "|")
    for child in token.children or ():
        _restore(child)
