"""Bytes of any kind as text, or not."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localr1.chat.attached_text import Decoded, decode_text


@pytest.mark.parametrize(
    ("content", "text", "remark"),
    [
        (b"plain\r\nlines\rof\nall", "plain\nlines\nof\nall", ""),
        ("Grüße 水".encode(), "Grüße 水", ""),
        (b"\xef\xbb\xbfmarked", "marked", ""),
        ("水\r\nx".encode("utf-16"), "水\nx", ""),
        (b"\xfe\xff" + "big".encode("utf-16-be"), "big", ""),
        ("wide".encode("utf-32"), "wide", ""),
        (b"\xff\xfea\x00\x00\xd8b\x00", "a\ufffdb", "1 damaged characters"),
        ("Grüße".encode("latin-1"), "Grüße", "not UTF-8, read as Latin-1"),
        ("“so”".encode("cp1252"), "“so”", "not UTF-8, read as Latin-1"),
        (b"\x81 no cp1252 \xe4", "\ufffd no cp1252 ä", "not UTF-8, read as Latin-1"),
        (b"\x1b[31mred\x1b[0m", "␛[31mred␛[0m", ""),
    ],
)
def test_texts(content: bytes, text: str, remark: str) -> None:
    assert decode_text(content) == Decoded(text, remark)


@pytest.mark.parametrize(
    "content",
    [
        b"\x7fELF\x02\x01\x01\x00",
        b"text with a \x00 in it",
        b"\xff\xfe\x00\x00\x00\x00\x00\x00",
        random.Random(1).randbytes(4000).replace(b"\x00", b"\x01"),
        "no byte order mark".encode("utf-16-le"),
    ],
)
def test_no_texts(content: bytes) -> None:
    assert decode_text(content) is None


@given(st.binary(max_size=300))
def test_whatever_comes_out_is_harmless(content: bytes) -> None:
    decoded = decode_text(content)
    if decoded is not None:
        assert not set(decoded.text) & set(map(chr, [*range(9), *range(11, 32), 127]))
        decoded.text.encode()


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C"])))
def test_plain_text_comes_back_as_it_is(text: str) -> None:
    found = decode_text(text.encode())
    assert found is not None
    assert found.text.split() == text.split()
