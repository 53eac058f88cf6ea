"""Answers as rows: what each kind of block looks like, and that chunks make no difference."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it.token import Token
from rich.cells import cell_len

from localr1.tui.markdown import blocks, parser
from localr1.tui.markdown.blocks import PIECE_LIMIT, WHOLE_LIMIT, GrowingMarkdown
from localr1.tui.markdown.pressable import CodeBlock
from localr1.tui.rows import Row
from localr1.tui.widgets.answer_view import AnswerView

SAMPLE = (Path(__file__).parent / "sample_answer.md").read_text(encoding="utf-8")


def view(text: str, width: int = 40) -> AnswerView:
    answer = AnswerView(text)
    answer.wrap_width = width
    answer.wrap(width)
    return answer


def growing(width: int = 40) -> AnswerView:
    """An empty answer that was laid out."""
    answer = AnswerView()
    answer.wrap_width = width
    return answer


def drawn(row: Row) -> str:
    return ("".join(span.text for span in row.margin) + row.text).rstrip()


def lines(answer: AnswerView) -> list[str]:
    return [drawn(answer.row(y)) for y in range(answer.row_count())]


def looks(answer: AnswerView, words: str) -> set[str]:
    """The looks of the span with exactly these words."""
    for y in range(answer.row_count()):
        for span in answer.row(y).spans:
            if span.text == words:
                return set(span.look)
    raise AssertionError(f"{words!r} is not a span")


CODE_BARS = ["a     │ b", "──────┼───", "$x|y$ │ z", "$5    │ $6"]
BARS = ["a      │ b", "───────┼───", "P(A|B) │ $5", "|x|    │ $6"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", []),
        ("one\n\ntwo", ["one", "", "two"]),
        ("kept\nline ends", ["kept", "line ends"]),
        ("# Title\ntext", ["Title", "", "text"]),
        ("**b** *e* `c` ~~s~~", ["b e c s"]),
        ("- a\n- b\n  - c\n", ["• a", "• b", "  • c"]),
        ("- a\n\n- b", ["• a", "", "• b"]),
        ("9. a\n10. b", ["9. a", "10. b"]),
        ("- a\n\n  more", ["• a", "", "  more"]),
        ("> a\n> b", ["▎ a", "▎ b"]),
        ("a\n\n---\n\nb", ["a", "", "─" * 40, "", "b"]),
        ("```py\nx = 1\n```\nafter", [" py", " x = 1", "", "after"]),
        ("```\na\n\n\tb\n```", [" a", "", "     b"]),
        ("| a | b |\n|---|---|\n| 1 | 22 |", ["a │ b", "──┼───", "1 │ 22"]),
        ("[words](http://a.b)", ["words (http://a.b)"]),
        ("<http://a.b>", ["http://a.b"]),
        ("![picture](http://a.b)", ["image: picture (http://a.b)"]),
        ("List<int> <think>x</think> a<y>b", ["List<int> <think>x</think> a<y>b"]),
        ("[1]: http://a.b", ["[1]: http://a.b"]),
        ("words\n---", ["words", "", "─" * 40]),
        ("- \n- b", ["•", "• b"]),
        ("\\(x^2\\), $y_1*z_1*2$", ["x², y₁ ∗ z₁ ∗ 2"]),
        ("so\n\\[\nx\n\n= 1\n\\]\nand", ["so", "", "  x = 1", "", "and"]),
        ("\\[ x = 1, \\] for", ["  x = 1,", "for"]),
        ("a $$x$$ b", ["a", "  x", "b"]),
        ("$$\n\\frac{a}{b}\n$$", ["  a", "  ─", "  b"]),
        ("- a\n  \\[\n  x\n  \\]\n- b", ["• a", "    x", "• b"]),
        ("> \\[\n> x\n> \\]", ["▎   x"]),
        ("\\begin{align}\na &= b \\\\\n&= c\n\\end{align}", ["  a = b", "    = c"]),
        ("see \\boxed{5}.", ["see ⟦5⟧."]),
        ("\\boxed{5}", ["  ┌───┐", "  │ 5 │", "  └───┘"]),
        ("| a |\n|---|\n| $x^2$ |", ["a", "──", "x²"]),
        ("| a | b |\n|---|---|\n| $P(A|B)$ | $5 |\n| \\(|x|\\) | $6 |", BARS),
        ("|a|b|\n|-|-|\n|`$x|y$`|z|\n|$5|$6|", CODE_BARS),
        ("| no table $|x|$", ["| no table |x|"]),
        ("## $x^2$ **\\(y^2\\)**", ["x² y²"]),
        ("$5 and $6, \\$7; $5 or even 6$ x", ["$5 and $6, $7; $5 or even 6$ x"]),
        ("$10-$20, $ x $, US$5 and US$6", ["$10-$20, $ x $, US$5 and US$6"]),
        ("`$x$` and `\\(x\\)`", ["$x$ and \\(x\\)"]),
        ("```\n\\[x\\]\n$y$\n```", [" \\[x\\]", " $y$"]),
        ("    $x$", [" $x$"]),
        ("\\(x_1 + *y*", ["\\(x_1 + *y*"]),
        ("\\[\n\\frac{1", ["\\[", "\\frac{1"]),
        ("\\[\n# Title\n\\]", ["\\[", "", "Title", "", "\\]"]),
        ("\\) and \\]", ["\\) and \\]"]),
        ("$\\frac{1}{$", ["$\\frac{1}{$"]),
        ("$$\\def\\a{1}\\a$$", ["$$\\def\\a{1}\\a$$"]),
    ],
)
def test_blocks(source: str, expected: list[str]) -> None:
    assert lines(view(source)) == expected


def test_looks_of_inline_words() -> None:
    answer = view("**bold *both*** `code` [words](http://a.b)")
    assert looks(answer, "bold ") == {"answer--strong"}
    assert looks(answer, "both") == {"answer--strong", "answer--emphasis"}
    assert looks(answer, "code") == {"answer--code"}
    assert looks(answer, "words") == {"answer--link"}


def test_code_is_coloured_once_its_fence_is_closed() -> None:
    answer = growing()
    answer.append("```python\ndef f(): pass\n")
    assert looks(answer, "def f(): pass") == {"answer--panel"}
    answer.append("```\n")
    assert "code--keyword" in looks(answer, "def")


def test_formulas_have_looks_and_can_show_their_source() -> None:
    answer = view("\\(x^2\\) and\n\n\\[ \\frac{1}{2} \\]\n\n$\\frac{1}{$")
    assert looks(answer, "x²") == {"answer--maths"}
    assert looks(answer, "$\\frac{1}{$") == {"answer--source"}
    answer.show_source(True)
    assert lines(answer) == ["\\(x^2\\) and", "", "\\[ \\frac{1}{2} \\]", "", "$\\frac{1}{$"]
    answer.append("more $y^2$")
    answer.finish()
    assert lines(answer)[-1].endswith("more $y^2$")
    answer.show_source(False)
    assert lines(answer)[:3] == ["x² and", "", "  1"]


def test_a_formula_turns_when_it_is_closed() -> None:
    answer = growing()
    answer.append("a\n\n\\[\nx^2\n\n+ 1")
    assert lines(answer) == ["a", "", "\\[", "x^2", "", "+ 1"]
    answer.append("\n\\]\n")
    assert lines(answer) == ["a", "", "  x² + 1"]
    assert [block.source for block in answer._markdown.closed][-1] == "\\[\nx^2\n\n+ 1\n\\]\n"


def test_a_formula_that_never_ends_is_text_in_the_end() -> None:
    answer = growing()
    answer.append("\\[ lost\n\n")
    for number in range(300):
        answer.append(f"- item {number}\n")
    assert lines(answer)[:4] == ["\\[ lost", "", "• item 0", "• item 1"]


def test_a_wide_formula_is_broken_or_wrapped_to_the_width() -> None:
    source = "$$ " + " + ".join(f"a_{{{n}}}" for n in range(30)) + " $$"
    for width in (8, 20, 40):
        answer = view(source, width)
        assert all(cell_len(line) <= width for line in lines(answer))
        assert "".join(lines(answer)).count("a") == 30


def test_code_blocks_are_found_wherever_they_stand() -> None:
    source = "```py\na\n```\n- b\n  ```\n  c\n\n  d\n  ```\n\ntext\n\n    e\n\n~~~sh x\nf"
    answer = growing()
    answer.append(source)
    closed = [CodeBlock("py", "a"), CodeBlock("", "c\n\nd"), CodeBlock("", "e")]
    assert answer.code_blocks() == closed
    answer.finish()
    assert answer.code_blocks() == [*closed, CodeBlock("sh", "f")]


def test_unknown_language_stays_plain() -> None:
    assert lines(view("```no-such-language\nx\n```")) == [" no-such-language", " x"]


def test_long_code_lines_are_cut_and_copied_whole() -> None:
    answer = view("```\n" + "x" * 100 + "\n```")
    assert [len(answer.row(y).text) for y in range(answer.row_count())] == [38, 38, 24]
    assert [answer.row(y).ending for y in range(answer.row_count())] == ["", "", "\n"]


def test_table_is_narrowed_then_listed() -> None:
    source = "| a | b |\n|---|---|\n| one two three | " + "word " * 20 + "|"
    narrow = lines(view(source, 30))
    assert all(cell_len(line) <= 30 for line in narrow)
    assert narrow[0].startswith("a")
    assert lines(view(source, 12))[:2] == ["a: one two", "three"]


def test_character_references_cannot_hide_control_codes() -> None:
    source = "&#27;]52;c;eA==&#7; &#x202e;x <http://a/%1b]0;t%07> [x](http://a/&#x9b;2J)"
    shown = "".join(lines(view(source, 200)))
    assert not any(ord(character) < 32 or 0x7F <= ord(character) < 0xA0 for character in shown)
    assert "\u202e" not in shown


def test_formulas_cannot_hide_control_codes() -> None:
    source = (
        "$\\text{\x1b]52;c;eA==\x07}\\foo\x9b{\u202e}$ $\\frac{\x1b$\n\n\\[\\hat{\x1b[2J} \x00\\]"
    )
    shown = "".join(lines(view(source, 200)))
    assert not any(ord(character) < 32 or 0x7F <= ord(character) < 0xA0 for character in shown)
    assert "\u202e" not in shown


@pytest.mark.parametrize("width", [24, 60])
def test_any_chunks_end_like_the_whole(width: int) -> None:
    expected = lines(view(SAMPLE, width))
    for seed in range(25):
        rng = random.Random(seed)
        answer = growing(width)
        start = 0
        while start < len(SAMPLE):
            end = start + rng.randint(1, rng.choice([2, 20, 200]))
            answer.append(SAMPLE[start:end])
            start = end
        answer.finish()
        assert lines(answer) == expected


FRAGMENTS = st.sampled_from(
    [
        "a |b|\n|-|-|\n|1|2|\n",
        "word ",
        "\n",
        "\n\n",
        "- ",
        "1. ",
        "> ",
        "```\n",
        "  ",
        "# ",
        "* ",
        "**",
        "`",
        "---\n",
        "    x",
        "\\",
        "[l](u)",
        "\\[",
        "\\]",
        "\\(x_1",
        "\\)",
        "$",
        "$$",
        "$$\n",
        "\\begin{align}\n",
        "\\end{align}",
        "\\boxed{",
        "|$x|y$|",
        "}",
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(FRAGMENTS, max_size=30))
def test_random_markdown_ends_like_the_whole(fragments: list[str]) -> None:
    whole = view("".join(fragments))
    chunked = growing()
    for fragment in fragments:
        chunked.append(fragment)
    chunked.finish()
    assert lines(chunked) == lines(whole)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="a *_`#>-+|[]()<>!\\\n1.&;\t水$^{}", max_size=200), st.integers(8, 60))
def test_random_text_is_drawn_within_the_width(text: str, width: int) -> None:
    answer = view(text, width)
    assert "\n" not in "".join(lines(answer))
    assert max(map(cell_len, lines(answer)), default=0) <= width + parser.MAX_NESTING * 4
    assert answer.text == text


LONG_BLOCKS = {
    "paragraph": "some words and more of them " * 1300,
    "lines": "a line of words\n" * 5000,
    "unbroken": "x" * 80_000,
    "fence": "```python\n" + "x = f(1)  # words\n" * 4500,
    "list": "- an item of some words\n" * 3500,
    "nested list": "- top\n" + "  - a nested item of words\n" * 1300,
    "quote": "> quoted words, many of them\n" * 2800,
    "table": "| a | b |\n|---|---|\n" + "| one | two words |\n" * 4000,
    "formulas": "with \\(x_1 = \\frac{1}{2}\\) and $y^2$, so " * 1300,
    "formulas in a list": "- so\n" + "  \\[\n  x = \\frac{1}{2}\n  \\]\n  and\n" * 1300,
    "openings": "\\( and \\[ and $x and \\boxed{ and " * 1300,
    "open formulas": "\\[\nx = 1\n\n" * 5000,
    "fence in a list": "1. do\n   ```sh\n" + "   echo hello\n" * 5000,
}


@pytest.mark.parametrize("name", LONG_BLOCKS)
def test_work_per_append_does_not_grow(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = LONG_BLOCKS[name]
    parsed: list[int] = []
    really_parse = parser.parse

    def counted(source: str) -> list[Token]:
        parsed.append(len(source))
        return really_parse(source)

    monkeypatch.setattr(parser, "parse", counted)
    answer = growing()
    answer.append(text[:30_000])
    work = []
    for start in range(30_000, 34_500, 64):
        parsed.clear()
        answer.append(text[start : start + 64])
        work.append(sum(parsed))
    assert max(work) < 6 * PIECE_LIMIT


@pytest.mark.parametrize("name", ["paragraph", "fence", "nested list", "table", "fence in a list"])
def test_frozen_pieces_keep_their_place(name: str) -> None:
    """While it is open, a long block looks like it does closed, but for the cuts themselves."""
    text = LONG_BLOCKS[name][: WHOLE_LIMIT - 100]
    text = text[: text.rfind("\n") + 1] if "\n" in text else text
    answer, whole = growing(), growing()
    for start in range(0, len(text), 500):
        answer.append(text[start : start + 500])
    assert len(answer._markdown.pieces) == 3
    whole.append(text)
    whole.finish()
    assert abs(answer.row_count() - whole.row_count()) <= 3
    distinct = set(lines(answer)) - set(lines(whole))
    assert len(distinct) <= 6
    answer.finish()
    assert lines(answer) == lines(whole)


def test_list_items_close_one_by_one() -> None:
    markdown = GrowingMarkdown()
    markdown.append("- a\n- b\n- c")
    assert [block.source for block in markdown.closed] == ["- a\n"]
    assert markdown.tail.source == "- b\n- c"
    assert blocks.Block("- a\n", gap=False) in markdown.closed


def test_take_text_empties_the_answer() -> None:
    answer = view("# a\n\nb")
    assert answer.take_text() == "# a\n\nb"
    assert answer.row_count() == 0
    answer.append("new")
    assert lines(answer) == ["new"]
