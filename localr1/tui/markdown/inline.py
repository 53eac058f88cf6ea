"""The words of one paragraph, heading or cell as spans."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localr1.terminal_text import clean
from localr1.tui.markdown.context import PLACEHOLDER
from localr1.tui.marks import MarkLimit
from localr1.tui.rows import Look, Span
from localr1.tui.wrap import TAB

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

STRONG, EMPHASIS, STRUCK = "answer--strong", "answer--emphasis", "answer--struck"
CODE, LINK, QUIET = "answer--code", "answer--link", "answer--quiet"

_LOOKS = {"strong": STRONG, "em": EMPHASIS, "s": STRUCK}


def spans_of(node: SyntaxTreeNode, look: Look = ()) -> list[Span]:
    """The spans of an inline node and its children; a line feed is a line break."""
    children = node.children
    if children and children[0].content == PLACEHOLDER:
        children = children[2:]  # with the line break after it
    return [span for child in children for span in _spans(child, look)]


def plain(text: str) -> str:
    """Text as it can be drawn: character references and addresses can hide control codes."""
    if text.isascii() and text.isprintable():
        return text
    return MarkLimit()(clean(text).replace("\t", TAB).replace("\n", " "))


def _spans(node: SyntaxTreeNode, look: Look) -> list[Span]:
    if node.type == "text":
        return [Span(plain(node.content), look)]
    if node.type == "code_inline":
        return [Span(plain(node.content), (*look, CODE))]
    if node.type in ("softbreak", "hardbreak"):
        return [Span("\n", look)]
    if node.type in ("link", "image"):
        return _link(node, look)
    return spans_of(node, (*look, _LOOKS[node.type]) if node.type in _LOOKS else look)


def _link(node: SyntaxTreeNode, look: Look) -> list[Span]:
    """The words and, where it is another, the address: a link must not lie."""
    address = plain(str(node.attrs.get("href") or node.attrs.get("src") or ""))
    spans = spans_of(node, (*look, LINK))
    if node.type == "image":
        spans = [Span("image: ", (*look, QUIET)), *spans]
    words = "".join(span.text for span in spans)
    if address in (words, f"mailto:{words}"):
        return spans
    return [*spans, Span(f" ({address})", (*look, QUIET))]
