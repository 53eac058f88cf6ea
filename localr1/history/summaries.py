"""What a list of conversations shows, read without their texts."""

from __future__ import annotations

import sqlite3

import msgspec

from localr1.history.migrations import columns_since
from localr1.terminal_text import clean_line

# The order is that of the rows, never that of the clock, which can be set back. Positions rise
# with the rows, so an index tells the newest one of each conversation; without MATERIALIZED it
# would be asked for twice.
_SUMMARIES = """
    WITH newest AS MATERIALIZED (
        SELECT c.rowid AS place, {pinned} AS mark, (
            SELECT id FROM message WHERE conversation_id = c.id ORDER BY position DESC LIMIT 1
        ) AS message_id
        FROM conversation AS c WHERE {deleted_at} IS NULL
    ), listed AS MATERIALIZED (
        SELECT * FROM newest WHERE message_id IS NOT NULL
        ORDER BY mark = 1 DESC, message_id DESC LIMIT ?
    )
    SELECT c.id, c.title, c.model, c.created_at, c.updated_at, {pinned},
        (SELECT count(*) FROM message WHERE conversation_id = c.id)
    FROM listed JOIN conversation AS c ON c.rowid = listed.place ORDER BY listed.message_id DESC
"""


class ConversationSummary(msgspec.Struct, frozen=True):
    """What a list of conversations shows."""

    id: str
    title: str
    model: str
    created_at: str
    """ISO 8601, UTC; so is `updated_at`."""
    updated_at: str
    message_count: int
    """Of all branches together."""
    pinned: bool = False


def summaries(connection: sqlite3.Connection, limit: int) -> list[ConversationSummary]:
    """The conversations that are not deleted, the one with the newest message first.

    Where there are more than `limit`, the pinned ones are always among them.
    """
    pinned, deleted_at = (columns_since(connection, 3, name) for name in ("pinned", "deleted_at"))
    query = _SUMMARIES.format(pinned=pinned, deleted_at=deleted_at)
    return [
        ConversationSummary(
            line(identity),
            line(title),
            line(model),
            line(created),
            line(updated),
            messages,
            mark == 1,
        )
        for identity, title, model, created, updated, mark, messages in connection.execute(
            query, (limit,)
        )
    ]


def latest_conversation(connection: sqlite3.Connection) -> str | None:
    """The id of the conversation with the newest message; None where there is none."""
    deleted_at = columns_since(connection, 3, "deleted_at")
    row = connection.execute(
        "SELECT c.id FROM message AS m JOIN conversation AS c ON c.id = m.conversation_id"
        f" AND {deleted_at} IS NULL ORDER BY m.id DESC LIMIT 1"
    ).fetchone()
    return None if row is None else str(row[0])


def line(column: object) -> str:
    """A column of a file that may be damaged, as a line that can be shown."""
    return clean_line(str(column))
