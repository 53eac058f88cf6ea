"""The Markdown that answers are read as: CommonMark with tables, strikethrough and formulas.

Left out on purpose: HTML (`List<int>` and `<think>` are text that must stay visible), link
reference definitions (they would make their addresses vanish) and underlined headings (a line
that turns into a list item would flash as one).
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

MAX_NESTING = 12
"""Quotes and lists nested deeper than this are shown as text."""


@functools.cache
def _parser() -> MarkdownIt:
    # Imported when the first answer starts: 20 ms that the first paint does not need.
    from markdown_it import MarkdownIt

    from localr1.tui.markdown import formulas, pipes

    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": MAX_NESTING})
    formulas.add_rules(parser)
    pipes.add_rules(parser)
    return parser.enable(["table", "strikethrough"]).disable(["reference", "lheading"])


def parse(source: str) -> list[Token]:
    """The tokens of this source; `map` holds first line and line after the last."""
    return _parser().parse(source)
