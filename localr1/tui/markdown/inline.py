"""The words of one paragraph, heading or cell as spans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from localr1.terminal_text import clean
from localr1.tui.markdown.context import PLACEHOLDER
from localr1.tui.markdown.formulas import INLINE
from localr1.tui.markdown.maths_rows import formula_span
from localr1.tui.markdown.pressable import Pressable
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
    return [span for child in shown_children(node) for span in spans_of_one(child, look)]


def shown_children(node: SyntaxTreeNode) -> Sequence[SyntaxTreeNode]:
    """The children without what only gives a piece its place."""
    children = node.children
    if children and children[0].content == PLACEHOLDER:
        return children[2:]  # with the line break after it
    return children


def plain(text: str) -> str:
    """Text as it can be drawn: character references and addresses can hide control codes."""
    if text.isascii() and text.isprintable():
        return text
    return MarkLimit()(clean(text).replace("\t", TAB).replace("\n", " "))


def spans_of_one(node: SyntaxTreeNode, look: Look = ()) -> list[Span]:
    """The spans of this node."""
    if node.type == "text":
        return [Span(plain(node.content), look)]
    if node.type == "code_inline":
        return [Span(plain(node.content), (*look, CODE))]
    if node.type == INLINE:
        return [formula_span(node, look)]
    if node.type in ("softbreak", "hardbreak"):
        return [Span("\n", look)]
    if node.type in ("link", "image"):
        return _link(node, look)
    return spans_of(node, (*look, _LOOKS[node.type]) if node.type in _LOOKS else look)


def _link(node: SyntaxTreeNode, look: Look) -> list[Span]:
    """The words and, where it is another, the address: a link must not lie."""
    address = str(node.attrs.get("href") or node.attrs.get("src") or "")
    spans = spans_of(node, (*look, LINK))
    if node.type == "image":
        spans = [Span("image: ", (*look, QUIET)), *spans]
    words = "".join(span.text for span in spans)
    if plain(address) not in (words, f"mailto:{words}"):
        spans.append(Span(f" ({plain(address)})", (*look, QUIET)))
    return [Span(text, Pressable(own, address)) for text, own in spans]
