"""The source of a formula in pieces."""

from __future__ import annotations

import re
from typing import NamedTuple

from localr1.chat.maths.nodes import Unreadable

_TOKEN = re.compile(
    r"""
    (?P<command> \\ (?: [A-Za-z]+ | [\s\S] | $ ) )
  | (?P<number> \d+ (?: ,\d{3} (?!\d) )* (?: \.\d+ )? )
  | (?P<space> \s+ )
  | (?P<primes> '+ )
  | (?P<other> [\s\S] )
    """,
    re.VERBOSE,
)


_OPTION_PIECES = 40
"""Of what stands in square brackets: a degree of a root, words under an arrow."""


class Token(NamedTuple):
    """A command with its backslash, a number, white space, primes, or any other character."""

    kind: str
    text: str
    start: int
    """In characters of the source."""


END = Token("end", "", -1)


class Tokens:
    """The pieces one after the other."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._tokens = [
            Token(str(found.lastgroup), found[0], found.start())
            for found in _TOKEN.finditer(source)
        ]
        self._next = 0

    def peek(self) -> Token:
        """The next piece, which stays the next one."""
        return self._tokens[self._next] if self._next < len(self._tokens) else END

    def take(self) -> Token:
        """The next piece."""
        token = self.peek()
        self._next += token is not END
        return token

    def skip_space(self) -> bool:
        """Go past white space; says whether there was any."""
        found = self.peek().kind == "space"
        self._next += found
        return found

    def take_if(self, text: str) -> bool:
        """Go past the next piece if it is this one, and past the space before it."""
        before = self._next
        self.skip_space()
        if self.peek().text == text:
            self._next += 1
            return True
        self._next = before
        return False

    def take_digit(self) -> str:
        """The first digit of a number; the rest of it stays."""
        token = self.take()
        if len(token.text) > 1:
            rest = token.text[1:]
            kind = "number" if rest.isdecimal() else "other"
            self._next -= 1
            self._tokens[self._next] = Token(kind, rest, token.start + 1)
        return token.text[0]

    def take_group_source(self) -> str:
        """What stands between the next braces, as it was written.

        Raises:
            Unreadable: there are no braces, or they do not match.
        """
        self.skip_space()
        opening = self.take()
        if opening.text != "{":
            raise Unreadable
        depth = 1
        while depth:
            token = self.take()
            if token is END:
                raise Unreadable
            depth += (token.text == "{") - (token.text == "}")
        return self._source[opening.start + 1 : token.start]

    def take_option_source(self) -> str | None:
        """What stands between the next square brackets; None where there are none."""
        before = self._next
        if self.take_if("["):
            start = self.peek().start
            depth = 0
            for _ in range(_OPTION_PIECES):
                token = self.take()
                if token.text == "]" and not depth:
                    return self._source[start : token.start]
                depth += (token.text == "{") - (token.text == "}")
        self._next = before
        return None
