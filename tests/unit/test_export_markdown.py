"""Markdown for people: everything stays where it was put, whatever a text opens or closes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from localr1.chat.exporting import ConversationTree, export_text, in_a_line
from localr1.chat.exporting.tree import TreeMessage
from localr1.chat.messages import FilePart, Message, ReasoningPart, TextPart, user_message

NASTY = st.lists(
    st.sampled_from(
        [
            *("```", "````", "~~~", "`", "<details>", "</details>", "</DETAILS >", "<summary>"),
            *("<!--", "-->", "<script>", "<pre>", "<?", "<!X", "<![CDATA[", "</p", "<b>", "<"),
            *("\n", "\n\n", "\n\n\n", " ", "    ", "\t", "> ", "- ", "1. ", "# ", "---", "==="),
            *("a", "word", "\\", "&lt;", "[a]: b", "|a|\n|-|", "数学", "\x1b[2J", "\r\n"),
        ]
    ),
    max_size=14,
).map("".join)

REPLY = Message("assistant", (TextPart("It is 42."),), "stop")


def exported(*messages: Message, title: str = "T", model: str = "") -> str:
    tree = ConversationTree(
        id="x",
        title=title,
        model=model,
        created_at="2026-11-26T04:31:09.123+00:00",
        updated_at="",
        messages=in_a_line(messages),
        shown=len(messages) - 1 if messages else None,
    )
    return export_text(tree, "markdown")


def outline(text: str) -> list[tuple[str, str]]:
    """The blocks at the top: their kind, and their words where they are no container."""
    tokens = MarkdownIt("commonmark").parse(text)
    return [
        (token.type.removesuffix("_open"), words(tokens, number))
        for number, token in enumerate(tokens)
        if token.level == 0 and token.nesting >= 0
    ]


def words(tokens: list[Token], number: int) -> str:
    token = tokens[number]
    if token.type in {"heading_open", "paragraph_open"}:
        return tokens[number + 1].content
    return token.content.strip() if token.type in {"html_block", "fence"} else ""


HEAD = [("heading", "T"), ("paragraph", "*2026-11-26 04:31 UTC*")]


def test_a_conversation_reads_well() -> None:
    reply = Message(
        "assistant",
        (ReasoningPart("6*7\nis 42.", tokens=431, seconds=12.2), TextPart("**42**")),
        "length",
        "other",
    )
    asked = user_message("Six times <seven>?", [FilePart("a.py", "x = 6\n")])
    assert exported(asked, reply, title="Six *times*", model="demo") == (
        "# Six \\*times\\*\n"
        "\n"
        "*demo · 2026-11-26 04:31 UTC*\n"
        "\n"
        "## Question\n"
        "\n"
        "**a.py**\n"
        "\n"
        "```py\n"
        "x = 6\n"
        "```\n"
        "\n"
        "Six times &lt;seven>?\n"
        "\n"
        "## Answer (other)\n"
        "\n"
        "<details>\n"
        "<summary>Thought for 12 s, 431 tokens</summary>\n"
        "\n"
        "> 6*7\n"
        "> is 42.\n"
        "\n"
        "</details>\n"
        "\n"
        "**42**\n"
        "\n"
        "*The reply was cut at a limit.*\n"
    )


def test_only_the_branch_that_is_shown_is_exported() -> None:
    said = ["question", "first", "second", "unseen"]
    messages = tuple(
        TreeMessage(Message("assistant", (TextPart(text),), "stop"), parent)
        for text, parent in zip(said, [None, 0, 0, 1], strict=True)
    )
    tree = ConversationTree(
        id="x", title="", model="", created_at="", updated_at="", messages=messages, shown=2
    )
    text = export_text(tree, "markdown")
    assert "question" in text
    assert "second" in text
    assert "first" not in text
    assert "unseen" not in text
    assert text.startswith("# Conversation\n\n## Answer\n")


@given(NASTY)
def test_reasoning_never_leaves_its_fold(thought: str) -> None:
    text = exported(Message("assistant", (ReasoningPart(thought), TextPart("It is 42.")), "stop"))
    assert outline(text) == [
        *HEAD,
        ("heading", "Answer"),
        ("html_block", "<details>\n<summary>Thought</summary>"),
        ("blockquote", ""),
        ("html_block", "</details>"),
        ("paragraph", "It is 42."),
    ]
    tokens = MarkdownIt("commonmark").parse(text)
    inside = [each for each in tokens if each.level > 0]
    pieces = [*inside, *(piece for each in inside for piece in each.children or ())]
    assert not [piece for piece in pieces if piece.type in {"html_block", "html_inline"}]


@given(NASTY)
def test_a_file_never_leaves_its_fence(content: str) -> None:
    text = exported(user_message("what is it?", [FilePart("x.txt", content)]), REPLY)
    blocks = outline(text)
    assert [kind for kind, _ in blocks] == [
        *("heading", "paragraph", "heading", "paragraph", "fence", "paragraph"),
        *("heading", "paragraph"),
    ]
    (fence,) = [each for each in MarkdownIt("commonmark").parse(text) if each.type == "fence"]
    kept = content.replace("\r", "").replace("\x1b", "␛")
    assert fence.content == (kept if kept.endswith("\n") or not kept else f"{kept}\n")


@given(NASTY, NASTY)
def test_what_follows_a_text_is_not_taken_into_it(asked: str, answered: str) -> None:
    answer = Message("assistant", (TextPart(answered),), "stop")
    text = exported(user_message(asked), answer, user_message("Last."))
    blocks = outline(text)
    assert blocks[:3] == [*HEAD, ("heading", "Question")]
    assert ("heading", "Answer") in blocks[3:]
    assert blocks[-2:] == [("heading", "Question"), ("paragraph", "Last.")]
    assert answered.replace("\r", "").replace("\x1b", "␛") in text


@given(NASTY)
def test_names_and_titles_are_words(name: str) -> None:
    message = Message("assistant", (FilePart(name, ""), TextPart("It is 42.")), "stop", name)
    blocks = outline(exported(message, title=name, model="demo"))
    assert [kind for kind, _ in blocks][:2] == ["heading", "paragraph"]
    assert blocks[-1] == ("paragraph", "It is 42.")
    assert "html_block" not in [kind for kind, _ in blocks]


@pytest.mark.parametrize(
    ("opened", "closer"),
    [
        ("```py\nx", "```"),
        ("~~~~\nx", "~~~~"),
        ("<!-- x", "-->"),
        ("<script>\nx", "</script>"),
        ("<details><summary>more</summary>", "\n</details>"),
        ("<Details>\n\n```\n</details>", "```\n\n</details>"),
    ],
)
def test_what_an_answer_leaves_open_is_closed_after_it(opened: str, closer: str) -> None:
    text = exported(Message("assistant", (TextPart(opened),), "stop"))
    assert text.endswith(f"{opened}\n{closer}\n")
