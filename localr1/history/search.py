"""Finding messages and titles: by the index, or by looking through all texts without it."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Sequence
from operator import itemgetter
from typing import Any, Literal

import msgspec

from localr1.history.migrations import columns_since
from localr1.history.search_terms import Term, expression, folded, loosened
from localr1.history.snippets import Range, Snippet, snippet_of
from localr1.terminal_text import clean, clean_line

HitKind = Literal["title", "question", "file", "reasoning", "answer"]
"""What was found: the name of a conversation; a person's words; the name of an attached file; a
model's reasoning; its answer."""

_COLUMNS = "m.id, m.conversation_id, c.title, m.position, m.role, m.created_at"
_BY_INDEX = f"""
    SELECT {_COLUMNS} FROM search JOIN message AS m ON m.id = search.rowid
    JOIN conversation AS c ON c.id = m.conversation_id
    WHERE search MATCH ? AND c.deleted_at IS NULL ORDER BY search.rowid DESC LIMIT ?
"""
_ONE_BY_ONE = f"""
    SELECT {_COLUMNS} FROM message AS m JOIN conversation AS c ON c.id = m.conversation_id
    WHERE {{deleted_at}} IS NULL AND {{conditions}} ORDER BY m.id DESC LIMIT ?
"""
_HAS_PART = """
    EXISTS (
        SELECT 1 FROM part WHERE message_id = m.id
        AND CASE kind WHEN 'file' THEN {name} ELSE text END LIKE ? ESCAPE '!'
    )
"""
_TITLES = """
    SELECT (SELECT id FROM message WHERE conversation_id = c.id ORDER BY position DESC LIMIT 1),
        c.id, c.title, c.updated_at
    FROM conversation AS c WHERE {deleted_at} IS NULL
"""


class SearchHit(msgspec.Struct, frozen=True):
    """A message, or a conversation's title, that has all that was searched for."""

    conversation_id: str
    title: str
    """Of the conversation, on a line."""
    position: int | None
    """Of the message, for `Conversation.reveal`; None for a title."""
    kind: HitKind
    snippet: str
    """A line out of the text."""
    ranges: tuple[Range, ...]
    """Start and end, in characters, of what matched in `snippet`; empty where it is not in it."""
    created_at: str
    """Of the message, ISO 8601 in UTC; of a title, when its conversation last changed."""


def find(
    connection: sqlite3.Connection, terms: Sequence[Term], limit: int, *, indexed: bool
) -> list[SearchHit]:
    """Titles first, then messages, each with the newest first.

    Args:
        connection: to the history.
        terms: all of which a message must have.
        limit: how many hits at most.
        indexed: ask the index for words; else, and for signs, all texts are looked through.
    """
    rows = _rows(connection, terms, limit, indexed)
    if not rows and terms != loosened(terms):
        return find(connection, loosened(terms), limit, indexed=indexed)
    messages = [_hit(connection, row, terms) for row in rows]
    firsts = {(hit.conversation_id, hit.title) for hit in messages if _is_title_itself(hit)}
    titles = [hit for hit in _title_hits(connection, terms, limit) if _key(hit) not in firsts]
    return [*titles, *messages][:limit]


def _is_title_itself(hit: SearchHit) -> bool:
    """Is this the question that the title was made from?"""
    return hit.kind == "question" and hit.snippet.startswith(hit.title.rstrip("…"))


def _key(hit: SearchHit) -> tuple[str, str]:
    return hit.conversation_id, hit.title


def _rows(
    connection: sqlite3.Connection, terms: Sequence[Term], limit: int, indexed: bool
) -> list[Any]:
    match = expression(terms) if indexed else ""
    if match:
        return connection.execute(_BY_INDEX, (match, limit)).fetchall()
    has_part = _HAS_PART.format(name=columns_since(connection, 3, "name"))
    query = _ONE_BY_ONE.format(
        deleted_at=columns_since(connection, 3, "deleted_at"),
        conditions=" AND ".join([has_part] * len(terms)),
    )
    patterns = [_like(term.text) for term in terms]
    return connection.execute(query, (*patterns, limit)).fetchall()


def _like(text: str) -> str:
    escaped = text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{escaped}%"


def _hit(connection: sqlite3.Connection, row: tuple[Any, ...], terms: Sequence[Term]) -> SearchHit:
    identity, conversation, title, position, role, created = row
    name = columns_since(connection, 3, "name")
    texts = connection.execute(
        f"SELECT kind, text, {name} FROM part WHERE message_id = ? ORDER BY position", (identity,)
    ).fetchall()
    own: HitKind = "answer" if role == "assistant" else "question"
    choices = [_choice(columns, own, terms) for columns in texts]
    # the answer before the reasoning, the question before its files, where both say it
    choices.sort(key=lambda choice: (-choice[1].terms, choice[0] != own))
    kind, snippet = choices[0] if choices else (own, Snippet("", (), 0))
    return SearchHit(
        clean_line(str(conversation)),
        clean_line(str(title)),
        position if isinstance(position, int) else None,
        kind,
        snippet.text,
        snippet.ranges,
        clean_line(str(created)),
    )


def _choice(
    columns: tuple[Any, ...], own: HitKind, terms: Sequence[Term]
) -> tuple[HitKind, Snippet]:
    kind, text, name = columns
    if kind == "file":
        return "file", snippet_of(clean_line(str(name)), terms)
    return "reasoning" if kind == "reasoning" else own, snippet_of(clean(str(text)), terms)


def _title_hits(
    connection: sqlite3.Connection, terms: Sequence[Term], limit: int
) -> list[SearchHit]:
    words = [word for term in terms for word in folded(term.text).split()]
    query = _TITLES.format(deleted_at=columns_since(connection, 3, "deleted_at"))
    candidates = [
        row
        for row in connection.execute(query).fetchall()
        if row[0] is not None and all(map(folded(str(row[2])).__contains__, words))
    ]
    candidates.sort(key=itemgetter(0), reverse=True)
    hits = (_title_hit(row, terms) for row in candidates)
    return list(itertools.islice(filter(None, hits), limit))


def _title_hit(row: tuple[Any, ...], terms: Sequence[Term]) -> SearchHit | None:
    """The hit that this title is, if it has all terms as words."""
    identity, title, updated = (clean_line(str(column)) for column in row[1:])
    snippet = snippet_of(title, terms)
    if snippet.terms < len(terms):
        return None
    return SearchHit(identity, title, None, "title", snippet.text, snippet.ranges, updated)
