"""What was said with ChatGPT comes over: branches, thoughts, times; odd exports do no harm."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localr1.chat.exporting import ConversationTree
from localr1.chat.imports.documents import conversations_in
from localr1.chat.imports.found import LeftOut
from localr1.chat.imports.weaving import MESSAGES_AT_MOST
from localr1.chat.messages import ReasoningPart, TextPart

Json = dict[str, Any]


def node(
    parent: str | None,
    role: str,
    *parts: object,
    time: float | None = 1700000000.0,
    content: Json | None = None,
    **metadata: object,
) -> Json:
    recipient = metadata.pop("recipient", "all")
    return {
        "parent": parent,
        "children": [],
        "message": {
            "author": {"role": role},
            "create_time": time,
            "content": content or {"content_type": "text", "parts": list(parts)},
            "status": "finished_successfully",
            "recipient": recipient,
            "metadata": metadata,
        },
    }


def conversation(current: str, **mapping: Json) -> Json:
    return {
        "title": "Sums",
        "create_time": 1700000000.5,
        "update_time": 1700000100.0,
        "current_node": current,
        "conversation_id": "0f4c",
        "mapping": mapping,
    }


ROOT: Json = {"parent": None, "children": ["q"], "message": None}
SIMPLE = conversation(
    "a",
    root=ROOT,
    q=node("root", "user", "6*7?"),
    a=node("q", "assistant", "42", time=1700000001.0, model_slug="gpt-5"),
)


def read(*elements: object) -> list[ConversationTree | LeftOut]:
    found = conversations_in(json.dumps(elements).encode())
    assert found.source == "ChatGPT"
    return list(found.conversations)


def tree_of(element: Json) -> ConversationTree:
    (tree,) = read(element)
    assert isinstance(tree, ConversationTree), tree
    return tree


def shown(tree: ConversationTree) -> list[tuple[str, str]]:
    return [(each.message.role, each.message.text) for each in tree.path()]


def test_a_conversation_comes_over() -> None:
    tree = tree_of(SIMPLE)
    assert (tree.title, tree.model) == ("Sums", "gpt-5")
    assert tree.created_at == "2023-11-14T22:13:20.500+00:00"
    assert tree.updated_at == "2023-11-14T22:15:00.000+00:00"
    assert shown(tree) == [("user", "6*7?"), ("assistant", "42")]
    reply = tree.messages[1]
    assert reply.created_at == "2023-11-14T22:13:21.000+00:00"
    assert (reply.message.model, reply.message.finish_reason) == ("gpt-5", "stop")
    assert tree.id.startswith("231114-")
    assert tree.id == tree_of(SIMPLE).id != tree_of({**SIMPLE, "conversation_id": "0f4d"}).id


def test_pieces_of_a_reply_become_one_and_hidden_messages_none() -> None:
    thoughts = {
        "content_type": "thoughts",
        "thoughts": [{"summary": "Adding", "content": "6*7 is 42."}, {"content": ""}],
    }
    recap = {"content_type": "reasoning_recap", "content": "Thought for 8s"}
    profile = {"content_type": "user_editable_context", "user_profile": "secret"}
    code = {"content_type": "code", "text": "print(6*7)"}
    printed = {"content_type": "execution_output", "text": "42\n"}
    picture = {"content_type": "image_asset_pointer", "asset_pointer": "file://x"}
    tree = tree_of(
        conversation(
            "end",
            root=ROOT,
            s=node("root", "system", "", is_visually_hidden_from_conversation=True),
            p=node("s", "user", content=profile),
            q=node(
                "p", "user", content={"content_type": "multimodal_text", "parts": [picture, "?"]}
            ),
            t=node("q", "assistant", content=thoughts),
            c=node("t", "assistant", content=code, recipient="python"),
            o=node("c", "tool", content=printed),
            w=node("o", "assistant", "search(42)", recipient="web"),
            b=node("w", "tool", "a page"),
            r=node("b", "assistant", content=recap, finished_duration_sec=8),
            n=node("r", "system", "a note to the model"),
            end=node("n", "assistant", "It is 42.\ue200cite\ue202turn0\ue201", model_slug="o3"),
        )
    )
    question, reply = (each.message for each in tree.messages)
    assert question.text == "[image]\n\n?"
    assert reply.reasoning == ReasoningPart("Adding\n\n6*7 is 42.", seconds=8.0)
    assert reply.text == "```python\nprint(6*7)\n```\n\n```\n42\n```\n\nIt is 42."
    assert reply.model == "o3"


def test_branches_stay_branches() -> None:
    tree = tree_of(
        conversation(
            "b2",
            root=ROOT,
            q=node("root", "user", "q"),
            a=node("q", "assistant", "first", time=1700000001),
            b=node("q", "assistant", "second", time=1700000002),
            a2=node("a", "user", "below first", time=1700000003),
            b2=node("b", "user", "below second", time=1700000004),
            e=node("root", "user", "edited", time=1700000005),
        )
    )
    assert [(each.message.text, each.parent) for each in tree.messages] == [
        ("q", None),
        ("first", 0),
        ("second", 0),
        ("below first", 1),
        ("below second", 2),
        ("edited", None),
    ]
    assert [text for _, text in shown(tree)] == ["q", "second", "below second"]


def test_a_branch_within_a_reply_gives_each_the_whole_of_it() -> None:
    tree = tree_of(
        conversation(
            "y",
            q=node(None, "user", "q"),
            a=node("q", "assistant", "begins"),
            x=node("a", "assistant", "so"),
            y=node("a", "assistant", "or so"),
            z=node("a", "user", "hm"),
        )
    )
    question = 0
    replies = {each.message.text for each in tree.messages if each.parent == question}
    assert replies == {"begins\n\nso", "begins\n\nor so", "begins"}
    assert shown(tree)[-1] == ("assistant", "begins\n\nor so")


def test_ends_and_odd_times() -> None:
    cut = node("q", "assistant", "4", finish_details={"type": "max_tokens"}, time=None)
    stopped = node("q", "assistant", "4", finish_details={"type": "interrupted"}, time=-1e300)
    tree = tree_of(
        {
            **conversation("a", q=node(None, "user", "q", time=1e300), a=cut, b=stopped),
            "create_time": "yesterday",
            "update_time": None,
        }
    )
    assert {each.message.finish_reason for each in tree.messages} == {None, "length", "cancelled"}
    assert {each.created_at for each in tree.messages} == {""}
    assert (tree.created_at, tree.updated_at) == ("", "")


LONG = {str(n): node(str(n - 1) if n else None, "user", "x") for n in range(5000)}


def test_a_long_conversation_comes_over() -> None:
    tree = tree_of(conversation("4999", **LONG))
    assert len(tree.path()) == 5000


@pytest.mark.parametrize(
    ("element", "why"),
    [
        ({"mapping": {}}, "nobody says anything in it"),
        ({"mapping": []}, "it has no messages"),
        ({"mapping": {"a": None, "b": {"message": 3}}}, "nobody says anything in it"),
        (
            conversation("a", a=node("b", "user", "x"), b=node("a", "user", "y")),
            "its messages follow one another in a circle",
        ),
        (
            conversation("a", a=node("a", "user", "x"), b=node(None, "user", "y")),
            "its messages follow one another in a circle",
        ),
        (
            {"mapping": {str(n): {} for n in range(MESSAGES_AT_MOST + 1)}},
            "it has 100,001 messages, more than any conversation",
        ),
        (
            conversation(
                "0",
                **{str(n): node(str(n - 1) if n else None, "assistant", "x") for n in range(1002)},
            ),
            "a reply of it has more than 1,000 pieces",
        ),
        (7, "it is of no form that is known"),
    ],
    ids=["empty", "list", "nulls", "circle", "itself", "huge", "pieces", "number"],
)
def test_a_bad_one_is_left_out_with_a_sentence(element: object, why: str) -> None:
    first, second, third = read(SIMPLE, element, SIMPLE)
    assert isinstance(second, LeftOut)
    assert second.why == why
    assert second.name.startswith("conversation 2")
    assert isinstance(first, ConversationTree)
    assert first == third


any_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *(
                        "message",
                        "parent",
                        "content",
                        "parts",
                        "author",
                        "role",
                        "metadata",
                        "text",
                    ),
                    *("content_type", "thoughts", "create_time", "a", "b"),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from("abcd"), any_json, max_size=4), any_json, any_json)
def test_no_export_is_too_odd(mapping: Json, current: object, title: object) -> None:
    element = {"mapping": mapping, "current_node": current, "title": title, "create_time": title}
    (one,) = read(element)
    assert isinstance(one, (ConversationTree, LeftOut))


def test_text_is_the_text() -> None:
    tree = tree_of(conversation("q", q=node(None, "user", "  a\n", "b <think>x</think>")))
    assert tree.messages[0].message.parts == (TextPart("  a\n\n\nb <think>x</think>"),)
