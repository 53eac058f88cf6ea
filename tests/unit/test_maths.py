"""Formulas as text: a corpus looked at one by one, and what hostile ones do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localr1.chat import maths

WIDTH = 76


class Formula(NamedTuple):
    source: str
    inline: str
    display: list[str]


def _corpus() -> Iterator[Formula]:
    file = Path(__file__).parent.parent / "data" / "formulas.txt"
    for block in file.read_text(encoding="utf-8").strip().split("\n\n"):
        source, inline, *display = block.split("\n")
        yield Formula(source, inline.removeprefix("> "), [line[2:] for line in display])


CORPUS = list(_corpus())


def cells(text: str) -> int:
    """As terminals count: combining marks take none, Chinese characters two."""
    marks = sum("\u0300" <= c <= "\u036f" or "\u20d0" <= c <= "\u20ff" for c in text)
    return len(text) + sum("\u2e80" <= c <= "\uffdc" for c in text) - marks


@pytest.mark.parametrize("formula", CORPUS, ids=[formula.source[:40] for formula in CORPUS])
def test_corpus(formula: Formula) -> None:
    assert maths.inline(formula.source) == formula.inline
    lines = maths.display(formula.source, WIDTH, cells)
    assert lines == formula.display


@pytest.mark.parametrize(
    "source",
    [
        "{",
        "}",
        "a}",
        r"\frac{1}",
        r"\frac",
        r"\begin{align} x",
        r"\begin{align} x \end{gather}",
        r"\left( x",
        r"x \right)",
        "x^",
        "x^a^b",
        "x_a_b",
        r"\def\a{1} \a",
        r"\newcommand{\x}{y} \x",
        "{" * 10_000,
        "{" * 900 + "}" * 900,
        "x" * 100_000,
        r"\frac{" * 10_000,
        r"\begin{matrix}" + "&" * 1_500 + r"\end{matrix}",
        "",
        " ",
    ],
    ids=lambda source: source[:20],
)
def test_what_is_no_formula_is_left_to_its_source(source: str) -> None:
    assert maths.inline(source) is None
    assert maths.display(source, WIDTH, cells) is None


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (r"\foo", r"\foo"),
        (r"\foo{a}{b} + 1", r"\foo{a}{b} + 1"),
        (r"\ce{H2O}", r"\ce{H2O}"),
        (r"x \unknown y", r"x\unknown y"),
    ],
)
def test_an_unknown_command_keeps_its_source(source: str, shown: str) -> None:
    assert maths.inline(source) == shown


def test_a_long_formula_is_broken_before_a_relation() -> None:
    source = "S = " + " + ".join(f"a_{{{n}}}" for n in range(10, 18)) + r" = \frac{1}{2}"
    lines = maths.display(source, 30, cells)
    assert lines == [
        "S = a₁₀ + a₁₁ + a₁₂ + a₁₃",
        "    + a₁₄ + a₁₅ + a₁₆ + a₁₇",
        "",
        "      1",
        "    = ─",
        "      2",
    ]


def test_what_does_not_fit_is_given_as_one_line_each_row() -> None:
    source = r"\begin{align} a + b &= \frac{c}{d} \\ e &= f \end{align}"
    assert maths.display(source, 8, cells) == ["a + b = c/d", "e = f"]


PIECES = st.sampled_from(
    [
        *("{", "}", "^", "_", "&", "\\\\", " ", "a", "1", "23", "水", "'", "|", "(", ")", "[", "]"),
        *("=", "-", ",", "$", "\\", "\u0301", "😀", "\x1b", "\n", "%", "~"),
        *(r"\frac", r"\sqrt", r"\sum", r"\lim", r"\boxed", r"\text{a $b$}", r"\left(", r"\right)"),
        *(r"\begin{pmatrix}", r"\end{pmatrix}", r"\begin{cases}", r"\end{cases}", r"\foo", r"\hat"),
        *(
            r"\not",
            r"\overset",
            r"\xrightarrow",
            r"\operatorname",
            r"\mathbb",
            r"\binom",
            r"\tag{1}",
        ),
        *(r"\begin{array}{c|c}", r"\end{array}", r"\underbrace", r"\pmod", r"\left.", r"\mathbf"),
    ]
)


@settings(max_examples=600, deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join), st.integers(1, 60))
def test_anything_gives_lines_or_none(source: str, width: int) -> None:
    inline = maths.inline(source)
    lines = maths.display(source, width, cells)
    assert (inline is None) == (lines is None)
    assert inline is None or "\x00" not in inline
    assert lines is None or all("\r" not in line for line in lines)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_no_harm(source: str) -> None:
    maths.inline(source)
    maths.display(source, 40, cells)
