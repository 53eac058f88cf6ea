"""Untrusted text made harmless for a terminal.

Model output, file names, metadata and error texts can carry escape sequences that set the
clipboard, rewrite the title or clear the screen. `clean` works one code point at a time, so
a sequence split over two pieces of a stream is as harmless as a whole one.
"""

from __future__ import annotations

_REPLACEMENT = 0xFFFD
_CONTROL_PICTURES = 0x2400
_DELETE_PICTURE = 0x2421

# Bidirectional controls reorder what is read ("Trojan Source", CVE-2021-42574); zero-width
# characters hide text. ZWNJ and ZWJ (U+200C, U+200D) stay: scripts and emoji need them.
_REMOVED = (
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
    0x061C,
    0x200B,
    0x200E,
    0x200F,
    *range(0x2060, 0x2065),
    *range(0x206A, 0x2070),
    0xFEFF,
    0x00AD,
    0x180E,
    *range(0xE0000, 0xE0080),
    *range(0xFFF9, 0xFFFC),
)


def _table() -> dict[int, int | str | None]:
    table: dict[int, int | str | None] = {c: _CONTROL_PICTURES + c for c in range(0x20)}
    table[0x7F] = _DELETE_PICTURE
    table.update(dict.fromkeys(range(0x80, 0xA0), _REPLACEMENT))
    table.update(dict.fromkeys(range(0xD800, 0xE000), _REPLACEMENT))
    table.update(dict.fromkeys(_REMOVED))
    del table[0x09], table[0x0A]
    table[0x0D] = None
    table.update({0x85: "\n", 0x2028: "\n", 0x2029: "\n"})
    return table


_CLEAN = _table()


def clean(text: str) -> str:
    """Text in which no code point acts on a terminal; line feeds and tabs stay.

    C0 controls become their visible pictures (ESC -> ␛), DEL ␡, C1 controls and lone
    surrogates U+FFFD; line and paragraph separators become line feeds; carriage returns,
    bidirectional controls and zero-width characters disappear.
    """
    return text if text.isascii() and text.isprintable() else text.translate(_CLEAN)


def clean_line(text: str, limit: int = 300) -> str:
    """`clean`, on one line and at most `limit` characters: for titles, names and errors."""
    line = " ".join(clean(text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
