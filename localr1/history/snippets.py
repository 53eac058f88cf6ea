"""Where a found text says what was searched for, cut to a line that can be shown."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from localr1.history.search_terms import Term, folded, is_lone

SNIPPET_CHARACTERS = 160
"""About how long the piece of a text is that a hit shows."""
_LEAD_CHARACTERS = 40
_UNEVEN = re.compile(r"^\s|\s\s|[^\S ]")
_MOST_OCCURRENCES = 200
"""Of one term, that are looked at."""

Range = tuple[int, int]
"""Start and end in characters; the end is not part of it."""


class Snippet(NamedTuple):
    """A line out of a text, with "…" where something was left out."""

    text: str
    ranges: tuple[Range, ...]
    """What matched in it, in order and apart."""
    terms: int
    """How many of the terms the whole text has."""


def snippet_of(text: str, terms: Sequence[Term]) -> Snippet:
    """The piece of a text with the most of the terms, or its beginning without any."""
    text = unicodedata.normalize("NFC", text)
    plain = folded(text)
    found = [[*_occurrences(plain, term)] for term in terms]
    ranges = sorted((span, number) for number, spans in enumerate(found) for span in spans)
    start = _best_start(ranges)
    begin = 0 if start <= _LEAD_CHARACTERS else _word_start(text, start - _LEAD_CHARACTERS, start)
    end = min(len(text), begin + SNIPPET_CHARACTERS)
    line, kept = _on_a_line(text, begin, end, [span for span, _ in ranges])
    return Snippet(line, kept, sum(map(bool, found)))


def _occurrences(plain: str, term: Term) -> Iterator[Range]:
    """Where a term is in a folded text; the words of a phrase may be any signs apart."""
    wanted = folded(unicodedata.normalize("NFC", term.text))
    words = re.findall(r"[^\W_]+", wanted) or [wanted]
    pattern = re.compile(r"[\W_]+".join(map(re.escape, words)))
    for match in itertools.islice(pattern.finditer(plain), _MOST_OCCURRENCES):
        start, end = match.span()
        if _is_edge(plain, start) and (term.begins or _is_edge(plain, end)):
            yield start, end


def _is_edge(plain: str, at: int) -> bool:
    """Does a word end or begin before the character at this place?"""
    if at in (0, len(plain)):
        return True
    before, after = plain[at - 1], plain[at]
    return not (before.isalnum() and after.isalnum()) or is_lone(before) or is_lone(after)


def _best_start(ranges: list[tuple[Range, int]]) -> int:
    """Where a window begins that shows the most different terms; the first of those."""
    best = (0, 0)
    for first, ((start, _), _) in enumerate(ranges):
        shown: set[int] = set()
        for (_, end), number in ranges[first:]:
            if end > start + SNIPPET_CHARACTERS - _LEAD_CHARACTERS:
                break
            shown.add(number)
        if (len(shown) or 0.5) > best[0]:
            best = (len(shown) or 1, start)
    return best[1]


def _word_start(text: str, least: int, most: int) -> int:
    """A place after a space, where there is one."""
    return next((n + 1 for n in range(least, most) if text[n].isspace()), least)


def _on_a_line(
    text: str, begin: int, end: int, spans: list[Range]
) -> tuple[str, tuple[Range, ...]]:
    """The piece with every stretch of white space as one space; and where its ranges are then."""
    line, places = _squeezed(text[begin:end], "…" if begin else "")
    kept: list[Range] = []
    for start, stop in spans:
        if begin <= start < stop <= end:
            moved = (places[start - begin], places[stop - begin])
            if not kept or kept[-1][1] <= moved[0]:
                kept.append(moved)
    return (line + "…" if end < len(text) else line.rstrip()), tuple(kept)


def _squeezed(piece: str, line: str) -> tuple[str, Sequence[int]]:
    """`line` and the piece, white space as one space each; where each character is then."""
    if not _UNEVEN.search(piece):
        return line + piece, range(len(line), len(line) + len(piece) + 1)
    places = []
    for character in piece:
        places.append(len(line))
        if not character.isspace():
            line += character
        elif line[-1:] not in ("", " "):
            line += " "
    return line, [*places, len(line)]
