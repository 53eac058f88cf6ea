"""What the readable exports say about a message, in the same words."""

from __future__ import annotations

import re

from localr1.chat.exporting.tree import ConversationTree
from localr1.chat.messages import Message, ReasoningPart
from localr1.terminal_text import clean_line
from localr1.units import count, duration

ROLE_TITLES = {"system": "System", "user": "Question", "assistant": "Answer"}

_ENDS = {
    None: "The reply was interrupted.",
    "length": "The reply was cut at a limit.",
    "cancelled": "The reply was stopped.",
    "error": "The engine failed while it replied.",
    "loop": "The reply was stopped because it repeated itself.",
}

_MINUTE = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)\S*")


def title_of(tree: ConversationTree) -> str:
    """The title, or what stands in its place."""
    return clean_line(tree.title) or "Conversation"


def thought_line(part: ReasoningPart) -> str:
    """ "Thought for 12 s, 431 tokens", as far as this is known."""
    line = f"Thought for {duration(part.seconds)}" if part.seconds else "Thought"
    return f"{line}, {count(part.tokens, 'token')}" if part.tokens else line


def end_line(message: Message) -> str:
    """Why a reply is not whole; empty for one that is, and for other messages."""
    if message.role != "assistant":
        return ""
    return _ENDS.get(message.finish_reason, "")


def moment(time: str) -> str:
    """ "2026-11-26 04:31 UTC"; another text stays as it is, on a line."""
    match = _MINUTE.fullmatch(time)
    return f"{match[1]} {match[2]} UTC" if match else clean_line(time, limit=40)


def origin_line(tree: ConversationTree) -> list[str]:
    """The model and the time, those that are known."""
    return [each for each in (clean_line(tree.model), moment(tree.created_at)) if each]
