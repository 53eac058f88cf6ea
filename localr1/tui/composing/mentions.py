"""`@file` in a text that is being written."""

from __future__ import annotations

import re
from typing import NamedTuple

_LONGEST = 1024
"""Characters before the cursor that are looked at; paths are shorter."""

_MENTION = re.compile(r'(?:^|(?<=\s))@(?:"(?P<quoted>[^"\n]*)|(?P<plain>[^\s"]*))\Z')


class Mention(NamedTuple):
    """A file that is being named."""

    length: int
    """Characters before the cursor, with the sign and the quotation mark."""
    path: str
    """As far as it is typed."""
    is_quoted: bool


def mention_before(text: str) -> Mention | None:
    """The mention that ends where this text ends; None in the middle of words and addresses.

    Args:
        text: what stands before the cursor in its line.
    """
    found = _MENTION.search(text[-_LONGEST:])
    if found is None or (len(text) > _LONGEST and found.start() == 0):
        return None
    quoted = found["quoted"]
    path = found["plain"] if quoted is None else quoted
    return Mention(len(found[0]), path, quoted is not None)


def mention_of(path: str, *, is_open: bool = False) -> str:
    """What is typed for this path: `@main.py`, `@"my file.txt"`.

    Args:
        path: without quotation marks and line feeds.
        is_open: more of it follows.
    """
    if not re.search(r"\s", path):
        return f"@{path}"
    return f'@"{path}' if is_open else f'@"{path}"'


def is_escape(text: str) -> bool:
    """Whether this text before the cursor ends with a backslash that stands for "no mention"."""
    return text.endswith("\\") and (len(text) == 1 or text[-2].isspace())
