"""A document that is no export is refused in one sentence; a small flaw does not cost the rest."""

from __future__ import annotations

import itertools
import json

import pytest

from localr1.chat.exporting import ConversationTree
from localr1.chat.imports.documents import conversations_in
from localr1.chat.imports.found import LeftOut
from localr1.errors import ImportRefused

CHAT = {"title": "t", "chat": {"messages": [{"role": "user", "content": "PLACE"}]}}


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b"\x00\x01\x02", "it is not JSON"),
        (b"hello", "it is not JSON"),
        (b"\xff\xfe[\x00]\x00", "it is not JSON"),
        (b"[]", "it is an empty list"),
        (b"{}", "its JSON is of no form that is known"),
        (b"7", "its JSON is of no form that is known"),
        (b'[1, "a", null]', "its JSON is of no form that is known"),
        (b'{"localr1_export": "1"}', "a newer localr1"),
        (b'{"localr1_export": 1}', "it is empty"),
        (b'{"localr1_export": 1, "conversations": 7}', "its JSON is of no form"),
        (json.dumps([CHAT]).encode()[:-5], "it is cut off: its JSON has no end"),
        (json.dumps([CHAT]).encode().replace(b":", b";", 1), "damaged at byte"),
        (b"[" * 100_000, "nested more deeply than any export"),
        (b'{"mapping":' * 100_000, "nested more deeply than any export"),
    ],
    ids=itertools.count(),
)
def test_what_is_no_export_is_refused_in_a_sentence(document: bytes, says: str) -> None:
    with pytest.raises(ImportRefused, match=says) as refused:
        list(conversations_in(document).conversations)
    assert "\n" not in refused.value.message


def texts(document: bytes) -> list[str]:
    return [
        each.messages[0].message.text if isinstance(each, ConversationTree) else each.why
        for each in conversations_in(document).conversations
    ]


def test_halves_of_characters_are_replaced() -> None:
    document = json.dumps([CHAT]).encode()
    assert texts(document.replace(b"PLACE", rb"\ud83d, \ud83d\ude42, \\ud83d, \udc00")) == [
        "\ufffd, 🙂, \\ud83d, \ufffd"
    ]


def test_a_byte_order_mark_and_a_single_conversation_are_read() -> None:
    assert texts(b"\xef\xbb\xbf" + json.dumps(CHAT).encode()) == ["PLACE"]


def test_one_with_bytes_that_are_no_text_is_left_out() -> None:
    document = json.dumps([CHAT, CHAT]).encode().replace(b"PLACE", b"\xff", 1)
    assert texts(document) == ["its JSON is damaged", "PLACE"]


def test_one_that_is_nested_deeply_does_not_stop_the_others() -> None:
    deep = '{"chat":' + "[" * 600 + "]" * 600 + "}"
    document = f"[{deep}, {json.dumps(CHAT)}]".encode()
    left, tree = conversations_in(document).conversations
    assert isinstance(left, LeftOut)
    assert isinstance(tree, ConversationTree)
