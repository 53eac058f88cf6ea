"""Word wrap: tables against plain expectations, and random text against a slow reference."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from localr1.tui import wrap
from localr1.tui.marks import MAX_JOINED, MAX_MARKS
from localr1.tui.wrap import WrappedText, break_rows

PIECES = st.lists(
    st.text(alphabet="ab  \n\tx.é水。🙂👩\u200d💻\u0301\ufe0f☁", max_size=12), max_size=12
)


def rows(text: str, width: int) -> list[str]:
    wrapped = WrappedText(width)
    wrapped.append(text)
    return [line.text.rstrip(" ") for line in wrapped.lines]


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("", 5, [""]),
        ("abc", 5, ["abc"]),
        ("abc de", 5, ["abc", "de"]),
        ("abcde fg", 5, ["abcde", "fg"]),
        ("ab   cd", 5, ["ab", "cd"]),
        ("ab    cdef", 5, ["ab", "cdef"]),
        ("abcdefghijkl", 5, ["abcde", "fghij", "kl"]),
        ("ab cdefghij", 5, ["ab", "cdefg", "hij"]),
        ("  abcdefg", 5, ["  abc", "defg"]),
        ("a\n\nb", 5, ["a", "", "b"]),
        ("a\n", 5, ["a", ""]),
        ("\ta", 6, ["    a"]),
        ("        a", 5, ["", "a"]),
        ("水水水水", 5, ["水水", "水水"]),
        ("ab水水 cd", 5, ["ab水", "水 cd"]),
        ("水水，水", 4, ["水", "水，", "水"]),
        ("e\u0301e\u0301e\u0301", 2, ["e\u0301e\u0301", "e\u0301"]),
        ("a👩\u200d💻b", 3, ["a👩\u200d💻", "b"]),
        ("水", 1, ["水"]),
    ],
)
def test_rows(text: str, width: int, expected: list[str]) -> None:
    assert rows(text, width) == expected


def reference(paragraph: str, width: int) -> list[str]:
    """The same wrap found by trying every prefix of the rest, longest first."""
    wrapped = []
    clusters = [paragraph[i:j] for i, j in _spans(paragraph)]
    while True:
        cut = _longest_row(clusters, width)
        row, clusters = clusters[:cut], clusters[cut:]
        wrapped.append("".join(row).rstrip(" "))
        while clusters and clusters[0] == " ":
            del clusters[0]
        if not clusters:
            return wrapped


def _spans(text: str) -> list[tuple[int, int]]:
    starts = [start for start, _ in wrap._clusters(text)]
    return list(zip(starts, [*starts, len(text)][1:], strict=True))


def _longest_row(clusters: list[str], width: int) -> int:
    def fits(count: int) -> bool:
        return cell_len("".join(clusters[:count]).rstrip(" ")) <= width

    def may_break(count: int) -> bool:
        if count == len(clusters):
            return True
        before, after = clusters[count - 1], clusters[count]
        if after == " " or not "".join(clusters[:count]).strip(" "):
            return False
        wide = max(cell_len(before), cell_len(after)) > 1
        return before == " " or (wide and after[0] not in wrap._CLOSING)

    counts = range(len(clusters), 0, -1)
    for count in counts:
        if fits(count) and may_break(count):
            return count
    leading = next((i for i, c in enumerate(clusters) if c != " "), len(clusters))
    if leading and leading >= width:
        return leading
    return next((count for count in counts if fits(count)), min(1, len(clusters)))


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="abc   。水🙂é", max_size=40), st.integers(2, 12))
def test_measured_wrap_equals_the_reference(text: str, width: int) -> None:
    assert rows(text, width) == reference(text, width)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="abc   ", max_size=60), st.integers(1, 12))
def test_narrow_and_measured_wrap_agree(text: str, width: int) -> None:
    def texts(found: list[tuple[int, int]]) -> list[str]:
        return [text[start:end] for start, end in found]

    assert texts(wrap._break_narrow(text, width)) == texts(wrap._break_measured(text, width))


@settings(max_examples=200, deadline=None)
@given(PIECES, st.integers(1, 14))
def test_chunks_give_the_same_lines_as_the_whole(pieces: list[str], width: int) -> None:
    chunked = WrappedText(width)
    for piece in pieces:
        chunked.append(piece)
    whole = WrappedText(width)
    whole.append("".join(pieces))
    assert [line.text.rstrip(" ") for line in chunked.lines] == [
        line.text.rstrip(" ") for line in whole.lines
    ]
    assert chunked.text == whole.text
    chunked.rewrap(width + 3)
    again = WrappedText(width + 3)
    again.append("".join(pieces))
    assert [line.text for line in chunked.lines] == [line.text for line in again.lines]


@settings(max_examples=300, deadline=None)
@given(PIECES, st.integers(2, 14))
def test_rows_fit_and_nothing_but_spaces_is_lost(pieces: list[str], width: int) -> None:
    wrapped = WrappedText(width)
    wrapped.append("".join(pieces))
    for line in wrapped.lines:
        assert cell_len(line.text.rstrip(" ")) <= width
    rejoined = "".join(line.text + line.ending for line in wrapped.lines)
    assert rejoined.split() == wrapped.text.split()


def test_ranges_taken_as_narrow_are_one_cell_wide() -> None:
    for code_point in range(0x20, 0x3000):
        if wrap._narrow(chr(code_point)):
            assert cell_len(chr(code_point)) == 1, hex(code_point)


def test_stacked_marks_are_capped_even_over_chunks() -> None:
    wrapped = WrappedText(20)
    wrapped.append("a")
    for _ in range(100):
        wrapped.append("\u0301")
    wrapped.append(" \u0301b")
    assert wrapped.text == "a" + "\u0301" * MAX_MARKS + " b"


@pytest.mark.parametrize("filler", [" ", "x", "\u0301", "水", "word ", "e\u200d", "🏳\ufe0f\u200d"])
def test_work_per_append_does_not_grow(filler: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def counted(text: str, width: int) -> list[tuple[int, int]]:
        seen.append(len(text))
        return break_rows(text, width)

    monkeypatch.setattr(wrap, "break_rows", counted)
    wrapped = WrappedText(80)
    wrapped.append("a")
    for _ in range(3000):
        wrapped.append(filler * 8)
    assert max(seen) <= 80 * (MAX_MARKS + 1) * (MAX_JOINED + 1)
