"""Conversations of Open WebUI come over, with the reasoning that it keeps between tags."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localr1.chat.exporting import ConversationTree
from localr1.chat.imports.documents import conversations_in
from localr1.chat.imports.found import LeftOut
from localr1.chat.imports.marked_reasoning import parts_of
from localr1.chat.messages import FilePart, Part, ReasoningPart, TextPart

Json = dict[str, Any]
ATTACHED = {"type": "file", "name": "a.txt", "file": {"data": {"content": "six"}}}
MESSAGES: Json = {
    "q": {
        "id": "q",
        "parentId": None,
        "childrenIds": ["a", "b"],
        "role": "user",
        "content": "6*7?",
        "timestamp": 1744577557,
        "files": [ATTACHED, {"type": "image", "url": "data:"}],
    },
    "a": {
        "parentId": "q",
        "role": "assistant",
        "content": "43",
        "done": False,
        "timestamp": 1744577558,
    },
    "b": {
        "parentId": "q",
        "role": "assistant",
        "content": "<think>\n6*7\n</think>\n\n42",
        "model": "deepseek-r1:1.5b",
        "timestamp": 1744577559000,
    },
}
CHAT = {
    "id": "96bd",
    "title": "Sums",
    "created_at": 1744577557,
    "updated_at": 1744577600,
    "pinned": True,
    "chat": {
        "title": "other",
        "models": ["m1"],
        "history": {"messages": MESSAGES, "currentId": "b"},
        "messages": [],
    },
}


def read(*elements: object) -> list[ConversationTree | LeftOut]:
    found = conversations_in(json.dumps(elements).encode())
    assert found.source == "Open WebUI"
    return list(found.conversations)


def tree_of(element: object) -> ConversationTree:
    (tree,) = read(element)
    assert isinstance(tree, ConversationTree), tree
    return tree


def test_a_conversation_comes_over() -> None:
    tree = tree_of(CHAT)
    assert (tree.title, tree.model, tree.pinned) == ("Sums", "deepseek-r1:1.5b", True)
    assert tree.created_at == "2025-04-13T20:52:37.000+00:00"
    assert tree.updated_at == "2025-04-13T20:53:20.000+00:00"
    question, first, second = tree.messages
    assert question.message.parts == (FilePart("a.txt", "six"), TextPart("6*7?"))
    assert (first.parent, first.message.finish_reason) == (0, "cancelled")
    assert second.parent == 0
    assert second.message.parts == (ReasoningPart("6*7"), TextPart("42"))
    assert second.created_at == "2025-04-13T20:52:39.000+00:00"
    assert tree.shown == 2


def test_older_exports_come_over() -> None:
    older = {"title": "Sums", "history": CHAT["chat"]["history"]}  # type: ignore[index]
    assert [each.message for each in tree_of(older).messages] == [
        each.message for each in tree_of(CHAT).messages
    ]
    said = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "6*7?"}]
    listed = tree_of({"chat": {"messages": [*said, {"role": "assistant", "content": "42"}]}})
    assert [(each.message.role, each.message.text) for each in listed.path()] == [
        ("system", "Be brief."),
        ("user", "6*7?"),
        ("assistant", "42"),
    ]


def test_a_list_of_contents_and_an_error() -> None:
    content = [{"type": "text", "text": "see"}, {"type": "image_url"}, 3]
    tree = tree_of(
        {
            "chat": {
                "messages": [
                    {"role": "user", "content": content},
                    {"role": "assistant", "content": "4", "error": {"content": "lost"}},
                ]
            }
        }
    )
    assert tree.messages[0].message.text == "see\n\n[image]"
    assert tree.messages[1].message.finish_reason == "error"


@pytest.mark.parametrize(
    ("element", "why"),
    [
        ({"chat": []}, "its chat is no object"),
        ({"chat": {}}, "it has no messages"),
        ({"chat": {"history": {"messages": {"a": 1}}}}, "nobody says anything in it"),
        ({"history": {"messages": {"a": {"role": ["user"], "content": "x"}}}}, "nobody says"),
    ],
)
def test_a_bad_one_is_left_out_with_a_sentence(element: object, why: str) -> None:
    first, second = read(CHAT, element)
    assert isinstance(first, ConversationTree)
    assert isinstance(second, LeftOut)
    assert second.why.startswith(why)


DETAILS = (
    '<details type="reasoning" done="true" duration="12">\n'
    "<summary>Thought for 12 seconds</summary>\n"
    "&gt; is 6 &lt; 7?\n&gt;\n&gt; yes\n</details>\n"
)


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("42", (TextPart("42"),)),
        ("", ()),
        ("<think>hm</think>42", (ReasoningPart("hm"), TextPart("42"))),
        ("hm</think>\n42", (ReasoningPart("hm"), TextPart("42"))),
        ("<think>\n\n</think>\n\n42", (TextPart("42"),)),
        ("<think>cut", (ReasoningPart("cut", ended_by="cancelled"),)),
        ("<thinking>hm</thinking>42", (ReasoningPart("hm"), TextPart("42"))),
        ("A tag: `<think>`.", (TextPart("A tag: `<think>`."),)),
        (
            DETAILS.replace("&gt; ", "> ").replace("&gt;", ">") + "42",
            (ReasoningPart("is 6 < 7?\n\nyes", seconds=12.0), TextPart("42")),
        ),
        ('<details type="reasoning">\nplain\n</details>', (ReasoningPart("plain"),)),
        ('<details type="reasoning">open', (TextPart('<details type="reasoning">open'),)),
        ("<details>\nmine\n</details>", (TextPart("<details>\nmine\n</details>"),)),
    ],
)
def test_reasoning_between_tags(content: str, parts: tuple[Part, ...]) -> None:
    assert parts_of(content) == parts


def test_escaped_quotes_of_thoughts_are_read_too() -> None:
    assert parts_of(f"{DETAILS}42") == (
        ReasoningPart("is 6 < 7?\n\nyes", seconds=12.0),
        TextPart("42"),
    )


def test_thousands_of_open_tags_take_no_time() -> None:
    text = '<details type="reasoning">' * 50_000 + "<details " * 50_000
    assert parts_of(text) == (TextPart(text.strip()),)
