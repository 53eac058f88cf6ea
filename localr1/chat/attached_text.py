"""The text in the bytes of a file, whatever wrote them."""

from __future__ import annotations

import codecs
from typing import NamedTuple

from localr1.terminal_text import clean

_MARKED = (
    (codecs.BOM_UTF8, "utf-8"),
    # Before UTF-16, whose little-endian mark is how this one begins
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""Byte order marks and what they stand for."""

_CONTROLS = bytes({*range(0x20), 0x7F} - set(b"\t\n\r\f\b\x1b"))
_CONTROL_SHARE = 1 / 200
"""Text has none of these characters; compressed bytes are a tenth of them."""


class Decoded(NamedTuple):
    """A text, cleaned, and what a person should know about it."""

    text: str
    remark: str = ""


def decode_text(content: bytes) -> Decoded | None:
    """The text that these bytes are; None where they are no text.

    UTF-8 is tried first, and what a byte order mark says; else each byte is a character of
    Windows-1252, of which Latin-1's letters are a part.
    """
    for mark, encoding in _MARKED:
        if content.startswith(mark):
            return _marked(content[len(mark) :], encoding)
    if _is_binary(content):
        return None
    try:
        return Decoded(_lines(content.decode("utf-8")))
    except UnicodeDecodeError:
        return Decoded(_lines(_by_bytes(content)), "not UTF-8, read as Latin-1")


def _marked(content: bytes, encoding: str) -> Decoded | None:
    text = content.decode(encoding, "replace")
    if "\x00" in text:
        return None
    lost = text.count("\ufffd")
    return Decoded(_lines(text), f"{lost:,} damaged characters" if lost else "")


def _is_binary(content: bytes) -> bool:
    controls = len(content) - len(content.translate(None, _CONTROLS))
    return b"\x00" in content or controls > len(content) * _CONTROL_SHARE


def _by_bytes(content: bytes) -> str:
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _lines(text: str) -> str:
    """With line feeds only; `clean` alone would join the lines of old Macs."""
    return clean(text.replace("\r\n", "\n").replace("\r", "\n"))
