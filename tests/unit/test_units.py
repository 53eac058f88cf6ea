"""Numbers as people read them, at the edges of each unit too."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localr1.units import count, download_size, duration, memory_size


@pytest.mark.parametrize(
    ("size_bytes", "memory", "download"),
    [
        (0, "0 B", "0 B"),
        (1, "1 B", "1 B"),
        (999, "999 B", "999 B"),
        (1000, "1000 B", "1.0 kB"),
        (1023, "1023 B", "1.0 kB"),
        (1024, "1.0 KiB", "1.0 kB"),
        (999_949, "976.5 KiB", "999.9 kB"),
        (999_950, "976.5 KiB", "1.0 MB"),
        ((1 << 20) - 1, "1.0 MiB", "1.0 MB"),
        ((1 << 30) - 1, "1.0 GiB", "1.1 GB"),
        (4_684_000_000, "4.4 GiB", "4.7 GB"),
        (5 << 40, "5120.0 GiB", "5497.6 GB"),
        (-4096, "-4.0 KiB", "-4.1 kB"),
    ],
)
def test_sizes(size_bytes: int, memory: str, download: str) -> None:
    assert memory_size(size_bytes) == memory
    assert download_size(size_bytes) == download


@settings(deadline=None)  # a busy machine is no failure
@given(st.integers(0, (1 << 40) - 1))
def test_a_size_never_shows_more_than_its_unit_holds(size_bytes: int) -> None:
    for text, most in ((memory_size(size_bytes), 1024), (download_size(size_bytes), 1000)):
        number, unit = text.split()
        if unit not in ("GiB", "GB"):
            assert float(number) < most, text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (0.04, "0.0 s"),
        (0.4, "0.4 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (12.3, "12 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (61, "1 min 1 s"),
        (200, "3 min 20 s"),
        (3599.6, "1 h"),
        (7300, "2 h 1 min"),
        (86_400, "24 h"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@settings(deadline=None)  # a busy machine is no failure
@given(st.floats(0, 1e6))
def test_a_duration_never_shows_sixty_of_anything(seconds: float) -> None:
    assert not re.search(r"\b60 (s|min)\b", duration(seconds))
    assert duration(seconds) != "10.0 s"


@pytest.mark.parametrize(
    ("number", "nouns", "text"),
    [
        (0, ("token",), "0 tokens"),
        (1, ("token",), "1 token"),
        (1234, ("token",), "1,234 tokens"),
        (1, ("reply", "replies"), "1 reply"),
        (2, ("reply", "replies"), "2 replies"),
    ],
)
def test_counts(number: int, nouns: tuple[str, ...], text: str) -> None:
    assert count(number, *nouns) == text
