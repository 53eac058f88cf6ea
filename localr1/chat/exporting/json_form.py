"""A conversation as JSON, and back, with nothing lost (docs/history.md describes the form)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import msgspec

from localr1.chat.exporting.tree import ConversationTree, TreeMessage
from localr1.chat.kept_limit import limit_as_json, limit_from_json
from localr1.chat.messages import FinishReason, Message, Part, ReasoningPart, Role

VERSION = 1
"""Of the form; a later one is refused, with a sentence."""

_WHOLE_AT_MOST = 1 << 53
"""Whole numbers beyond are not exact in every reader of JSON."""


class _KeptMessage(msgspec.Struct, kw_only=True):
    parent: int | None
    role: Role
    model: str = ""
    created_at: str = ""
    finish_reason: FinishReason | None = None
    parts: tuple[Part, ...]


class _KeptConversation(msgspec.Struct, kw_only=True):
    id: str
    title: str = ""
    model: str = ""
    created_at: str = ""
    updated_at: str = ""
    pinned: bool = False
    limit: Any = None
    """As kept_limit writes it."""
    shown: int | None = None
    messages: list[_KeptMessage]


class _Document(msgspec.Struct):
    localr1_export: int
    conversations: tuple[_KeptConversation, ...]


def as_json(trees: Iterable[ConversationTree]) -> str:
    """One document with these conversations, indented, with a line feed at its end."""
    document = _Document(VERSION, tuple(map(_kept, trees)))
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def _kept(tree: ConversationTree) -> _KeptConversation:
    limit = limit_as_json(tree.limit)
    return _KeptConversation(
        id=tree.id,
        title=tree.title,
        model=tree.model,
        created_at=tree.created_at,
        updated_at=tree.updated_at,
        pinned=tree.pinned,
        limit=msgspec.Raw(limit.encode()) if limit else None,
        shown=tree.shown,
        messages=[_kept_message(each) for each in tree.messages],
    )


def _kept_message(each: TreeMessage) -> _KeptMessage:
    message = each.message
    return _KeptMessage(
        parent=each.parent,
        role=message.role,
        model=message.model,
        created_at=each.created_at,
        finish_reason=message.finish_reason,
        parts=message.parts,
    )


def tree_from_json(document: Any) -> ConversationTree:
    """One element of `conversations`.

    Args:
        document: JSON values: dicts, lists, texts, numbers.

    Raises:
        msgspec.ValidationError: it is not of this form; the text says where.
    """
    kept = msgspec.convert(document, _KeptConversation)
    messages = tuple(_tree_message(position, each) for position, each in enumerate(kept.messages))
    if kept.shown is not None and not 0 <= kept.shown < len(messages):
        raise msgspec.ValidationError("`shown` is not the position of a message")
    return ConversationTree(
        id=kept.id,
        title=kept.title,
        model=kept.model,
        created_at=kept.created_at,
        updated_at=kept.updated_at,
        pinned=kept.pinned,
        limit=limit_from_json(msgspec.json.encode(kept.limit).decode()),
        shown=kept.shown,
        messages=messages,
    )


def _tree_message(position: int, each: _KeptMessage) -> TreeMessage:
    if each.parent is not None and not 0 <= each.parent < position:
        raise msgspec.ValidationError(f"the parent of message {position} is not before it")
    parts = tuple(map(_sound, each.parts))
    message = Message(each.role, parts, each.finish_reason, each.model)
    return TreeMessage(message, each.parent, each.created_at)


def _sound(part: Part) -> Part:
    """The part, without numbers that no reply can have."""
    if not isinstance(part, ReasoningPart):
        return part
    is_span = math.isfinite(part.seconds) and part.seconds >= 0
    return msgspec.structs.replace(
        part,
        tokens=part.tokens if 0 <= part.tokens <= _WHOLE_AT_MOST else 0,
        seconds=part.seconds if is_span else 0.0,
    )
