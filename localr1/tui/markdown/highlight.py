"""Colours for closed code fences."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from localr1.tui.rows import Span

if TYPE_CHECKING:
    from pygments.token import _TokenType

HIGHLIGHT_LIMIT = 16 * 1024
"""Longer code stays plain: colouring it would be felt."""

KEYWORD, NAME, STRING = "code--keyword", "code--name", "code--string"
NUMBER, COMMENT = "code--number", "code--comment"

_LOOKS = {
    "Token.Keyword": KEYWORD,
    "Token.Operator.Word": KEYWORD,
    "Token.Name.Function": NAME,
    "Token.Name.Class": NAME,
    "Token.Name.Tag": NAME,
    "Token.Literal.String": STRING,
    "Token.Literal.Number": NUMBER,
    "Token.Comment": COMMENT,
}


@functools.lru_cache(maxsize=32)
def highlight(code: str, language: str) -> tuple[Span, ...]:
    """Spans of the code; one plain span where the language is not known."""
    # Imported at the first closed fence: 25 ms that the first paint does not need.
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    if not language or len(code) > HIGHLIGHT_LIMIT:
        return (Span(code),)
    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return (Span(code),)
    return tuple(Span(text, _look(kind)) for kind, text in lexer.get_tokens(code))


def _look(kind: _TokenType) -> tuple[str, ...]:
    while kind.parent is not None:
        look = _LOOKS.get(str(kind))
        if look is not None:
            return (look,)
        kind = kind.parent
    return ()
