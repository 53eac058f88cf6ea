"""Names for exported files: readable, and harmless on every system."""

from __future__ import annotations

import re
import unicodedata

ENDINGS = {"markdown": ".md", "json": ".json", "html": ".html"}

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_TITLE_CHARACTERS_AT_MOST = 60
_TITLE_BYTES_AT_MOST = 160
"""File systems allow 255 bytes, and a temporary file needs some of them for its own name."""


def export_name(title: str, date: str, format_: str) -> str:
    """ "2026-11-26-six-times-seven.md": letters, digits and dashes only.

    Args:
        title: of the conversation, untrusted.
        date: begins with the day, as ISO 8601; another text is left out.
        format_: "markdown", "json" or "html".
    """
    day = _DAY.match(date)
    parts = [day[0] if day else "conversation", _words(title)]
    if day and not parts[1]:
        parts[1] = "conversation"
    return "-".join(filter(None, parts)) + ENDINGS[format_]


def _words(title: str) -> str:
    normal = unicodedata.normalize("NFC", title[: 4 * _TITLE_CHARACTERS_AT_MOST])
    kept = "".join(letter if letter.isalnum() else " " for letter in normal)
    name = "-".join(kept.split())[:_TITLE_CHARACTERS_AT_MOST]
    encoded = name.encode("utf-8", "ignore")[:_TITLE_BYTES_AT_MOST]
    return encoded.decode("utf-8", "ignore").strip("-")
