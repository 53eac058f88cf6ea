"""A conversation of oterm, from the rows of its store.db (github.com/ggozad/oterm)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from localr1.chat.exporting.tree import ConversationTree
from localr1.chat.imports.found import Unreadable
from localr1.chat.imports.identity import derived_id
from localr1.chat.imports.marked_reasoning import parts_of
from localr1.chat.imports.weaving import Node, woven
from localr1.chat.messages import Part, Role, TextPart

_ROLES: dict[object, Role] = {
    "me": "user",
    "user": "user",
    "ollama": "assistant",
    "assistant": "assistant",
    "system": "system",
}


class ChatRow(NamedTuple):
    """A row of the table `chat`, its columns of any type."""

    id: object
    name: object
    model: object
    system: object


class MessageRow(NamedTuple):
    """A row of the table `message`, its columns of any type."""

    author: object
    text: object


def tree_of(chat: ChatRow, messages: Iterable[MessageRow]) -> ConversationTree:
    """The conversation of these rows; oterm keeps no times and no branches.

    Raises:
        Unreadable: nobody says anything in it.
    """
    rows = [MessageRow("system", chat.system)] if isinstance(chat.system, str) else []
    rows += messages
    nodes = {
        str(number): _node(row, str(number - 1) if number else None)
        for number, row in enumerate(rows)
    }
    tree = woven(nodes, None)
    name = chat.name if isinstance(chat.name, str) else ""
    first = next(each.message.text for each in tree.messages)
    if all(each.message.role == "system" for each in tree.messages):
        raise Unreadable("nobody says anything in it")
    return ConversationTree(
        id=derived_id(f"oterm {chat.id} {name} {first}", ""),
        title=name,
        model=chat.model if isinstance(chat.model, str) else "",
        created_at="",
        updated_at="",
        messages=tree.messages,
        shown=tree.shown,
    )


def _node(row: MessageRow, parent: str | None) -> Node:
    role = _ROLES.get(row.author) if isinstance(row.author, str) else None
    text = row.text if isinstance(row.text, str) else ""
    parts: tuple[Part, ...] = parts_of(text) if role == "assistant" else ()
    if role != "assistant" and text.strip():
        parts = (TextPart(text),)
    return Node(parent, role, parts)
