"""The Markdown of an answer as HTML that loads nothing and runs nothing."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

_MAX_NESTING = 12
"""As in the chat: quotes and lists nested deeper are shown as text."""
_OPTIONS = {"html": False, "xhtmlOut": False, "maxNesting": _MAX_NESTING}
_ADDRESSES = ("http://", "https://", "mailto:")
_MATHS = (("\\(", "\\)"), ("\\[", "\\]"), ("$$", "$$"))
_FORMULA_CHARACTERS_AT_MOST = 5_000
"""Looking farther for each of many openers that nothing closes would take minutes."""


@functools.cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", _OPTIONS)
    # An image would be loaded, and a reference definition would make its address vanish.
    parser.enable(["table", "strikethrough"]).disable(["image", "reference", "lheading"])
    parser.inline.ruler.before("escape", "maths", _maths)
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


def _link_open(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, _env: Any
) -> str:
    token = tokens[index]
    token.attrSet("rel", "noopener noreferrer")
    return renderer.renderToken(tokens, index, options, _env)
