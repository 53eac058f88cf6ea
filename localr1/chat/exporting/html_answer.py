"""The Markdown of an answer as HTML that loads nothing and runs nothing."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

_MAX_NESTING = 12
"""As in the chat: quotes and lists nested deeper are shown as text."""
_OPTIONS = {"html": False, "xhtmlOut": False, "maxNesting": _MAX_NESTING}
_ADDRESSES = ("http://", "https://", "mailto:")
_MATHS = (("\\(", "\\)"), ("\\[", "\\]"), ("$$", "$$"))
_FORMULA_CHARACTERS_AT_MOST = 5_000
_FORMULA_LINES_AT_MOST = 100
"""Looking farther for each of many openers that nothing closes would take minutes."""


@functools.cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", _OPTIONS)
    # An image would be loaded, and a reference definition would make its address vanish.
    parser.enable(["table", "strikethrough"]).disable(["image", "reference", "lheading"])
    parser.inline.ruler.before("escape", "maths", _maths)
    parser.block.ruler.before(
        "fence", "maths_block", _maths_block, {"alt": ["paragraph", "blockquote", "list"]}
    )
    parser.validateLink = _is_harmless  # type: ignore[assignment,method-assign]
    parser.add_render_rule("link_open", _link_open)
    return parser


def answer_html(source: str) -> str:
    """Block elements; tags in the source are shown as text."""
    html: str = _parser().render(f"{source}\n")
    return html.rstrip("\n")


def _is_harmless(address: str) -> bool:
    return address.strip().lower().startswith(_ADDRESSES)


def _maths(state: StateInline, silent: bool) -> bool:
    r"""Formulas stay as they were written: Markdown would eat the backslashes of \( and \\."""
    for opener, closer in _MATHS:
        if state.src.startswith(opener, state.pos):
            farthest = min(state.posMax, state.pos + _FORMULA_CHARACTERS_AT_MOST)
            end = state.src.find(closer, state.pos + len(opener), farthest)
            if end <= state.pos + len(opener):
                return False
            if not silent:
                token = state.push("code_inline", "code", 0)
                token.attrs = {"class": "maths"}
                token.content = state.src[state.pos : end + len(closer)]
            state.pos = end + len(closer)
            return True
    return False


def _maths_block(state: StateBlock, first: int, end: int, silent: bool) -> bool:
    """A formula on lines of its own, in which "- b" is no list."""
    start = state.bMarks[first] + state.tShift[first]
    closer = dict(_MATHS[1:]).get(state.src[start : start + 2])
    if closer is None or state.is_code_block(first):
        return False
    if state.src.find(closer, start + 2, start + _FORMULA_CHARACTERS_AT_MOST) < 0:
        return False
    for line in range(first, min(end, first + _FORMULA_LINES_AT_MOST)):
        size = state.eMarks[line] - start
        if size > _FORMULA_CHARACTERS_AT_MOST or state.sCount[line] < state.blkIndent:
            return False
        closes = state.src.endswith(closer, start, state.eMarks[line])
        if closes and (line > first or size > len(closer) + 1):
            if not silent:
                state.line = line + 1
                token = state.push("code_block", "code", 0)
                token.attrs = {"class": "maths"}
                token.content = state.getLines(first, line + 1, state.blkIndent, True)
                token.map = [first, line + 1]
            return True
    return False


def _link_open(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, _env: Any
) -> str:
    token = tokens[index]
    token.attrSet("rel", "noopener noreferrer")
    return renderer.renderToken(tokens, index, options, _env)
