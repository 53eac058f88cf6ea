"""A message's parts survive JSON, and its words are told from its reasoning."""

from __future__ import annotations

import msgspec
import pytest

from localr1.chat.messages import Message, ReasoningPart, TextPart, user_message

REPLY = Message(
    "assistant",
    (
        ReasoningPart("first", tokens=3, seconds=0.5),
        TextPart("The answer"),
        ReasoningPart("second", ended_by="length"),
        TextPart(" goes on"),
    ),
    "length",
)


@pytest.mark.parametrize("message", [REPLY, user_message("hi\n👋"), Message("system", ())])
def test_a_message_survives_json(message: Message) -> None:
    assert msgspec.json.decode(msgspec.json.encode(message), type=Message) == message


def test_words_and_reasoning_are_apart() -> None:
    assert REPLY.text == "The answer goes on"
    assert REPLY.reasoning == ReasoningPart("first", tokens=3, seconds=0.5)


def test_a_users_message_is_text_alone() -> None:
    message = user_message("</think> stays text")
    assert message == Message("user", (TextPart("</think> stays text"),))
    assert message.text == "</think> stays text"
    assert message.reasoning is None
    assert message.finish_reason is None


@pytest.mark.parametrize(
    "document",
    [
        b'{"role":"tool","parts":[]}',
        b'{"role":"user","parts":[{"type":"image","text":""}]}',
        b'{"role":"user","parts":[{"type":"text"}]}',
        b'{"role":"user","parts":[],"finish_reason":"tired"}',
        b'{"role":"user","parts":[{"type":"reasoning","text":"","ended_by":"boredom"}]}',
        b'{"parts":[]}',
    ],
)
def test_what_is_no_message_is_refused(document: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(document, type=Message)


def test_messages_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        REPLY.role = "user"  # type: ignore[misc]  # the point of the test
