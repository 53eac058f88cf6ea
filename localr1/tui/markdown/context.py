"""Where a cut fell: the lines that put what follows into the same list item, fence or table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from localr1.tui.markdown import parser
from localr1.tui.markdown.formulas import BLOCK

if TYPE_CHECKING:
    from markdown_it.token import Token

PLACEHOLDER = "\x01"
"""Stands for the words of a list item that are shown already; cleaned text never has it."""

# What stands before the words on a line: quote signs, indentation, list markers.
_containers = re.compile(r"[ >]*(?:(?:[-+*]|\d{1,9}[.)])(?:[ \t]+|$))*")


def fence_is_closed(token: Token) -> bool:
    """Does this fence have its last line?"""
    if token.type != "fence" or token.map is None:
        return False
    if token.content and not token.content.endswith("\n"):
        return False  # its last line is still growing
    first, after_last = token.map
    return token.content.count("\n") == after_last - first - 2


def context_after(source: str) -> str:
    """Lines after which the text that follows `source` is read as if it still stood there."""
    lines = source.rstrip("\n").split("\n")
    kept: dict[int, str] = {}
    indent = ""
    for token in parser.parse(source):
        if token.map is None or token.map[1] < len(lines):
            continue
        first = token.map[0]
        if token.type == "list_item_open":
            kept[first] = _opening(lines[first]) + PLACEHOLDER
        elif token.type == "fence" and not fence_is_closed(token):
            kept[first] = lines[first]
        elif token.type == "table_open":
            kept.update({first: lines[first], first + 1: lines[first + 1]})
        if token.type in ("list_item_open", "blockquote_open"):
            indent = re.sub(r"[^>]", " ", _opening(lines[first]))
    cut_inside_a_line = not source.endswith("\n")
    return "".join(f"{line}\n" for line in kept.values()) + indent * cut_inside_a_line


def before_open_formula(context: str, source: str) -> int:
    """How many characters stand before a formula that begins in `source` and does not end there.

    A cut within it would tear it apart. 0 where there is none, or nothing before it.
    """
    text = context + source
    for token in reversed(parser.parse(text)):
        if token.type == BLOCK and token.hidden and token.map is not None:
            lines = text.split("\n")[: token.map[0]]
            return max(0, sum(len(line) + 1 for line in lines) - len(context))
    return 0


def _opening(line: str) -> str:
    found = _containers.match(line)
    return f"{found[0].rstrip()} " if found and found[0].strip() else ""
