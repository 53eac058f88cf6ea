"""A history that the second version wrote: a line of messages becomes a tree with one branch.

Statements and checksum are that version's own, written out here, so that no later change of the
program can change what is tested.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from localr1.chat.effort import Asked
from localr1.chat.messages import (
    FilePart,
    Insertion,
    Message,
    ReasoningPart,
    TextPart,
    user_message,
)
from localr1.history.migrations import NEWEST, schema_version
from localr1.history.store import HistoryStore

SCHEMA = """
    CREATE TABLE conversation (
        id TEXT PRIMARY KEY,
        title TEXT NOT NULL,
        model TEXT NOT NULL,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL
    , reasoning_limit TEXT);
    CREATE TABLE message (
        id INTEGER PRIMARY KEY,
        conversation_id TEXT NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        role TEXT NOT NULL,
        finish_reason TEXT,
        created_at TEXT NOT NULL,
        checksum TEXT NOT NULL,
        UNIQUE (conversation_id, position)
    );
    CREATE TABLE part (
        message_id INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        kind TEXT NOT NULL,
        text TEXT NOT NULL,
        tokens INTEGER,
        seconds REAL,
        ended_by TEXT,
        insertions TEXT,
        carried INTEGER,
        UNIQUE (message_id, position)
    );
    PRAGMA user_version = 2;
"""
IDENTITY = "261104-k3f9x2"
TIME = "2026-11-04T10:15:00.000+00:00"
INSERTED = '[{"start":0,"end":2,"author":"person"}]'

THOUGHT = ReasoningPart("Hm, 2 and 2 …", 5, 0.25, "closed", (Insertion(0, 2, "person"),), True)
MESSAGES = [
    user_message("two and two? é"),
    Message("assistant", (THOUGHT, TextPart("4")), "stop"),
    user_message("and three?"),
    Message("assistant", (ReasoningPart("So", 1, 0.5), TextPart("cut")), None),
]

INSERT_MESSAGE = """
    INSERT INTO message (conversation_id, position, role, finish_reason, created_at, checksum)
    VALUES (?, ?, ?, ?, ?, ?)
"""
INSERT_PART = """
    INSERT INTO part (message_id, position, kind, text, tokens, seconds, ended_by, insertions,
    carried) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


def connect(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(folder / "history.sqlite3", isolation_level=None)


def open_store(folder: Path) -> HistoryStore:
    return HistoryStore(folder / "history.sqlite3", folder / "locks")


def insert(
    connection: sqlite3.Connection,
    position: int,
    role: str,
    finish_reason: str | None,
    *parts: tuple[object, ...],
) -> None:
    """Write a message as version 2 does."""
    summed = [part[:5] if part[5:] == (None, None) else part for part in parts]
    document = json.dumps([position, role, finish_reason, summed], separators=(",", ":"))
    checksum = hashlib.sha256(document.encode("ascii")).hexdigest()
    cursor = connection.execute(
        INSERT_MESSAGE, (IDENTITY, position, role, finish_reason, TIME, checksum)
    )
    for number, part in enumerate(parts):
        connection.execute(INSERT_PART, (cursor.lastrowid, number, *part))


def text(words: str) -> tuple[object, ...]:
    return ("text", words, None, None, None, None, None)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with closing(connect(tmp_path)) as connection:
        connection.executescript(SCHEMA)
        connection.execute(
            "INSERT INTO conversation VALUES (?, ?, ?, ?, ?, ?)",
            (IDENTITY, "two and two? é", "demo", TIME, TIME, '{"tokens":300}'),
        )
        thought = ("reasoning", "Hm, 2 and 2 …", 5, 0.25, "closed", INSERTED, 1)
        cut = ("reasoning", "So", 1, 0.5, "closed", None, None)
        insert(connection, 0, "user", None, text("two and two? é"))
        insert(connection, 1, "assistant", "stop", thought, text("4"))
        insert(connection, 2, "user", None, text("and three?"))
        insert(connection, 3, "assistant", None, cut, text("cut"))
    yield tmp_path
    with closing(connect(tmp_path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_what_it_holds_is_whole_and_one_line(folder: Path) -> None:
    with closing(open_store(folder)) as store:
        read = store.open(IDENTITY)
        assert read.messages == MESSAGES
        assert read.damaged_positions == frozenset()
        assert [read.branches(index) for index in range(4)] == [(0, 1)] * 4
        assert read.limit == Asked(origin="this conversation", tokens=300)
        assert (read.draft, store.notice) == ("", None)
        assert [each.pinned for each in store.list()] == [False]
    with closing(connect(folder)) as connection:
        assert schema_version(connection) == NEWEST


def test_all_of_it_is_found(folder: Path) -> None:
    with closing(open_store(folder)) as store:
        assert [(hit.kind, hit.position) for hit in store.search("two")] == [("question", 0)]
        assert [(hit.kind, hit.position) for hit in store.search("hm")] == [("reasoning", 1)]
        assert [(hit.kind, hit.position) for hit in store.search("cut")] == [("answer", 3)]


def test_it_goes_on_with_branches_and_files(folder: Path) -> None:
    question = user_message("and this?", [FilePart("sum.txt", "2 + 2")])
    with closing(open_store(folder)) as store:
        conversation = store.open(IDENTITY)
        conversation.rewind(2)
        conversation.add(question)
    with closing(open_store(folder)) as store:
        read = store.open(IDENTITY)
        assert read.messages == [*MESSAGES[:2], question]
        assert read.branches(2) == (1, 2)
        read.choose(2, 0)
        assert read.messages == MESSAGES
        read.replace(3, Message("assistant", (TextPart("7"),), "stop", "other"))
        assert read.damaged_positions == frozenset()
    with closing(open_store(folder)) as store:
        assert store.open(IDENTITY).messages == read.messages
        assert store.open(IDENTITY).damaged_positions == frozenset()


def test_an_older_window_that_is_open_goes_on(folder: Path) -> None:
    with closing(connect(folder)) as older, closing(open_store(folder)) as store:
        store.search("two")
        insert(older, 4, "user", None, text("from the older window"))
        read = store.open(IDENTITY)
        assert read.messages == [*MESSAGES, user_message("from the older window")]
        assert read.damaged_positions == frozenset()
        assert [hit.position for hit in store.search("older window")] == [4]


def test_it_is_read_and_searched_where_it_cannot_be_migrated(folder: Path) -> None:
    (folder / "locks").write_text("no lock file can be made here")
    before = (folder / "history.sqlite3").read_bytes()
    with closing(open_store(folder)) as store:
        read = store.open(IDENTITY)
        assert read.messages == MESSAGES
        assert read.damaged_positions == frozenset()
        assert (read.read_only, read.draft) == (True, "")
        assert [hit.position for hit in store.search("and three")] == [2]
        assert [each.message_count for each in store.list()] == [4]
    assert (folder / "history.sqlite3").read_bytes() == before


@pytest.mark.parametrize("version", [0, 1, 3])
def test_a_damaged_version_is_repaired_with_all_that_is_there(folder: Path, version: int) -> None:
    with closing(connect(folder)) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    with closing(open_store(folder)) as store:
        assert "1 of 1 conversation recovered" in (store.notice or "")
        read = store.open(IDENTITY)
        assert read.messages == MESSAGES
        assert read.damaged_positions == frozenset()
        assert [hit.position for hit in store.search("three")] == [2]
