"""A message as rows of the history, and back; damage is noticed by a checksum.

SQLite's own integrity check does not see a bit that flips inside a text, so each message row
carries the SHA-256 of everything it and its parts say.
"""

from __future__ import annotations

import hashlib
import json
import math
import sqlite3
from typing import Any, NamedTuple, get_args

from localr1.chat.messages import (
    REASONING_ENDS,
    FinishReason,
    Message,
    Part,
    ReasoningPart,
    Role,
    TextPart,
)
from localr1.history.insertions import (
    cleaned_insertions,
    insertions_as_json,
    insertions_from_json,
)
from localr1.history.migrations import columns_since
from localr1.terminal_text import clean, clean_line

TITLE_LIMIT = 60
"""Characters of a title made from the first message."""

_UPSERT_MESSAGE = """
    INSERT INTO message (conversation_id, position, role, finish_reason, created_at, checksum)
    VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (conversation_id, position) DO UPDATE
    SET role = excluded.role, finish_reason = excluded.finish_reason, checksum = excluded.checksum
"""

PartRow = tuple[Any, ...]
"""kind, text, tokens, seconds, ended_by, insertions, carried: of any type in a damaged file."""

_FIRST_PART_COLUMNS = 5
"""Those of schema version 1, whose checksums know no others."""


class StoredMessage(NamedTuple):
    """A message as read; `damaged` when it is not what was written."""

    position: int
    """Its place in the conversation, from 0."""
    message: Message
    damaged: bool


def storable(message: Message) -> Message:
    """The message as it is kept: cleaned text, numbers that SQLite can hold."""
    return Message(message.role, tuple(map(_storable_part, message.parts)), message.finish_reason)


def _storable_part(part: Part) -> Part:
    if isinstance(part, TextPart):
        return TextPart(clean(part.text))
    seconds = float(part.seconds) if math.isfinite(part.seconds) else 0.0
    return ReasoningPart(
        clean(part.text),
        int(part.tokens),
        seconds,
        part.ended_by,
        cleaned_insertions(part.text, part.insertions),
        part.carried,
    )


def part_rows(message: Message) -> list[PartRow]:
    """The columns of each part, from kind to carried."""
    return [_part_row(part) for part in message.parts]


def _part_row(part: Part) -> PartRow:
    if isinstance(part, TextPart):
        return ("text", part.text, None, None, None, None, None)
    added = (insertions_as_json(part.insertions), 1 if part.carried else None)
    return ("reasoning", part.text, part.tokens, part.seconds, part.ended_by, *added)


def checksum(position: object, role: object, finish_reason: object, parts: list[PartRow]) -> str:
    """SHA-256, in hex, of a message's columns as JSON (docs/formats.md gives the exact form)."""
    columns = [position, role, finish_reason, [_summed_columns(part) for part in parts]]
    document = json.dumps(columns, separators=(",", ":"), default=repr)
    return hashlib.sha256(document.encode("ascii")).hexdigest()


def _summed_columns(part: PartRow) -> PartRow:
    """A part's columns, without later versions' where these are empty: old checksums hold."""
    later = part[_FIRST_PART_COLUMNS:]
    return part[:_FIRST_PART_COLUMNS] if all(column is None for column in later) else part


def write_message(
    connection: sqlite3.Connection, conversation_id: str, position: int, message: Message, now: str
) -> None:
    """Write a `storable` message at its place, over what is there."""
    place = (conversation_id, position)
    parts = part_rows(message)
    written = checksum(position, message.role, message.finish_reason, parts)
    connection.execute(_UPSERT_MESSAGE, (*place, message.role, message.finish_reason, now, written))
    found = connection.execute(
        "SELECT id FROM message WHERE conversation_id = ? AND position = ?", place
    ).fetchone()
    if found is None:
        raise sqlite3.DatabaseError("the index of messages is damaged")
    row = found[0]
    connection.execute("DELETE FROM part WHERE message_id = ?", (row,))
    connection.executemany(
        "INSERT INTO part (message_id, position, kind, text, tokens, seconds, ended_by,"
        " insertions, carried) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(row, number, *columns) for number, columns in enumerate(parts)],
    )


def read_messages(connection: sqlite3.Connection, conversation_id: str) -> list[StoredMessage]:
    """All messages of a conversation in their order; a damaged one is marked, never left out."""
    parts = _part_rows_of(connection, conversation_id)
    return [
        _stored(row, parts.get(row[0], []))
        for row in connection.execute(
            "SELECT id, position, role, finish_reason, checksum FROM message"
            " WHERE conversation_id = ? ORDER BY position, id",
            (conversation_id,),
        )
    ]


def _part_rows_of(connection: sqlite3.Connection, conversation_id: str) -> dict[int, list[PartRow]]:
    """The rows of a conversation's parts, by the `id` of their message."""
    parts: dict[int, list[PartRow]] = {}
    later = columns_since(connection, 2, "insertions", "carried")
    for message_id, *columns in connection.execute(
        f"SELECT message_id, kind, text, tokens, seconds, ended_by, {later} FROM part"
        " WHERE message_id IN (SELECT id FROM message WHERE conversation_id = ?)"
        " ORDER BY message_id, position",
        (conversation_id,),
    ):
        parts.setdefault(message_id, []).append(tuple(columns))
    return parts


def _stored(row: tuple[Any, ...], parts: list[PartRow]) -> StoredMessage:
    _, position, role, finish_reason, written = row
    damaged = checksum(position, role, finish_reason, parts) != written
    message = Message(
        _one_of(role, get_args(Role), "assistant"),
        tuple(map(_part, parts)),
        None if finish_reason is None else _one_of(finish_reason, get_args(FinishReason), "error"),
    )
    return StoredMessage(position, message, damaged)


def _part(row: PartRow) -> Part:
    kind, raw, tokens, seconds, ended_by, inserted, carried = row
    text = _text(raw)
    if kind != "reasoning":
        return TextPart(clean(text))
    return ReasoningPart(
        clean(text),
        int(_number(tokens)),
        float(_number(seconds)),
        _one_of(ended_by, REASONING_ENDS, "error"),
        cleaned_insertions(text, insertions_from_json(inserted, len(text))),
        carried == 1,
    )


def _one_of(value: object, names: tuple[str, ...], otherwise: Any) -> Any:
    """`value` where it is one of a Literal's names; a damaged row may hold anything."""
    return value if value in names else otherwise


def _number(value: object) -> float:
    return value if isinstance(value, (int, float)) and math.isfinite(value) else 0


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def title_of(text: str) -> str:
    """A conversation's title: the first line that says something, cut at a word."""
    first = next((line for line in clean(text).splitlines() if line.strip()), "")
    line = clean_line(first, limit=len(first) + 1)
    if len(line) <= TITLE_LIMIT:
        return line
    head = line[: TITLE_LIMIT - 1]
    words = head if line[TITLE_LIMIT - 1] == " " else head.rpartition(" ")[0]
    return f"{(words or head).rstrip()}…"
