"""The code in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from localr1.terminal_text import clean_line
from localr1.tui.markdown import parser
from localr1.tui.markdown.context import fence_is_closed
from localr1.tui.markdown.pressable import CodeBlock


def code_blocks(source: str, *, with_open: bool) -> Sequence[CodeBlock]:
    """The code blocks in their order, without the line feed at their end.

    Args:
        source: Markdown.
        with_open: the text is over, so a fence without its last line is a block, too.
    """
    found = []
    for token in parser.parse(source):
        is_fence = token.type == "fence" and (with_open or fence_is_closed(token))
        if is_fence or token.type == "code_block":
            language = clean_line(token.info).split(" ")[0]
            found.append(CodeBlock(language, token.content.removesuffix("\n")))
    return found
