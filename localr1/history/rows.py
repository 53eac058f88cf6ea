"""A message as rows of the history, and back; damage is noticed by a checksum.

SQLite's own integrity check does not see a bit that flips inside a text, so each message row
carries the SHA-256 of everything it and its parts say.
"""

from __future__ import annotations

import itertools
import sqlite3
from operator import attrgetter
from typing import Any, NamedTuple, get_args

from localr1.chat.messages import FinishReason, Message, Role
from localr1.history import search_index
from localr1.history.migrations import columns_since
from localr1.history.part_rows import (
    COLUMNS,
    PartRow,
    checksum,
    one_of,
    part_of,
    part_rows,
    storable_part,
)
from localr1.terminal_text import clean, clean_line

TITLE_LIMIT = 60
"""Characters of a title made from the first message."""

_MOST_MESSAGES = 2**31
"""A position beyond is that of a damaged row."""

_UPSERT_MESSAGE = """
    INSERT INTO message
    (conversation_id, position, role, finish_reason, created_at, checksum, parent, model)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (conversation_id, position) DO UPDATE
    SET role = excluded.role, finish_reason = excluded.finish_reason, checksum = excluded.checksum,
        parent = excluded.parent, model = excluded.model
"""
_INSERT_PART = (
    f"INSERT INTO part (message_id, position, {', '.join(COLUMNS)})"
    f" VALUES (?, ?, {', '.join('?' * len(COLUMNS))})"
)


class StoredMessage(NamedTuple):
    """A message as read; `damaged` when it is not what was written."""

    position: int
    """Its place among the rows of the conversation, from 0, in the order of their creation."""
    message: Message
    damaged: bool
    parent: object = None
    """The column (`tree.Tree` reads it), of any type in a damaged file."""


def storable(message: Message) -> Message:
    """The message as it is kept: cleaned text, numbers that SQLite can hold."""
    parts = tuple(map(storable_part, message.parts))
    return Message(message.role, parts, message.finish_reason, clean_line(message.model))


def write_message(
    connection: sqlite3.Connection,
    conversation_id: str,
    position: int,
    message: Message,
    now: str,
    *,
    parent: int | None = None,
) -> None:
    """Write a `storable` message at its place, over what is there, and index it once finished."""
    place = (conversation_id, position)
    parts = part_rows(message)
    model = message.model or None
    written = checksum(
        position, message.role, message.finish_reason, parts, parent=parent, model=model
    )
    connection.execute(
        _UPSERT_MESSAGE,
        (*place, message.role, message.finish_reason, now, written, parent, model),
    )
    found = connection.execute(
        "SELECT id FROM message WHERE conversation_id = ? AND position = ?", place
    ).fetchone()
    if found is None:
        raise sqlite3.DatabaseError("the index of messages is damaged")
    row = int(found[0])
    search_index.remove(connection, row)
    connection.execute("DELETE FROM part WHERE message_id = ?", (row,))
    connection.executemany(
        _INSERT_PART, [(row, number, *columns) for number, columns in enumerate(parts)]
    )
    if message.role != "assistant" or message.finish_reason is not None:
        search_index.add(connection, row)


def read_messages(connection: sqlite3.Connection, conversation_id: str) -> list[StoredMessage]:
    """All messages of a conversation in their order; a damaged one is marked, never left out."""
    parts = _part_rows_of(connection, conversation_id)
    later = columns_since(connection, 3, "parent", "model")
    rows = connection.execute(
        f"SELECT id, position, role, finish_reason, checksum, {later} FROM message"
        " WHERE conversation_id = ? ORDER BY position, id",
        (conversation_id,),
    ).fetchall()
    places = _places([row[1] for row in rows])
    return sorted(
        (
            _stored(row, parts.get(row[0], []), place)
            for row, place in zip(rows, places, strict=True)
        ),
        key=attrgetter("position"),
    )


def _places(columns: list[object]) -> list[int]:
    """The positions that the columns say; what is none, or taken, gets the first that is free."""
    sound = {each for each in columns if isinstance(each, int) and 0 <= each < _MOST_MESSAGES}
    free = (each for each in itertools.count() if each not in sound)
    untaken = set(sound)
    places = []
    for each in columns:
        taken = not isinstance(each, int) or each not in untaken
        place = next(free) if taken or not isinstance(each, int) else each
        untaken.discard(place)
        places.append(place)
    return places


def _part_rows_of(connection: sqlite3.Connection, conversation_id: str) -> dict[int, list[PartRow]]:
    """The rows of a conversation's parts, by the `id` of their message."""
    parts: dict[int, list[PartRow]] = {}
    second = columns_since(connection, 2, "insertions", "carried")
    third = columns_since(connection, 3, "name")
    for message_id, *columns in connection.execute(
        f"SELECT message_id, kind, text, tokens, seconds, ended_by, {second}, {third} FROM part"
        " WHERE message_id IN (SELECT id FROM message WHERE conversation_id = ?)"
        " ORDER BY message_id, position",
        (conversation_id,),
    ):
        parts.setdefault(message_id, []).append(tuple(columns))
    return parts


def _stored(row: tuple[Any, ...], parts: list[PartRow], place: int) -> StoredMessage:
    _, position, role, finish_reason, written, parent, model = row
    summed = checksum(position, role, finish_reason, parts, parent=parent, model=model)
    message = Message(
        one_of(role, get_args(Role), "assistant"),
        tuple(map(part_of, parts)),
        None if finish_reason is None else one_of(finish_reason, get_args(FinishReason), "error"),
        clean_line(model) if isinstance(model, str) else "",
    )
    return StoredMessage(place, message, summed != written, parent)


def title_of(text: str) -> str:
    """A conversation's title: the first line that says something, cut at a word."""
    first = next((line for line in clean(text).splitlines() if line.strip()), "")
    line = clean_line(first, limit=len(first) + 1)
    if len(line) <= TITLE_LIMIT:
        return line
    head = line[: TITLE_LIMIT - 1]
    words = head if line[TITLE_LIMIT - 1] == " " else head.rpartition(" ")[0]
    return f"{(words or head).rstrip()}…"
