r"""The boxed result: finding it, comparing it, voting; on honest and on hostile text."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localr1.chat.boxed import BOX_LIMIT_CHARACTERS, Vote, comparable, last_boxed, majority


@pytest.mark.parametrize(
    ("answer", "content"),
    [
        (r"So \boxed{5}.", "5"),
        (r"$\boxed{5}$ and then $\boxed{6}$", "6"),
        (r"\[ \boxed{\frac{1}{2}} \]", r"\frac{1}{2}"),
        (
            r"\boxed{\frac{\sqrt{2}}{\sqrt{3+\frac{1}{2}}}}",
            r"\frac{\sqrt{2}}{\sqrt{3+\frac{1}{2}}}",
        ),
        (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
        (r"\boxed{\}}", r"\}"),
        (r"\boxed{ 5 }", "5"),
        (r"\boxed {5}", "5"),
        ("\\boxed\n{5}", "5"),
        (r"\fbox{5}", "5"),
        (r"\boxed 5", "5"),
        (r"\boxed 42.", "42"),
        (r"\boxed -3/4, so", "-3/4"),
        (r"\boxed5", "5"),
        (r"\boxed C", "C"),
        (r"\boxed{\boxed{5}}", "5"),
        (r"\boxed{a \boxed{b} c}", "b"),
        (r"\\boxed{5}", "5"),  # escaped once more, as in a string
        (r"x &= 5 \\\boxed{5}", "5"),  # after a line break
        (r"\boxed{$5$}", "$5$"),
        (r"\boxed{\text{Yes}}", r"\text{Yes}"),
        (r"} } \boxed{5}", "5"),
        (r"{ { \boxed{5}", "5"),
        (r"\boxed{4} and \boxed{5", "4"),
        (r"\boxed{4} and then \boxed{}", "4"),
        ("\\boxed{4}\n\n\\boxed{5 and\n\nmore {text} }", "4"),
        (r"\boxed{\begin{pmatrix}1\\2\end{pmatrix}}", r"\begin{pmatrix}1\\2\end{pmatrix}"),
        ("Write it as `\\boxed{}`.", None),
        (r"Use \boxed for the result", None),
        (r"\boxed is a command", None),
        (r"\boxedx{5}", None),
        (r"boxed{5}", None),
        (r"\boxed{5", None),
        (r"\boxed", None),
        ("\\", None),
        ("", None),
    ],
)
def test_the_last_box(answer: str, content: str | None) -> None:
    assert last_boxed(answer) == content


def test_a_box_as_long_as_a_page_is_a_missing_brace() -> None:
    longest = "x" * BOX_LIMIT_CHARACTERS
    assert last_boxed(rf"\boxed{{{longest}}}") == longest
    assert last_boxed(rf"\boxed{{4}} \boxed{{{longest}x}}") == "4"


@pytest.mark.parametrize(
    "group",
    [
        [
            "33",
            "033",
            "33.",
            "33.0",
            "33.00",
            "+33",
            " 33 ",
            "$33$",
            r"\frac{66}{2}",
            "66/2",
            "x=33",
        ],
        [r"\frac{1}{2}", r"\dfrac{1}{2}", r"\tfrac12", r"\frac 1 2", "1/2", "0.5", ".5", "0.50"],
        [r"-\frac{1}{2}", r"\frac{-1}{2}", "-1/2", "−0.5", r"\frac{1}{-2}"],
        ["1,234", "1234", r"1{,}234", r"1,\!234", r"1\,234", "1 234"],
        ["12,345,678.5", "12345678.5"],
        ["0", "-0", "0.0", "00", "0/7"],
        [r"45^\circ", r"45^{\circ}", "45°", "45", r"45\degree"],
        [r"50\%", "50%", "50", r"50 \%"],
        [r"\$7", "7", r"$\$7$"],
        [r"\left(1, 2\right)", "(1,2)", r"\left( 1,\; 2 \right)", r"\bigl(1,2\bigr)"],
        [r"\text{Yes}", "yes", "Yes.", r"\mathrm{YES}"],
        [r"\text{No}", "No"],
        ["1, 2, 3", "1,2,3"],
        ["C", "(C)", r"\text{C}", r"\textbf{(C)}", "C."],
        ["2x + 1", "2x+1", "y = 2x+1"],
        [r"\dfrac{\sqrt{3}}{2}", r"\frac{\sqrt{3}}{2}"],
        [r"5 \text{ cm}", "5 cm", r"5\,\mathrm{cm}"],
        [r"10^{999999999}", r"10^{ 999999999 }"],
    ],
)
def test_equal_results(group: list[str]) -> None:
    assert len({comparable(each) for each in group}) == 1, [comparable(each) for each in group]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("33", "-33"),
        ("0.333", "1/3"),
        ("5 cm", "5 m"),
        ("5 cm", "5"),
        ("A", "a"),
        ("AB", "ab"),
        ("1/0", "0"),
        (r"\frac{1}{0}", "1"),
        ("1,23", "123"),
        ("3,14", "3.14"),
        ("(1,2)", "(2,1)"),
        ("1e5", "100000"),
        ("10^2", "100"),
        (r"1\frac{1}{2}", "3/2"),
        (r"\leftarrow", "arrow"),
        (r"\frac123", r"\frac{1}{2}"),
        ("x=1, y=2", "1, y=2"),
        ("1 2", "12"),
        ("100, 200", "100200"),
        ("٣", "3"),
    ],
)
def test_different_results(one: str, other: str) -> None:
    assert comparable(one) != comparable(other)


def replies(*contents: str | None) -> list[str]:
    """Answers with these results."""
    return ["no box" if each is None else rf"So it is \boxed{{{each}}}." for each in contents]


def test_the_majority_as_first_written() -> None:
    vote = majority(replies("7", "033", None, "33", "33.0", "8"))
    assert vote == Vote(answer="033", count=3, of=5, replies=6, voters=(1, 3, 4))


@pytest.mark.parametrize(
    ("contents", "answer", "ties"),
    [
        (["1", "2"], "1", ("2",)),
        (["1", "2", "2", "1"], "2", ("1",)),
        (["1", "2", "3", "2", "1"], "2", ("1",)),
        (["1", "1", "2"], "1", ()),
        (["3", "1", "2"], "3", ("1", "2")),
    ],
)
def test_a_tie_goes_to_the_answer_reached_first(
    contents: list[str], answer: str, ties: tuple[str, ...]
) -> None:
    vote = majority(replies(*contents))
    assert vote is not None
    assert (vote.answer, vote.ties) == (answer, ties)


def test_no_result_no_vote() -> None:
    assert majority([]) is None
    assert majority(replies(None, None)) is None


# ---- any text ------------------------------------------------------------------------------

LATEX_PARTS = (
    *r"{}$^_%/.,-=() 1750xC",
    *("\\", "\n", "\n\n", r"\boxed", r"\boxed{", r"\fbox{", r"\frac", r"\text{"),
    *(r"\left(", r"\right)", r"\,", "1,234", r"^\circ", r"\%", "e9"),
)
LATEX = st.lists(st.sampled_from(LATEX_PARTS), max_size=40).map("".join)
BALANCED = st.recursive(
    st.text("12x+ ", min_size=1).filter(str.strip),
    lambda inner: inner.map(lambda text: rf"\frac{{{text}}}{{2}}") | inner.map("{{{}}}".format),
    max_leaves=5,
)


@given(LATEX)
def test_a_found_box_stands_in_the_text_with_balanced_braces(answer: str) -> None:
    content = last_boxed(answer)
    if content is not None:
        assert content and content in answer and content == content.strip()
        bare = content.replace("\\\\", "").replace(r"\{", "").replace(r"\}", "")
        assert bare.count("{") == bare.count("}")


@given(LATEX, BALANCED)
def test_a_box_at_the_end_is_found(before: str, content: str) -> None:
    assert last_boxed(f"{before}\n\nSo \\boxed{{{content}}}.") == content.strip()


@given(LATEX)
def test_a_key_does_not_depend_on_white_space_around(content: str) -> None:
    assert comparable(f"  {content.strip()}\n") == comparable(content.strip())


@given(st.fractions())
def test_fractions_compare_as_numbers(value: Fraction) -> None:
    wording = rf"\dfrac{{{value.numerator}}}{{{value.denominator}}}"
    assert comparable(wording) == comparable(f"{value.numerator}/{value.denominator}") == value


@given(st.integers())
def test_integers_compare_as_numbers(value: int) -> None:
    assert comparable(f"{value:,}") == comparable(f"{value}.0") == value


@given(st.lists(st.sampled_from(["1", "2", "x", None]), max_size=12))
def test_a_vote_counts_right(contents: list[str | None]) -> None:
    vote = majority(replies(*contents))
    cast = [each for each in contents if each is not None]
    if vote is None:
        assert not cast
    else:
        assert vote.count == max(cast.count(each) for each in cast) == cast.count(vote.answer)
        assert vote.count == len(vote.voters)
        assert (vote.of, vote.replies) == (len(cast), len(contents))
        assert all(cast.count(each) == vote.count for each in vote.ties)


MEGABYTE = 1 << 20
HOSTILE = {
    "open braces": "{" * MEGABYTE,
    "closing braces": "}" * MEGABYTE,
    "boxes": r"\boxed{" * (MEGABYTE // 7),
    "boxes without braces": r"\boxed" * (MEGABYTE // 6),
    "backslashes": "\\" * MEGABYTE,
    "newlines": "\n \t" * (MEGABYTE // 3),
    "spaces after a newline": "\n" + " " * MEGABYTE,
    "texts": r"\text{" * (MEGABYTE // 6),
    "fractions": r"\frac{" * (MEGABYTE // 6),
    "digits": "1" * MEGABYTE,
    "groups": ",111" * (MEGABYTE // 4),
    "bare numbers": r"\boxed " + "1" * MEGABYTE,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_read_to_its_end(text: str) -> None:
    """Anything worse than linear work would not end at this size."""
    assert majority([text, f"{text}\n\n\\boxed{{5}}", r"\boxed{5}"]) is not None
    assert isinstance(comparable(text), str)


@pytest.mark.parametrize(
    "content",
    ["1" * 401, "10^999999999", "1e999999999", "9" * 990, "1/" + "0" * 500, "0." + "0" * 900],
)
def test_huge_numbers_are_not_evaluated(content: str) -> None:
    assert isinstance(comparable(content), str)
