"""Long texts that repeat themselves honestly, or not at all: what every Python brings along.

Nothing is downloaded; how much there is depends on what is installed.
"""

from __future__ import annotations

import csv
import io
import json
import random
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.loop_samples import WORDS, prose

LONGEST_CHARACTERS = 200_000
"""Of one file: a reply is not longer."""
KIND_CHARACTERS = 2_500_000
"""Of one kind, files taken evenly from all that there are."""

_STDLIB = Path(sysconfig.get_path("stdlib"))
_PACKAGES = Path(sysconfig.get_path("purelib"))
_REPOSITORY = Path(__file__).parents[1]


class Text(NamedTuple):
    """One honest text."""

    kind: str
    name: str
    text: str


_FILES: tuple[tuple[str, Path, tuple[str, ...]], ...] = (
    ("Python source, standard library", _STDLIB, ("*.py",)),
    ("Python source, packages", _PACKAGES, ("*.py", "*.pyi")),
    ("C, C++ and JavaScript", _PACKAGES, ("*.h", "*.hpp", "*.c", "*.js", "*.css", "*.tcss")),
    ("documentation", _PACKAGES, ("*.md", "*.rst", "*.txt", "METADATA")),
    ("documentation", _REPOSITORY / "docs", ("*.md",)),
    ("licences", _PACKAGES, ("LICEN[CS]E*", "COPYING*", "NOTICE*", "AUTHORS*")),
    ("JSON, TOML, CSV", _PACKAGES, ("*.json", "*.toml", "*.csv", "*.yaml", "*.cfg", "RECORD")),
    ("JSON, TOML, CSV", _REPOSITORY / "tests", ("*.json", "*.toml", "*.csv", "*.svg")),
)


def honest_texts(*, kind_characters: int = KIND_CHARACTERS, seed: int = 1) -> Iterator[Text]:
    """Files and made-up texts, of each kind at most so many characters; another seed, others."""
    for kind, folder, patterns in _FILES:
        yield from _of_files(kind, folder, patterns, kind_characters, seed)
    yield from made_up_texts(kind_characters, seed)


def _of_files(
    kind: str, folder: Path, patterns: tuple[str, ...], limit: int, seed: int
) -> Iterator[Text]:
    paths = sorted(
        path
        for pattern in patterns
        for path in folder.rglob(pattern)
        # site-packages lie inside of the standard library's folder
        if path.is_file() and (folder != _STDLIB or "site-packages" not in path.parts)
    )
    random.Random(seed).shuffle(paths)
    seen = set()
    for path in paths:
        text = path.read_text(encoding="utf-8", errors="replace")[:LONGEST_CHARACTERS]
        if limit <= 0:
            return
        if text in seen:
            continue
        seen.add(text)
        limit -= len(text)
        yield Text(kind, path.name, text)


