"""HTML for people: every word is there as it was written, and nothing runs or is loaded."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localr1.chat.exporting import ConversationTree, export_text, in_a_line
from localr1.chat.messages import (
    FilePart,
    Insertion,
    Message,
    ReasoningPart,
    TextPart,
    user_message,
)
from localr1.terminal_text import clean

VOID = {"meta", "br", "hr"}
ATTRIBUTES = {
    "a": {"href", "rel", "title"},
    "code": {"class"},
    "div": {"class"},
    "ins": {"title"},
    "meta": {"charset", "content", "http-equiv", "name"},
    "ol": {"start"},
    "p": {"class"},
    "pre": {"class"},
    "section": {"class"},
    "td": {"style"},
    "th": {"style"},
}
PLAIN = {
    *("html", "head", "title", "style", "body", "header", "main", "h1", "h2", "h3", "h4", "h5"),
    *("h6", "details", "summary", "blockquote", "ul", "li", "em", "strong", "s", "table"),
    *("thead", "tbody", "tr", "hr", "br"),
}


class Page(HTMLParser):
    """A page as a browser reads it: tags that fit each other, no others, and its texts."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.links: list[dict[str, str | None]] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ATTRIBUTES or tag in PLAIN, tag
        assert {name for name, _ in attrs} <= ATTRIBUTES.get(tag, set()), (tag, attrs)
        values = dict(attrs)
        if tag == "a":
            self.links.append(values)
        if "style" in values:
            assert re.fullmatch("text-align:(left|right|center)", values["style"] or "")
        if tag not in VOID:
            self.open.append(f"{tag}.{values['class']}" if "class" in values else tag)
            self.texts.setdefault(self.open[-1], []).append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().partition(".")[0] == tag

    def handle_data(self, data: str) -> None:
        for tag in self.open:
            self.texts[tag][-1] += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data}")


def exported(*messages: Message, title: str = "T", model: str = "demo") -> str:
    tree = ConversationTree(
        id="x",
        title=title,
        model=model,
        created_at="2026-11-26T04:31:09.123+00:00",
        updated_at="",
        messages=in_a_line(messages),
        shown=len(messages) - 1 if messages else None,
    )
    return export_text(tree, "html")


def page(*messages: Message, title: str = "T", model: str = "demo") -> Page:
    return Page(exported(*messages, title=title, model=model))


def answer(text: str) -> Message:
    return Message("assistant", (TextPart(text),), "stop")


NASTY = st.lists(
    st.sampled_from(
        [
            *("<script>", "</script>", "</div>", "</details>", "<!--", "-->", "<?", "]]>", "<"),
            *('"', "'", "&", "&lt;", "&#60;", "onload=", "\n", "\n\n", "\t", "    ", "`", "```"),
            *("~~~", "**", "_", "~~", "\\", "\\(", "\\)", "\\[", "\\]", "$$", "> ", "- ", "1. "),
            *("[a](javascript:x)", "[a](data:text/html,x)", "![i](http://x/y.png)", "<http://x>"),
            *("[a](http://x 't')", "|a|b|\n|:-|-:|\n|1|2|", "# ", "word", "\x1b", "\u202e", "x"),
        ]
    ),
    max_size=14,
).map("".join)


@given(NASTY, NASTY, NASTY)
def test_what_was_asked_attached_and_thought_is_there_verbatim(
    asked: str, attached: str, thought: str
) -> None:
    reply = Message("assistant", (ReasoningPart(thought), TextPart("42")), "stop")
    read = page(user_message(asked, [FilePart(asked, attached)]), reply, title=asked, model=asked)
    plain = read.texts["div.plain"]
    assert plain == [clean(text) for text in ([asked] if asked else [])] + [clean(thought)]
    assert read.texts["pre"][0].removeprefix("\n") == clean(attached)
    title = " ".join(clean(asked).split()) or "Conversation"
    assert read.texts["title"] == read.texts["h1"] == [title]


@given(NASTY)
def test_an_answer_makes_no_tag_of_its_own_and_links_only_the_web(text: str) -> None:
    for link in page(answer(text)).links:
        assert re.match("(https?|mailto):", link["href"] or "")
        assert link["rel"] == "noopener noreferrer"


@given(st.lists(st.sampled_from(["<b>", "word", "5 < 6", "&amp;", '"q"', "数学"]), min_size=1))
def test_words_of_an_answer_are_there_verbatim(said: list[str]) -> None:
    read = page(answer(" ".join(said)))
    assert " ".join(said).replace("&amp;", "&") in read.texts["section.assistant"][0]


def test_an_answer_is_set_as_markdown() -> None:
    read = page(
        answer(
            "**bold** [link](https://a.b/?a=1&b=2)\n\n"
            "| a |\n|---|\n| 1 |\n\n"
            "```python\nprint('<x>')\n```\n\n"
            "![picture](http://a.b/c.png) [bad](javascript:alert(1))\n"
        )
    )
    assert read.texts["strong"] == ["bold"]
    assert read.texts["td"] == ["1"]
    assert read.texts["code.language-python"] == ["print('<x>')\n"]
    assert [each["href"] for each in read.links] == ["https://a.b/?a=1&b=2", "http://a.b/c.png"]
    assert "[bad](javascript:alert(1))" in read.texts["section.assistant"][0]


@pytest.mark.parametrize(
    "formula", [r"\( x_1 * y_2 * z \)", r"\[ \frac{a}{b} \\ c \]", "$$ a_1 < b_1 $$"]
)
def test_formulas_stay_as_they_were_written(formula: str) -> None:
    read = page(answer(f"So {formula} holds, and `\\(` stays code."))
    assert read.texts["code.maths"] == [formula]
    assert read.texts["code"] == ["\\("]


@pytest.mark.parametrize(
    "formula", ["\\[\na \\\\\n- b\n\n= c_1 * d_2\n\\]", "$$\n# a < b\n$$", "\\[ x \\]", "$$x$$"]
)
def test_formulas_on_lines_of_their_own_are_blocks(formula: str) -> None:
    read = page(answer(f"So:\n{formula}\nholds.\n\n- as\n  {formula}"))
    assert read.texts["pre.maths"][0].rstrip() == formula
    assert "li" in read.texts


def test_what_is_no_formula_stays_text() -> None:
    read = page(answer("$$\n\n\\[ open\n\n- item\n\n$$$$ \\(\\) cost 5$"))
    assert "pre.maths" not in read.texts or "item" in read.texts["section.assistant"][0]
    assert "cost 5$" in read.texts["section.assistant"][0]


def test_what_others_put_into_a_thought_is_marked() -> None:
    thought = ReasoningPart(
        "a<b>c",
        tokens=3,
        seconds=3.0,
        insertions=(
            Insertion(1, 4, "person"),
            Insertion(4, 5, "localr1"),
            Insertion(2, 9, "person"),
        ),
    )
    text = exported(Message("assistant", (thought,), None, "other"))
    read = Page(text)
    assert read.texts["ins"] == ["<b>", "c"]
    assert '<ins title="written by a person">' in text
    assert read.texts["summary"] == ["Thought for 3.0 s, 3 tokens"]
    assert read.texts["p.end"] == ["The reply was interrupted."]
    assert read.texts["h2"] == ["Answer (other)"]


def test_the_page_stands_alone() -> None:
    text = exported(user_message("hi"), answer("![i](http://x/y.png)"))
    assert "default-src 'none'" in text
    assert "prefers-color-scheme: dark" in text
    assert not re.search(r"<(script|img|link|iframe|object|svg)|\bsrc=|url\(|@import", text)
