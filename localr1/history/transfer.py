"""Whole conversations out of the history and into it: every branch, with the times it has."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from typing import Any, NamedTuple

import msgspec

from localr1.chat.exporting.tree import ConversationTree, TreeMessage
from localr1.chat.imports.identity import content_id, own_id
from localr1.chat.kept_limit import limit_as_json, limit_from_json
from localr1.errors import ConversationNotFound
from localr1.history.migrations import columns_since
from localr1.history.rows import read_messages, storable, title_of, write_message
from localr1.history.tree import ROOT, Tree, link
from localr1.terminal_text import clean_line

_INSERT_CONVERSATION = """
    INSERT INTO conversation
    (id, title, model, created_at, updated_at, reasoning_limit, head, pinned)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
_INSERT_MESSAGE = """
    INSERT INTO message (id, conversation_id, position, role, created_at, checksum)
    VALUES (?, ?, ?, '', ?, '')
"""


class TakenIn(NamedTuple):
    """What became of a conversation that was imported."""

    id: str
    is_new: bool
    """False where the history had it already, and nothing was written."""


def reading(identity: str) -> Callable[[sqlite3.Connection], ConversationTree]:
    """Work for `Database.read`: the conversation of this id.

    Raises:
        ConversationNotFound: there is none.
    """
    return lambda connection: _read(connection, identity)


def _read(connection: sqlite3.Connection, identity: str) -> ConversationTree:
    limit = columns_since(connection, 2, "reasoning_limit")
    later = columns_since(connection, 3, "head", "pinned")
    row = connection.execute(
        f"SELECT title, model, created_at, updated_at, {limit}, {later} FROM conversation"
        " WHERE id = ?",
        (identity,),
    ).fetchone()
    if row is None:
        raise ConversationNotFound(f"no conversation {identity!r}")
    title, model, created_at, updated_at, kept_limit, head, pinned = row
    messages, places = _read_messages(connection, identity)
    return ConversationTree(
        id=identity,
        title=_line(title),
        model=_line(model),
        created_at=_line(created_at),
        updated_at=_line(updated_at),
        messages=messages,
        shown=places.get(head, len(messages) - 1) if messages else None,
        pinned=bool(pinned),
        limit=limit_from_json(kept_limit),
    )


def _read_messages(
    connection: sqlite3.Connection, identity: str
) -> tuple[tuple[TreeMessage, ...], dict[object, int]]:
    """The messages, and the place among them of each position in the history."""
    times: dict[object, object] = dict(
        connection.execute(
            "SELECT position, created_at FROM message WHERE conversation_id = ?", (identity,)
        ).fetchall()
    )
    stored = read_messages(connection, identity)
    tree = Tree((each.position, each.parent) for each in stored)
    places: dict[object, int] = {each.position: place for place, each in enumerate(stored)}
    messages = tuple(
        TreeMessage(
            each.message,
            places.get(tree.parent(each.position)),
            _line(times.get(each.position, "")),
        )
        for each in stored
    )
    return messages, places


def _line(column: object) -> str:
    return clean_line(str(column))


def writing(
    trees: Sequence[ConversationTree],
) -> Callable[[sqlite3.Connection], list[TakenIn]]:
    """Work for `Database.write`: these conversations, those that the history does not have yet.

    They are listed below all that are there, the first of them first: what was talked here comes
    before what was brought here. One whose id is taken by another gets a new one.
    """

    def work(connection: sqlite3.Connection) -> list[TakenIn]:
        # The list is in the order of the rows. They are written rising, as the index likes it.
        lowest = connection.execute("SELECT min(id) FROM message").fetchone()[0]
        row = min(1 if lowest is None else lowest, 1) - sum(len(tree.messages) for tree in trees)
        taken: list[TakenIn] = []
        for tree in reversed(trees):
            taken.append(_take_in(connection, tree, row))
            row += len(tree.messages)
        return taken[::-1]

    return work


def _take_in(connection: sqlite3.Connection, tree: ConversationTree, row: int) -> TakenIn:
    kept = _storable(tree)
    for identity in (own_id(tree), content_id(kept)):
        there = _there(connection, identity)
        if there is None:
            _insert(connection, identity, kept, row)
            return TakenIn(identity, is_new=True)
        if there == _said(kept.messages):
            return TakenIn(identity, is_new=False)
    return _take_in(connection, msgspec.structs.replace(tree, id=f"{tree.id} "), row)


def _said(messages: Sequence[TreeMessage]) -> list[tuple[Any, ...]]:
    """What makes two conversations the same."""
    return [(each.message, each.parent) for each in messages]


def _there(connection: sqlite3.Connection, identity: str) -> list[tuple[Any, ...]] | None:
    """What the conversation of this id says, nothing of a deleted one; None where there is none."""
    query = "SELECT deleted_at FROM conversation WHERE id = ?"
    found = connection.execute(query, (identity,)).fetchone()
    if found is None:
        return None
    return _said(_read_messages(connection, identity)[0]) if found[0] is None else []


def _storable(tree: ConversationTree) -> ConversationTree:
    """The conversation as it is kept: cleaned, with a title and times."""
    created = _time(tree.created_at) or datetime.now(timezone.utc).isoformat(
        timespec="milliseconds"
    )
    asked = (each.message.text for each in tree.messages if each.message.role == "user")
    return msgspec.structs.replace(
        tree,
        title=clean_line(tree.title) or title_of(next(asked, "")),
        model=clean_line(tree.model),
        created_at=created,
        updated_at=_time(tree.updated_at) or created,
        messages=tuple(
            TreeMessage(storable(each.message), each.parent, _time(each.created_at) or created)
            for each in tree.messages
        ),
    )


def _time(text: str) -> str:
    """The text where it is a time as the history keeps it, else nothing."""
    try:
        return text if datetime.fromisoformat(text).tzinfo else ""
    except ValueError:
        return ""


def _insert(
    connection: sqlite3.Connection, identity: str, kept: ConversationTree, row: int
) -> None:
    """Write a conversation; its first message gets this row, the others those that follow."""
    newest = len(kept.messages) - 1
    head = None if kept.shown in {None, newest} else kept.shown
    connection.execute(
        _INSERT_CONVERSATION,
        (
            identity,
            *(kept.title, kept.model, kept.created_at, kept.updated_at),
            *(limit_as_json(kept.limit), head, 1 if kept.pinned else None),
        ),
    )
    for position, each in enumerate(kept.messages):
        place = (row + position, identity, position, each.created_at)
        connection.execute(_INSERT_MESSAGE, place)
        parent = link(position, ROOT if each.parent is None else each.parent)
        write_message(connection, identity, position, each.message, each.created_at, parent=parent)
