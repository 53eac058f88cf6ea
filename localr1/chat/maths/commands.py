r"""Commands that take arguments, or say something other than a symbol."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from localr1.chat.maths import names, symbols
from localr1.chat.maths.nodes import (
    RULE,
    Accent,
    Atom,
    Boxed,
    Fraction,
    Node,
    Root,
    Row,
    Scripts,
    Stack,
    Unreadable,
)
from localr1.chat.maths.tokens import Token

if TYPE_CHECKING:
    from localr1.chat.maths.parser import Parser

IsEnd: TypeAlias = Callable[[Token], bool]


_DOLLARS = re.compile(r"(?<!\\)\$([^$]*)\$")
_ESCAPED = re.compile(r"\\([%$#&_{} ])")


def read(name: str, parser: Parser) -> Node | None:
    r"""The part that begins with the command \name, or nothing where it only says how to draw.

    Raises:
        Unreadable: its arguments are missing, or it defines something.
    """
    if name in names.MACROS:
        raise Unreadable
    if name in names.IGNORED:
        return None
    if name in ("hline", "toprule", "midrule", "bottomrule"):
        return RULE
    reader = _READERS.get(name)
    if reader is not None:
        return reader(name, parser)
    return symbols.named(name) or _unknown(name, parser)


def _unknown(name: str, parser: Parser) -> Node:
    """The source of a command that nobody knows, with the groups that follow it."""
    source = f"\\{name}"
    while name.isalpha() and parser.tokens.peek().text == "{":
        source += f"{{{parser.tokens.take_group_source()}}}"
    return Atom(source, "script" if name.isalpha() else "ord")


def _fraction(name: str, parser: Parser) -> Node:
    if name == "cfrac":
        parser.tokens.take_option_source()
    return Fraction(parser.argument(), parser.argument())


def _binomial(_: str, parser: Parser) -> Node:
    return Fraction(parser.argument(), parser.argument(), has_bar=False)


def _root(_: str, parser: Parser) -> Node:
    degree = parser.tokens.take_option_source()
    return Root(parser.argument(), parser.argument_of(degree) if degree else None)


def _boxed(_: str, parser: Parser) -> Node:
    return Boxed(parser.argument())


def _words(_: str, parser: Parser) -> Node:
    parser.tokens.skip_space()
    if parser.tokens.peek().text != "{":
        return Row(tuple(parser.argument().items))
    pieces = _DOLLARS.split(parser.tokens.take_group_source())
    items: list[Node] = []
    for number, piece in enumerate(pieces):
        if number % 2:
            items.extend(parser.argument_of(piece).items)
        elif piece:
            items.append(Atom(_plain_words(piece), "text"))
    return Row(tuple(items)) if len(items) != 1 else items[0]


def _plain_words(text: str) -> str:
    text = _ESCAPED.sub(r"\1", text.replace("~", " ").replace("\\ ", " "))
    text = text.replace("\\qquad", "    ").replace("\\quad", "  ")
    return re.sub(r"\s*\n\s*", " ", text).replace("\t", " ")


def _letters(_: str, parser: Parser) -> Node:
    row = parser.argument()
    return row.items[0] if len(row.items) == 1 else row


def _operator(_: str, parser: Parser) -> Node:
    parser.tokens.take_if("*")
    source = parser.tokens.take_group_source()
    name = " ".join(re.sub(r"\\[,;:! ]|\\(?:text|math)[a-z]+|[{}~]", " ", source).split())
    return Atom({"arg max": "argmax", "arg min": "argmin"}.get(name, name), "fn")


def _alphabet(name: str, parser: Parser) -> Node:
    before, parser.alphabet = parser.alphabet, names.ALPHABETS[name]
    row = parser.argument()
    parser.alphabet = before
    return row.items[0] if len(row.items) == 1 else row


def _bold(_: str, parser: Parser) -> Node:
    """A single letter is a vector or a matrix, and bold; words stay as they are."""
    row = parser.argument()
    if len(row.items) != 1:
        return row
    item = row.items[0]
    if (
        isinstance(item, Atom)
        and len(item.text) == 1
        and item.text.isascii()
        and item.text.isalpha()
    ):
        return item._replace(text=symbols.in_alphabet("mathbf", item.text))
    return item


def _accent(name: str, parser: Parser) -> Node:
    return Accent(name, parser.argument())


def _brace(name: str, parser: Parser) -> Node:
    return Stack(parser.argument(), brace="over" if name == "overbrace" else "under")


def _overset(_: str, parser: Parser) -> Node:
    over = parser.argument()
    return Stack(parser.argument(), over=over)


def _underset(_: str, parser: Parser) -> Node:
    under = parser.argument()
    base = parser.argument()
    if len(base.items) == 1 and isinstance(atom := base.items[0], Atom) and atom.kind == "fn":
        return Scripts(atom, under, None, has_limits=True)
    return Stack(base, under=under)


def _arrow(name: str, parser: Parser) -> Node:
    under = parser.tokens.take_option_source()
    over = parser.argument()
    below = parser.argument_of(under) if under else None
    return Stack(
        Row((Atom(names.ARROWS[name], "rel"),)), over if over.items else None, below, "arrow"
    )


def _modulus(name: str, parser: Parser) -> Node:
    inner = parser.argument()
    words = (Atom("mod "),) if name == "pmod" else ()
    return Row((Atom(" ", "space"), Atom("(", "open"), *words, *inner.items, Atom(")", "close")))


def _tag(_: str, parser: Parser) -> Node:
    parser.tokens.take_if("*")
    return Atom(f"   ({parser.tokens.take_group_source()})", "text")


def _substack(_: str, parser: Parser) -> Node:
    from localr1.chat.maths.nodes import Grid

    if not parser.tokens.take_if("{"):
        raise Unreadable
    return Grid("substack", parser.grid_rows(lambda token: token.text == "}"))


def _nothing(_: str, parser: Parser) -> None:
    parser.tokens.take_if("*")
    parser.tokens.take_group_source()


def _space(name: str, parser: Parser) -> Node:
    _nothing(name, parser)
    return Atom("  ", "space")


def _coloured(name: str, parser: Parser) -> Node:
    parser.tokens.take_group_source()
    return _words(name, parser) if name == "textcolor" else _letters(name, parser)


_READERS: dict[str, Callable[[str, Parser], Node | None]] = {
    **dict.fromkeys(("frac", "dfrac", "tfrac", "cfrac", "sfrac", "nicefrac"), _fraction),
    **dict.fromkeys(("binom", "dbinom", "tbinom"), _binomial),
    "sqrt": _root,
    **dict.fromkeys(("boxed", "fbox", "framebox"), _boxed),
    **dict.fromkeys(names.WORDS, _words),
    **dict.fromkeys(names.LETTERS, _letters),
    **dict.fromkeys(("operatorname",), _operator),
    **dict.fromkeys(names.ALPHABETS, _alphabet),
    **dict.fromkeys(names.BOLD, _bold),
    **dict.fromkeys(names.ACCENTS, _accent),
    **dict.fromkeys(("overbrace", "underbrace"), _brace),
    **dict.fromkeys(("overset", "stackrel"), _overset),
    "underset": _underset,
    **dict.fromkeys(names.ARROWS, _arrow),
    **dict.fromkeys(("pmod", "pod"), _modulus),
    "tag": _tag,
    "substack": _substack,
    **dict.fromkeys(names.IGNORED_WITH_ARGUMENT, _nothing),
    **dict.fromkeys(("textcolor", "colorbox"), _coloured),
    "hspace": _space,
}
