"""No text, whole or in pieces, carries anything that acts on a terminal."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localr1.terminal_text import clean, clean_line

BIDI_CONTROLS = {0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
INVISIBLE = {0x00AD, 0x180E, 0x200B, 0x2060, 0xFEFF, *range(0xE0000, 0xE0080)}

PAYLOADS = {
    "set the clipboard": "\x1b]52;c;ZWNobyBwd25lZA==\x1b\\",
    "set the clipboard, C1": "\x9d52;c;ZWNobyBwd25lZA==\x9c",
    "read the clipboard": "\x1b]52;c;?\x07",
    "set the title": "\x1b]0;evil\x07",
    "a link that lies": "\x1b]8;;http://evil.example\x1b\\http://good.example\x1b]8;;\x1b\\",
    "clear the screen": "\x1b[2J\x1b[H",
    "clear the screen, C1": "\x9b2J\x9bH",
    "reset the terminal": "\x1bc",
    "ask for a report": "\x1b[6n\x1b[c\x1bP+q544e\x1b\\",
    "device control string": '\x1bP$q"p\x1b\\',
    "switch to the other screen": "\x1b[?1049h",
    "bracketed paste ends": "\x1b[201~rm -rf ~\r",
    "overwrite by return and backspace": "safe\r\b\b\bevil",
    "reorder by bidirectional controls": "a\u202eevil\u202c \u2066b\u2069",
}


def acts(character: str) -> bool:
    """Can this code point act on a terminal or reorder what is read?"""
    code = ord(character)
    return (
        (unicodedata.category(character) == "Cc" and character not in "\n\t")
        or unicodedata.category(character) == "Cs"
        or code in BIDI_CONTROLS
    )


def test_every_code_point_is_made_harmless() -> None:
    for code in range(sys.maxunicode + 1):
        assert not any(map(acts, clean(chr(code)))), hex(code)


def test_everything_that_is_read_stays() -> None:
    changed = {code for code in range(sys.maxunicode + 1) if clean(chr(code)) != chr(code)}
    kinds = {unicodedata.category(chr(code)) for code in changed}
    assert kinds <= {"Cc", "Cs", "Cf", "Zl", "Zp", "Cn"}
    assert changed >= INVISIBLE
    assert not changed & {0x09, 0x0A, 0x200C, 0x200D, 0xFE0F}


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("plain", "plain"),
        ("two\n\tlines", "two\n\tlines"),
        ("dos\r\nline", "dos\nline"),
        ("\x00\x07\x08\x0b\x0c\x1b\x7f", "␀␇␈␋␌␛␡"),
        ("\x80\x9b\x9f", "\ufffd\ufffd\ufffd"),
        ("a\x85b\u2028c\u2029d", "a\nb\nc\nd"),
        ("\ud83d half \ude00", "\ufffd half \ufffd"),
        ("hid\u200bden\ufeff soft\u00adhyphen", "hidden softhyphen"),
        ("می‌خواهم 👩‍💻 ❤️ 数学", "می‌خواهم 👩‍💻 ❤️ 数学"),
        ("tag\U000e0041\U000e007f", "tag"),
        ("\u00a0\u3000", "\u00a0\u3000"),
    ],
)
def test_clean(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS.keys())
def test_escape_payloads_are_only_text(payload: str) -> None:
    for cut in range(len(payload) + 1):
        pieces = clean(payload[:cut]) + clean(payload[cut:])
        assert pieces == clean(payload)
    assert not any(map(acts, clean(payload)))
    assert clean_line(payload).isprintable()


ANY_TEXT = st.text(
    st.characters()
    | st.characters(categories=["Cc", "Cf", "Cs"])
    | st.sampled_from("\r\n\t\x1b\x9b\u202e\u2028")
)


@settings(deadline=None)  # a busy machine is no failure
@given(ANY_TEXT)
def test_nothing_that_acts_survives(text: str) -> None:
    cleaned = clean(text)
    assert not any(map(acts, cleaned))
    assert clean(cleaned) == cleaned
    cleaned.encode("utf-8")


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(ANY_TEXT))
def test_pieces_are_as_clean_as_the_whole(pieces: list[str]) -> None:
    assert "".join(map(clean, pieces)) == clean("".join(pieces))


@settings(deadline=None)  # a busy machine is no failure
@given(ANY_TEXT, st.integers(1, 40))
def test_a_line_is_one_short_line(text: str, limit: int) -> None:
    line = clean_line(text, limit)
    assert len(line) <= limit
    assert line.splitlines() in ([], [line])
    assert line == line.strip()
    assert clean_line(line, limit) == line


@pytest.mark.parametrize(
    ("text", "limit", "line"),
    [
        ("", 5, ""),
        (" a\n\n b\tc ", 9, "a b c"),
        ("12345", 5, "12345"),
        ("123456", 5, "1234…"),
        ("a\x1b[2Jb", 20, "a␛[2Jb"),
    ],
)
def test_clean_line(text: str, limit: int, line: str) -> None:
    assert clean_line(text, limit) == line
