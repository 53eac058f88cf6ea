"""A conversation of ChatGPT, as the conversations.json of its data export has it.

An element is {id or conversation_id, title, create_time, update_time, current_node, mapping:
{id: {parent, children, message: {author: {role}, content, create_time, metadata, …}}}}. OpenAI
documents none of this; several public readers agree on it.
"""

from __future__ import annotations

import re
from typing import Any

from localr1.chat.exporting.markdown_safety import fenced
from localr1.chat.exporting.tree import ConversationTree
from localr1.chat.imports.found import Unreadable, text_in
from localr1.chat.imports.identity import derived_id
from localr1.chat.imports.times import iso_time, seconds_of
from localr1.chat.imports.weaving import Node, woven
from localr1.chat.messages import FinishReason, Part, ReasoningPart, Role, TextPart

_ROLES: dict[object, Role] = {
    "user": "user",
    "assistant": "assistant",
    "system": "system",
    "tool": "assistant",  # what a program printed is part of the reply
}
_CITATION = re.compile("\ue200[^\ue200\ue201]{0,1000}\ue201")
"""A place in a source that only ChatGPT knows, between characters of private use."""

_SECONDS_AT_MOST = 1e9


def tree_of(element: dict[str, Any]) -> ConversationTree:
    """The conversation of one element of conversations.json.

    Raises:
        Unreadable: it cannot be taken.
    """
    mapping = element.get("mapping")
    if not isinstance(mapping, dict):
        raise Unreadable("it has no messages")
    nodes = {key: _node(each) for key, each in mapping.items() if isinstance(each, dict)}
    tree = woven(nodes, element.get("current_node"))
    title = text_in(element, "title")
    created = iso_time(seconds_of(element.get("create_time")))
    said = text_in(element, "conversation_id", "id") or f"{title} {created}"
    models = [each.message.model for each in tree.messages if each.message.model]
    return ConversationTree(
        id=derived_id(f"ChatGPT {said}", created),
        title=title,
        model=models[-1] if models else text_in(element, "default_model_slug"),
        created_at=created,
        updated_at=iso_time(seconds_of(element.get("update_time"))) or created,
        messages=tree.messages,
        shown=tree.shown,
        pinned=bool(element.get("is_starred")),
    )


def _node(each: dict[str, Any]) -> Node:
    parent = each.get("parent")
    parent = parent if isinstance(parent, str) else None
    message = each.get("message")
    if not isinstance(message, dict):
        return Node(parent, None)
    metadata = _object(message, "metadata")
    author = _object(message, "author").get("role")
    content = _object(message, "content")
    seconds = seconds_of(message.get("create_time"))
    hidden = metadata.get("is_visually_hidden_from_conversation") is True
    return Node(
        parent=parent,
        role=_ROLES.get(author) if isinstance(author, str) and not hidden else None,
        parts=_parts(content, author, text_in(message, "recipient") or "all", metadata),
        seconds=seconds,
        time=iso_time(seconds),
        model=text_in(metadata, "model_slug"),
        finish_reason=_finish_reason(message, metadata),
    )


def _parts(
    content: dict[str, Any], author: object, recipient: str, metadata: dict[str, Any]
) -> tuple[Part, ...]:
    """What a person sees of a node."""
    kind = content.get("content_type")
    if kind == "thoughts":
        return _thoughts(content)
    if kind == "reasoning_recap":
        return (ReasoningPart("", seconds=_seconds(metadata)),)
    if kind == "execution_output" or (kind == "code" and recipient.startswith("python")):
        printed = text_in(content, "text")
        name = "program.python" if kind == "code" else ""
        return (TextPart(fenced(printed, name)),) if printed else ()
    if kind not in {"text", "multimodal_text", None} or author == "tool" or recipient != "all":
        return ()
    text = _CITATION.sub("", "\n\n".join(filter(None, map(_piece, _list(content, "parts")))))
    return (TextPart(text),) if text.strip() else ()


def _piece(part: object) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, dict):
        return ""
    kind = part.get("content_type")
    if isinstance(kind, str) and "image" in kind:
        return "[image]"
    return text_in(part, "text")


def _thoughts(content: dict[str, Any]) -> tuple[Part, ...]:
    said = [
        "\n\n".join(filter(None, (text_in(each, "summary"), text_in(each, "content"))))
        for each in _list(content, "thoughts")
        if isinstance(each, dict)
    ]
    text = "\n\n".join(filter(None, said))
    return (ReasoningPart(text),) if text else ()


def _seconds(metadata: dict[str, Any]) -> float:
    value = metadata.get("finished_duration_sec")
    is_span = isinstance(value, (int, float)) and 0 <= value <= _SECONDS_AT_MOST
    return float(value) if is_span and value is not None else 0.0


def _finish_reason(message: dict[str, Any], metadata: dict[str, Any]) -> FinishReason:
    ended = _object(metadata, "finish_details").get("type")
    if ended == "max_tokens":
        return "length"
    if ended == "interrupted" or message.get("status") == "in_progress":
        return "cancelled"
    return "stop"


def _object(values: dict[str, Any], name: str) -> dict[str, Any]:
    value = values.get(name)
    return value if isinstance(value, dict) else {}


def _list(values: dict[str, Any], name: str) -> list[Any]:
    value = values.get(name)
    return value if isinstance(value, list) else []
