"""Questions that were asked before, in any conversation."""

from __future__ import annotations

import sqlite3

from localr1.history.migrations import columns_since
from localr1.terminal_text import clean

_NEWEST = """
    SELECT p.text FROM message AS m
    JOIN conversation AS c ON c.id = m.conversation_id AND {deleted_at} IS NULL
    JOIN part AS p ON p.message_id = m.id AND p.kind = 'text'
    WHERE m.role = 'user' ORDER BY m.id DESC LIMIT ?
"""


def latest_questions(connection: sqlite3.Connection, limit: int) -> list[str]:
    """The newest questions of all conversations that are not deleted, the oldest of them first."""
    query = _NEWEST.format(deleted_at=columns_since(connection, 3, "deleted_at"))
    return [clean(str(text)) for (text,) in connection.execute(query, (limit,))][::-1]
