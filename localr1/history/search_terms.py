"""What a person searches for: words and phrases, and the same texts as the index sees them.

No character of a query is ever read as syntax of SQLite's full-text search.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from localr1.terminal_text import clean

_LONGEST_QUERY_CHARACTERS = 1000
_MOST_TERMS = 20
_PREFIX_LETTERS = 2
"""Of a word that is being typed: from there on it matches the beginnings of words."""

# Scripts written without spaces, and Korean, whose particles hang on its words: each character
# is a word of its own for the index, and several in a row are a phrase.
_LONE = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029"
    "\u3031-\u3035\u3040-\u318f\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff"
    "\uf900-\ufaff\uff66-\uffdc\U00020000-\U0003ffff"
)


@functools.cache
def _lone_character() -> re.Pattern[str]:
    return re.compile(f"[{_LONE}]")  # takes as long as the rest of this module's import


_ASKED = re.compile(r'"([^"]*)"?|([^\s"]+)')


class Term(NamedTuple):
    """A word, or several in a row."""

    text: str
    begins: bool = False
    """The last word may go on."""

    @property
    def has_words(self) -> bool:
        """The index knows words only: no signs, no emoji."""
        return any(character.isalnum() for character in self.text)


def terms_of(query: str) -> list[Term]:
    """The terms that a query asks for: quoted phrases and words; the last word may go on.

    Of a very long query only the beginning counts.
    """
    found = []
    for match in _ASKED.finditer(clean(query[:_LONGEST_QUERY_CHARACTERS])):
        text = " ".join((match[1] if match[1] is not None else match[2]).split())
        if text:
            found.append(Term(text, begins=match[1] is None))
    return [
        term._replace(
            begins=term.begins and term is found[-1] and _letters(term) >= _PREFIX_LETTERS
        )
        for term in found[:_MOST_TERMS]
    ]


def loosened(terms: Sequence[Term]) -> list[Term]:
    """The terms when nothing has them: a last word of one letter, too, may go on."""
    *others, last = terms
    return [*others, last._replace(begins=last.begins or _letters(last) == 1)]


def _letters(term: Term) -> int:
    return len(re.split(r"[\W_]+", term.text)[-1])


def expression(terms: Sequence[Term]) -> str:
    """The terms that have words as a MATCH expression of FTS5; empty without any."""
    return " AND ".join(
        '"' + spaced(term.text).replace('"', '""') + '"' + ("*" if term.begins else "")
        for term in terms
        if term.has_words
    )


def spaced(text: str) -> str:
    """A text as it is indexed: with spaces around each character that is a word of its own."""
    return text if text.isascii() else _lone_character().sub(r" \g<0> ", text)


def is_lone(character: str) -> bool:
    """Is this character a word of its own for the index?"""
    return _lone_character().match(character) is not None


class _Folding(dict[int, str]):
    """Each character without case and accent, as one character."""

    def __missing__(self, code: int) -> str:
        lower = chr(code).lower()
        apart = unicodedata.normalize("NFD", lower)
        folded = apart[0] if all(map(unicodedata.combining, apart[1:])) else lower[0]
        self[code] = folded
        return folded


_FOLDING = _Folding()


def folded(text: str) -> str:
    """A text without case and accents, each character in its place."""
    return text.lower() if text.isascii() else text.translate(_FOLDING)
