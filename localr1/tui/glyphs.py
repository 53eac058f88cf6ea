"""The signs of the interface, in one place, and ASCII for terminals whose font lacks them.

A sign that is no letter gets its replacement while it is drawn, wherever it comes from: our own
widgets, borders and scroll bars, Textual's palette. So no widget need know where it runs.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

OPENED, CLOSED, RESTING = "▾", "▸", "·"
"""Before the line of a block that is unfolded, folded, or cannot be."""

BAR = "━"
BULLET = "•"
QUOTE = "▎"
ROW_LINE, COLUMN_LINE, CROSSING = "─", "│", "┼"
ELLIPSIS = "…"

_ASCII = {
    **dict.fromkeys("─┄┈╌▁▂▔▃╴╶╸╺", "-"),
    **dict.fromkeys("━═", "="),
    **dict.fromkeys("│┃║▏▎▌▐▕▊▋▍▉┆┊╷╵╎", "|"),
    **dict.fromkeys("┼├┤┬┴┌┐└┘╋┏┓┗┛┣┫┳┻╭╮╰╯╔╗╚╝╠╣╦╩╬", "+"),
    **dict.fromkeys("█▄▀▅▆▇■▪◼▓▒", "#"),
    **dict.fromkeys("░□▫", "."),
    **dict.fromkeys("▾▼▽⌄↓", "v"),
    **dict.fromkeys("▸►▷▶›→❯⟶↳↪⤷⇒", ">"),
    **dict.fromkeys("◂◄◁◀‹←❮", "<"),
    **dict.fromkeys("▴▲△↑", "^"),
    **dict.fromkeys("•●◆★✦✱◉◈⬤", "*"),
    **dict.fromkeys("○◇☆◦◯", "o"),
    **dict.fromkeys("·…∙⋅", "."),
    **dict.fromkeys("✓✔☑", "x"),
    **dict.fromkeys("✗✘×☒", "x"),
    **dict.fromkeys("–—‐‑−", "-"),
    **dict.fromkeys("‘’‚", "'"),
    **dict.fromkeys("“”„«»", '"'),
    **dict.fromkeys("⏎↵↩", "<"),
    "\u00a0": " ",
    "§": "$",
    **dict.fromkeys("↺↻⟳⟲", "@"),
    "⚠": "!",
    "∎": "#",
}
"""Replacements of one cell, so that nothing moves; letters and mathematics stay as they are."""

_TABLE = str.maketrans(_ASCII)
_POOR_FONTS = ("linux", "dumb", "ansi", "vt100", "vt102", "vt220", "cons25")


def meter(share: float, cells: int) -> tuple[str, str]:
    """A thin bar in two parts, the full one and the rest; a little is never nothing."""
    full = max(int(share > 0), min(cells, round(share * cells)))
    return BAR * full, ROW_LINE * (cells - full)


def has_replacement(character: str) -> bool:
    """Whether this sign can be shown by a terminal without it."""
    return character in _ASCII


def in_ascii(text: str) -> str:
    """The text with signs replaced."""
    return text if text.isascii() else text.translate(_TABLE)


def needs_ascii(environment: Mapping[str, str]) -> bool:
    """Whether the terminal lacks the signs: by TERM, or by a locale that is not UTF-8.

    Without a locale at all, terminals of today show UTF-8.
    """
    if environment.get("TERM", "") in _POOR_FONTS:
        return True
    names = (environment.get(name) for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    locale = next(filter(None, names), "")
    if sys.platform in ("win32", "darwin") or not locale:
        return False
    return "utf-8" not in locale.lower() and "utf8" not in locale.lower()


class InAscii(LineFilter):
    """Draws the signs in ASCII."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002
        """The same cells with other signs."""
        return [Segment(in_ascii(text), style, control) for text, style, control in segments]
