"""A conversation of Open WebUI, as its "Export chats" writes it.

An element is {id, title, created_at, updated_at, pinned, chat: {title, models, history:
{messages: {id: {parentId, role, content, model, timestamp, files}}, currentId}}}; older ones are
the `chat` alone, or have its `messages` as a list (github.com/open-webui/open-webui).
"""

from __future__ import annotations

from typing import Any

from localr1.chat.exporting.tree import ConversationTree
from localr1.chat.imports.found import Unreadable, text_in
from localr1.chat.imports.identity import derived_id
from localr1.chat.imports.marked_reasoning import parts_of
from localr1.chat.imports.times import iso_time, seconds_of
from localr1.chat.imports.weaving import Node, woven
from localr1.chat.messages import FilePart, FinishReason, Part, Role, TextPart

_ROLES: dict[object, Role] = {"user": "user", "assistant": "assistant", "system": "system"}


def tree_of(element: dict[str, Any]) -> ConversationTree:
    """The conversation of one element of the export.

    Raises:
        Unreadable: it cannot be taken.
    """
    chat = element.get("chat", element)
    if not isinstance(chat, dict):
        raise Unreadable("its chat is no object")
    nodes, shown = _nodes(chat)
    tree = woven(nodes, shown)
    created = _time(element, "created_at") or _time(chat, "timestamp")
    title = text_in(element, "title") or text_in(chat, "title")
    said = text_in(element, "id") or text_in(chat, "id") or f"{title} {created}"
    return ConversationTree(
        id=derived_id(f"Open WebUI {said}", created),
        title=title,
        model=_model(chat, [each.message.model for each in tree.messages]),
        created_at=created,
        updated_at=_time(element, "updated_at") or created,
        messages=tree.messages,
        shown=tree.shown,
        pinned=element.get("pinned") is True,
    )


def _nodes(chat: dict[str, Any]) -> tuple[dict[str, Node], object]:
    history = chat.get("history")
    if isinstance(history, dict) and isinstance(history.get("messages"), dict):
        messages = history["messages"]
        nodes = {
            key: _node(each, each.get("parentId"))
            for key, each in messages.items()
            if isinstance(each, dict)
        }
        return nodes, history.get("currentId")
    listed = chat.get("messages")
    if not isinstance(listed, list):
        raise Unreadable("it has no messages")
    said = [each for each in listed if isinstance(each, dict)]
    return {
        str(number): _node(each, str(number - 1) if number else None)
        for number, each in enumerate(said)
    }, None


def _node(message: dict[str, Any], parent: object) -> Node:
    role = _ROLES.get(message.get("role")) if isinstance(message.get("role"), str) else None
    text = _text(message.get("content"))
    parts: tuple[Part, ...] = _files(message.get("files"))
    if role == "assistant":
        parts += parts_of(text)
    elif text.strip():
        parts += (TextPart(text),)
    seconds = seconds_of(message.get("timestamp"))
    return Node(
        parent=parent if isinstance(parent, str) else None,
        role=role,
        parts=parts,
        seconds=seconds,
        time=iso_time(seconds),
        model=text_in(message, "model", "modelName"),
        finish_reason=_finish_reason(message),
    )


def _finish_reason(message: dict[str, Any]) -> FinishReason:
    if message.get("error"):
        return "error"
    return "cancelled" if message.get("done") is False else "stop"


def _text(content: object) -> str:
    """A text, or a list of parts as of OpenAI's interface."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return "\n\n".join(
        text_in(part, "text") if part.get("type") == "text" else "[image]"
        for part in content
        if isinstance(part, dict)
    )


def _files(listed: object) -> tuple[Part, ...]:
    """Attached files whose text is in the export."""
    files: list[Part] = []
    for each in listed if isinstance(listed, list) else ():
        file = each.get("file") if isinstance(each, dict) else None
        content = file.get("data") if isinstance(file, dict) else None
        text = text_in(content, "content") if isinstance(content, dict) else ""
        if text:
            files.append(FilePart(text_in(each, "name") or "file", text))
    return tuple(files)


def _model(chat: dict[str, Any], of_replies: list[str]) -> str:
    """The model of the last reply that names one, else the first that the chat lists."""
    models = chat.get("models")
    listed = [each for each in models if isinstance(each, str)] if isinstance(models, list) else []
    return next((each for each in reversed(of_replies) if each), listed[0] if listed else "")


def _time(values: dict[str, Any], name: str) -> str:
    return iso_time(seconds_of(values.get(name)))
