"""A conversation comes back from its JSON exactly; what is no such JSON is left or made sound."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from localr1.chat.effort import Asked
from localr1.chat.exporting import ConversationTree, TreeMessage, export_text, in_a_line
from localr1.chat.exporting.json_form import as_json
from localr1.chat.imports.documents import conversations_in
from localr1.chat.imports.found import LeftOut
from localr1.chat.kept_limit import ORIGIN
from localr1.chat.messages import (
    FilePart,
    Insertion,
    Message,
    ReasoningPart,
    TextPart,
    user_message,
)
from localr1.errors import ExitCode, ImportRefused

REASONING = ReasoningPart(
    "Let me think.\n\n数学 🙂 </details>",
    tokens=12,
    seconds=0.1,
    ended_by="tokens",
    insertions=(Insertion(0, 3, "person"), Insertion(4, 6, "localr1")),
    carried=True,
)
BRANCHED = ConversationTree(
    id="261126-k3f9x2",
    title="Six times seven",
    model="demo",
    created_at="2026-11-26T04:31:00.000+00:00",
    updated_at="2026-11-26T04:32:00.000+00:00",
    pinned=True,
    limit=Asked(origin=ORIGIN, effort="low", tokens=300, seconds=20.0),
    shown=2,
    messages=(
        TreeMessage(user_message("6*7?", [FilePart("a.py", "x = 6\n")]), None, "2026-11-26T04:31"),
        TreeMessage(Message("assistant", (TextPart("43"),), "cancelled", "other"), 0),
        TreeMessage(Message("assistant", (REASONING, TextPart("42")), "stop", "demo"), 0, "later"),
        TreeMessage(user_message("sure?"), 1),
        TreeMessage(Message("assistant", (), None), 3),
    ),
)

texts = st.text(max_size=60)
spans = st.floats(min_value=0, allow_nan=False, allow_infinity=False)
parts = st.one_of(
    st.builds(TextPart, texts),
    st.builds(FilePart, texts, texts),
    st.builds(
        ReasoningPart,
        texts,
        tokens=st.integers(0, 1 << 53),
        seconds=spans,
        ended_by=st.sampled_from(["closed", "tokens", "off", "cancelled"]),
        insertions=st.lists(
            st.builds(
                Insertion,
                st.integers(0, 99),
                st.integers(0, 99),
                st.sampled_from(["person", "localr1"]),
            ),
            max_size=3,
        ).map(tuple),
        carried=st.booleans(),
    ),
)
messages = st.builds(
    Message,
    st.sampled_from(["system", "user", "assistant"]),
    st.lists(parts, max_size=3).map(tuple),
    st.sampled_from([None, "stop", "length", "loop"]),
    texts,
)
limits = st.one_of(
    st.none(),
    st.builds(Asked, origin=st.just(ORIGIN), tokens=st.integers(0, 1 << 53)),
    st.builds(
        Asked,
        origin=st.just(ORIGIN),
        effort=st.sampled_from(["low", "unlimited"]),
        seconds=st.floats(0, 1e9),
    ),
)


@st.composite
def trees(draw: st.DrawFn) -> ConversationTree:
    """Conversations of up to eight messages with any branches."""
    said = draw(st.lists(messages, max_size=8))
    placed = tuple(
        TreeMessage(
            each,
            draw(st.none() | st.integers(0, position - 1)) if position else None,
            draw(texts),
        )
        for position, each in enumerate(said)
    )
    return ConversationTree(
        id=draw(texts),
        title=draw(texts),
        model=draw(texts),
        created_at=draw(texts),
        updated_at=draw(texts),
        messages=placed,
        shown=draw(st.none() | st.integers(0, len(said) - 1)) if said else None,
        pinned=draw(st.booleans()),
        limit=draw(limits),
    )


def read(document: str) -> list[ConversationTree | LeftOut]:
    return list(conversations_in(document.encode()).conversations)


@given(trees())
def test_any_conversation_comes_back_exactly(tree: ConversationTree) -> None:
    assert read(export_text(tree, "json")) == [tree]


def test_several_conversations_share_a_document() -> None:
    other = msgspec.structs.replace(BRANCHED, id="b", messages=in_a_line([user_message("hi")]))
    other = msgspec.structs.replace(other, shown=0, limit=None)
    found = conversations_in(as_json([BRANCHED, other]).encode())
    assert found.source == "localr1"
    assert list(found.conversations) == [BRANCHED, other]


def test_the_form_is_the_documented_one() -> None:
    document = json.loads(export_text(BRANCHED, "json"))
    assert document["localr1_export"] == 1
    (conversation,) = document["conversations"]
    assert list(conversation) == [
        *("id", "title", "model", "created_at", "updated_at", "pinned", "limit", "shown"),
        "messages",
    ]
    assert conversation["limit"] == {"effort": "low", "tokens": 300, "seconds": 20.0}
    assert conversation["shown"] == 2
    reply = conversation["messages"][2]
    assert list(reply) == ["parent", "role", "model", "created_at", "finish_reason", "parts"]
    assert (reply["parent"], reply["role"], reply["finish_reason"]) == (0, "assistant", "stop")
    assert reply["parts"] == [
        {
            "type": "reasoning",
            "text": REASONING.text,
            "tokens": 12,
            "seconds": 0.1,
            "ended_by": "tokens",
            "insertions": [
                {"start": 0, "end": 3, "author": "person"},
                {"start": 4, "end": 6, "author": "localr1"},
            ],
            "carried": True,
        },
        {"type": "text", "text": "42"},
    ]
    question = conversation["messages"][0]["parts"]
    assert question[0] == {"type": "file", "name": "a.py", "text": "x = 6\n"}


def changed(**fields: Any) -> str:
    document = json.loads(export_text(BRANCHED, "json"))
    document["conversations"][0].update(fields)
    return json.dumps(document)


MESSAGE: dict[str, Any] = {"parent": None, "role": "user", "parts": []}


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"shown": 5}, "shown is not the position of a message"),
        ({"shown": -1}, "shown is not the position of a message"),
        ({"messages": None}, "at .messages"),
        ({"messages": [{**MESSAGE, "parent": 0}]}, "the parent of message 0 is not before it"),
        ({"messages": [MESSAGE, {**MESSAGE, "parent": -1}]}, "message 1 is not before it"),
        ({"messages": [{**MESSAGE, "role": "root"}]}, "at .messages[0].role"),
        ({"messages": [{**MESSAGE, "parts": [{"type": "x"}]}]}, "Invalid value 'x'"),
        ({"id": 7}, "at .id"),
    ],
)
def test_one_that_is_not_of_the_form_is_left_out(fields: dict[str, Any], says: str) -> None:
    (left,) = read(changed(**fields))
    assert isinstance(left, LeftOut)
    assert left.name == "conversation 1 (Six times seven)"
    assert says in left.why
    assert "\n" not in left.why


def test_the_others_of_a_document_are_taken() -> None:
    document = json.loads(as_json([BRANCHED]))
    document["conversations"] = [3, *document["conversations"], {"id": "no messages"}]
    one, two, three = read(json.dumps(document))
    assert two == BRANCHED
    assert isinstance(one, LeftOut)
    assert isinstance(three, LeftOut)
    assert (one.name, three.name) == ("conversation 1", "conversation 3")


def test_impossible_numbers_become_nothing_and_an_odd_limit_none() -> None:
    part = {"type": "reasoning", "text": "x", "tokens": 10**30, "seconds": -1.0}
    said = [{"parent": None, "role": "assistant", "parts": [part]}]
    (tree,) = read(changed(messages=said, shown=0, limit={"effort": "huge"}))
    assert isinstance(tree, ConversationTree)
    assert tree.messages[0].message.reasoning == ReasoningPart("x")
    assert tree.limit is None


def test_a_later_form_is_refused() -> None:
    with pytest.raises(ImportRefused, match="newer localr1") as refused:
        conversations_in(b'{"localr1_export": 2, "conversations": []}')
    assert refused.value.exit_code is ExitCode.REFUSED
    assert refused.value.hint
