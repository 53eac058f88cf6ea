"""Where a thought can be stopped: at the end of a sentence."""

from __future__ import annotations

import re

_TAIL_CHARACTERS = 200
"""Longer than a word, a list marker and any closing marks: all that is looked at."""

_CLOSERS = "\"'”’»›)]}）】」』》〉*_`$~"
_WIDE_ENDS = "。！？…"

_LIST_MARKER = re.compile(r"(?:^|\n)[ \t]*(?:[-*#>]+[ \t]*)?[*_]{0,2}[0-9]{1,3}\.[*_]{0,2}[ \t]*\Z")
_LAST_WORD = re.compile(r"[^\s()\[\]{}\"'“”‘’,;:*_$`]*\Z")
_ABBREVIATION = re.compile(
    r"e|e\.g|i|i\.e|cf|vs|viz|approx|resp|eqs?|fig|sec|ch|mrs?|ms|dr|prof|w\.r\.t|a\.k\.a",
    re.IGNORECASE,
)
"""What a full stop after rarely ends; "e" and "i" are the beginnings of e.g. and i.e."""


def ends_sentence(text: str) -> bool:
    """Whether the end of `text` is a place where reasoning may stop.

    Args:
        text: the reasoning so far or its tail; complete characters.

    A newline is such a place, and so is . ! ? 。 ！ ？ … with closing marks after it. Not so a
    full stop that may be a decimal point, belongs to a list marker or to an abbreviation.
    """
    tail = text[-_TAIL_CHARACTERS:]
    trimmed = tail.rstrip(" \t")
    if trimmed.endswith("\n"):
        return True
    spaced = len(trimmed) < len(tail)
    bare = trimmed.rstrip(_CLOSERS)
    if not bare or _LIST_MARKER.search(tail):
        return False
    closed = spaced or len(bare) < len(trimmed)
    return _ends(bare[-1], bare[:-1], followed=closed)


def _ends(mark: str, before: str, *, followed: bool) -> bool:
    if mark in _WIDE_ENDS or mark == "?":
        return True
    word = _LAST_WORD.search(before)
    last_word = word.group() if word else ""
    if mark == "!":
        # 5! and n! are factorials.
        return not (last_word[-1:].isdigit() or len(last_word) == 1)
    if mark != ".":
        return False
    if last_word[-1:].isdigit():
        return followed
    return not _ABBREVIATION.fullmatch(last_word)
