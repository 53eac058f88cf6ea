"""What of a conversation goes into the next prompt."""

from __future__ import annotations

from collections.abc import Sequence

from localr1.chat.messages import Message, TextPart


def prompt_messages(messages: Sequence[Message], system: str | None) -> tuple[Message, ...]:
    """The messages that the next prompt is made of.

    A question that failed without a word of reply is left out, and so is a reply that has no
    answer; questions that then follow each other become one, since templates expect turns to
    alternate.
    """
    kept: list[Message] = [Message("system", (TextPart(system),))] if system else []
    for message in messages:
        if message.role == "assistant" and not message.text:
            if message.finish_reason == "error" and not message.parts and kept:
                kept.pop()
            continue
        if message.role == "user" and kept and kept[-1].role == "user":
            kept[-1] = Message("user", (*kept[-1].parts, TextPart("\n\n"), *message.parts))
        else:
            kept.append(message)
    return tuple(kept)
