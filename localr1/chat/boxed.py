r"""The result in \boxed{...}: found, compared, and voted on over several replies.

R1's authors ask for the result in \boxed{} for maths, so replies can be compared. A majority over
64 replies took the 1.5B distill from 28.9 to 52.7 % on AIME 2024 (cons@64, DeepSeek-R1 paper).
All work is linear in the text: replies are untrusted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

import msgspec

BOX_LIMIT_CHARACTERS = 1_000
"""A longer content is no result that replies could agree on: most likely a brace is missing."""

_DIGITS_AT_MOST = 400
"""Longer numbers compare as text; Python itself refuses to read more than 4,300 digits."""

_TOKEN = re.compile(
    r"""
    (?P<box>   \\\\? (?:boxed|fbox) (?![A-Za-z]) \s{0,8} \{ )
  | (?P<bare>  \\\\? (?:boxed|fbox) (?![A-Za-z]) [ \t]{0,8}
               (?P<word> [-+−]?[0-9][0-9.,/]* | [A-Z](?![A-Za-z]) ) )
  | (?P<escaped> \\[\s\S] )
  | (?P<paragraph> \n[ \t]*\n )
  | (?P<open> \{ )
  | (?P<close> \} )
    """,
    re.VERBOSE,
)
_NO_BOX = -1


class Vote(msgspec.Struct, frozen=True, kw_only=True):
    """What most replies say."""

    answer: str
    """The content of the box as first written in a reply; untrusted text."""
    count: int
    """Replies that agree on it."""
    of: int
    """Replies that have a box."""
    replies: int
    """All replies."""
    ties: tuple[str, ...] = ()
    """Other answers that as many replies agree on, as first written."""
    voters: tuple[int, ...] = ()
    """Positions of the replies that agree on the answer."""


def last_boxed(answer: str) -> str | None:
    r"""The content of the last complete \boxed or \fbox, trimmed; None where there is none.

    Empty boxes do not count, nor do unfinished ones: a box ends within its paragraph. Of nested
    boxes the inner one is taken. `\boxed 5` is read too, for numbers and single capital letters.
    """
    found: tuple[int, str] | None = None
    starts: list[int] = []
    for token in _TOKEN.finditer(answer):
        if token["box"] is not None:
            starts.append(token.end())
        elif token["open"] is not None:
            starts.append(_NO_BOX)
        elif token["paragraph"] is not None:
            starts.clear()
        elif token["word"] is not None:
            found = _later(found, token.start("word"), token["word"].rstrip(".,/"))
        elif token["close"] is not None and starts:
            start = starts.pop()
            if start != _NO_BOX and token.start() - start <= BOX_LIMIT_CHARACTERS:
                found = _later(found, start, answer[start : token.start()].strip())
    return found[1] if found else None


def _later(found: tuple[int, str] | None, start: int, content: str) -> tuple[int, str] | None:
    return (start, content) if content and (found is None or start > found[0]) else found


def majority(answers: Sequence[str]) -> Vote | None:
    """The boxed result most replies agree on; None where no reply has one.

    Args:
        answers: the answers of the replies, in the order they ended.

    On a tie the answer wins that reached the number of votes first.
    """
    voters: dict[Fraction | str, list[int]] = {}
    written: dict[Fraction | str, str] = {}
    for position, answer in enumerate(answers):
        content = last_boxed(answer)
        if content is not None:
            key = comparable(content)
            voters.setdefault(key, []).append(position)
            written.setdefault(key, content)
    if not voters:
        return None
    # The most votes; among equals the one whose last vote came earliest.
    best = min(voters, key=lambda key: (-len(voters[key]), voters[key][-1]))
    count = len(voters[best])
    ties = (key for key, those in voters.items() if len(those) == count and key != best)
    return Vote(
        answer=written[best],
        count=count,
        of=sum(len(those) for those in voters.values()),
        replies=len(answers),
        ties=tuple(written[key] for key in ties),
        voters=tuple(voters[best]),
    )


# ---- comparing -----------------------------------------------------------------------------

_REPLACED = (
    (re.compile(r"[−–]"), "-"),
    (re.compile(r"\\[()\[\]]|(?<!\\)\$"), ""),  # maths delimiters
    (re.compile(r"\\(?:left|right|[bB]igg?[lr]?)(?![A-Za-z])"), ""),
    (re.compile(r"\\!"), ""),
    (re.compile(r"\\[,;: ]|\\q?quad(?![A-Za-z])|~"), " "),  # spacing
    (re.compile(r"\\[dtc]frac(?![A-Za-z])"), r"\\frac"),
    (re.compile(r"\\frac[ ]?([0-9])[ ]?([0-9])(?![0-9])"), r"\\frac{\1}{\2}"),
    (re.compile(r"\\(?:text|mbox|math)(?:rm|bf|it|sf|tt|normal)?[ ]?\{([^{}]*)\}"), r"\1"),
    (re.compile(r"\\displaystyle(?![A-Za-z])"), ""),
    (re.compile(r"\{,\}"), ","),  # a thousands separator without its space
    # "1 2" and "100, 200" are two numbers, not 12 and 100,200; "1 234" is one
    (re.compile(r"(?<=[0-9])\s+(?=[0-9])(?![0-9]{3}(?![0-9]))"), ";"),
    (re.compile(r"(?<=[0-9]),\s+(?=[0-9]{3}(?![0-9]))"), ";"),
    (re.compile(r"\s+"), ""),
    (re.compile(r"\A[A-Za-z]=(?=[^=]+\Z)"), ""),  # x=5
    (re.compile(r"[.,;]+\Z"), ""),
    (re.compile(r"(?:\^\\circ|\^\{\\circ\}|°|\\degree|\\?%)\Z"), ""),
    (re.compile(r"\A(-?)\\\$"), r"\1"),  # dollars
    (re.compile(r"\A\(([A-Z])\)\Z"), r"\1"),  # choice (C)
)
"""In this order, on at most BOX_LIMIT_CHARACTERS."""

_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_FRACTION = re.compile(
    r"([+-]?)(?:\\frac\{([+-]?[0-9]+)\}\{([+-]?[0-9]+)\}|([0-9]+)/([+-]?[0-9]+))"
)


def comparable(content: str) -> Fraction | str:
    r"""A key that is equal for equal results: a number where it plainly is one, else plain text.

    Integers, decimals and fractions of integers are numbers: "033", "33.0", "\frac{66}{2}" and
    "66/2" are equal. Nothing else is evaluated: "10^9", "1e5" and "\sqrt{4}" are text.
    Degrees, percent and dollar signs are dropped; other units stay, since 5 cm is not 5 m.
    """
    if len(content) > BOX_LIMIT_CHARACTERS:
        return "".join(content.split())
    text = content
    for pattern, replacement in _REPLACED:
        text = pattern.sub(replacement, text)
    if not text:
        return content.strip()
    number = _number(text) if len(text) <= _DIGITS_AT_MOST else None
    if number is not None:
        return number
    # Words like Yes and yes are one answer; A and a, or AB and ab, may be two.
    is_word = text.isalpha() and (len(text) > 2 or (len(text) == 2 and text.istitle()))
    return text.casefold() if is_word else text


def _number(text: str) -> Fraction | None:
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    if _DECIMAL.fullmatch(text):
        return Fraction(text)
    if match := _FRACTION.fullmatch(text):
        sign, *parts = match.groups()
        above, below = (int(part) for part in parts if part is not None)
        if below:
            return Fraction(-above if sign == "-" else above, below)
    return None