def made_up_texts(limit: int, seed: int = 1) -> Iterator[Text]:
    """Tables, logs, lists and poems; the same every time that the seed is."""
    draw = random.Random(seed)
    rounds = max(1, min(20, limit // 125_000))
    for _ in range(rounds):
        for name, text in _tables(draw):
            yield Text("tables and sums", name, text)
        for name, text in _logs(draw):
            yield Text("logs", name, text)
        for name, text in _listings(draw):
            yield Text("lists, drawings, poems", name, text)


def _tables(draw: random.Random) -> Iterator[tuple[str, str]]:
    n = draw.randint(3, 99)
    lines = [f"{n} x {factor} = {n * factor}" for factor in range(1, 101)]
    yield "multiplication table", "\n".join(lines)
    size = draw.randint(10, 20)
    square = [[f"{a * b:4}" for a in range(1, size + 1)] for b in range(1, size + 1)]
    yield "multiplication square", "\n".join(" ".join(row) for row in square)
    yield "long division", _long_division(draw.randint(1, 6), 7, 40)
    divisor = draw.choice((3, 7, 11, 13, 17, 19, 97))
    yield "decimal expansion", f"1/{divisor} = 0.{10**400 // divisor:0400}"
    words = [draw.choice(WORDS) for _ in range(5)]
    rows = ["| " + " | ".join(words) + " |", "|" + "---|" * 5]
    for number in range(60):
        cells = (draw.choice(WORDS), number, draw.randint(1, 9999), draw.random(), "yes")
        rows.append("| " + " | ".join(map(str, cells)) + " |")
    yield "Markdown table", "\n".join(rows)
    places = [
        {"id": number, "name": draw.choice(WORDS), "active": True, "size": draw.randint(1, 99)}
        for number in range(60)
    ]
    yield "JSON records", json.dumps(places, indent=2)
    yield "JSON on one line", json.dumps({f"key_{number}": number for number in range(150)})
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(("date", "open", "close", "volume"))
    for day in range(150):
        date = f"2026-{day // 28 % 12 + 1:02}-{day % 28 + 1:02}"
        writer.writerow((date, draw.randint(90, 110), draw.randint(90, 110), draw.randint(1, 9)))
    yield "CSV", table.getvalue()
    zeros = "\n".join(" ".join(draw.choice("0001") for _ in range(20)) for _ in range(20))
    yield "matrix", zeros


def _long_division(dividend: int, divisor: int, digits: int) -> str:
    lines, rest = [f"{dividend} ÷ {divisor}"], dividend % divisor
    for _ in range(digits):
        digit, after = divmod(rest * 10, divisor)
        lines.append(f"{rest * 10} ÷ {divisor} = {digit}, remainder {after}")
        rest = after
    return "\n".join(lines)


def _logs(draw: random.Random) -> Iterator[tuple[str, str]]:
    lines = [
        f"64 bytes from 10.0.0.1: icmp_seq={n} ttl=57 time={draw.uniform(9, 12):.1f} ms"
        for n in range(60)
    ]
    yield "ping", "\n".join(lines)
    events = [prose(draw, 6).strip() for _ in range(6)]
    lines = [
        f"2026-11-26 {n // 60:02}:{n % 60:02}:07 {draw.choice(('INFO', 'WARN'))} "
        f"[{draw.choice(WORDS)}-{draw.randint(1, 9)}] {draw.choice(events)} "
        f"id={draw.randint(1, 999)}"
        for n in range(120)
    ]
    yield "server", "\n".join(lines)
    requests = [
        f"10.0.0.{draw.randint(1, 99)} - - [26/Nov/2026:01:{n // 60:02}:{n % 60:02} +0000] "
        f'"GET /{draw.choice(WORDS)} HTTP/1.1" 200 {draw.randint(99, 9999)}'
        for n in range(80)
    ]
    yield "web server", "\n".join(requests)
    tests = [
        f"tests/test_{draw.choice(WORDS)}.py::test_{draw.choice(WORDS)} PASSED" for _ in range(80)
    ]
    yield "test run", "\n".join(tests)


def _listings(draw: random.Random) -> Iterator[tuple[str, str]]:
    lines = [
        f"{n}. {draw.choice(WORDS).capitalize()} the {draw.choice(WORDS)}" for n in range(1, 81)
    ]
    yield "enumeration", "\n".join(lines)
    lines = [f"- The opposite of {draw.choice(WORDS)} is {draw.choice(WORDS)}." for _ in range(60)]
    yield "sentences of one form", "\n".join(lines)
    width = draw.randint(40, 76)
    box = ["+" + "-" * width + "+"] + ["|" + " " * width + "|"] * 8 + ["+" + "-" * width + "+"]
    yield "box", "\n".join(box + ["=" * width] * 2 + ["*" * width])
    refrain = "\n".join(prose(draw, 6).strip() for _ in range(4))
    verses = ["\n".join(prose(draw, 6).strip() for _ in range(4)) for _ in range(6)]
    yield "poem with a refrain", "\n\n".join(f"{verse}\n\n{refrain}" for verse in verses)
    trials = [
        f"Try n = {n}: {n}^2 + {n} = {n * n + n}, which is {'less' if n < 14 else 'more'} than 200."
        for n in range(1, 15)
    ]
    yield "trial of cases", "\n".join(trials)
    yield "counting", " ".join(map(str, range(1, 301)))
