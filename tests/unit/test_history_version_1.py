"""A history that the first version wrote: migrated, read where it cannot be, and repaired.

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
from localr1.chat.messages import Insertion, Message, ReasoningPart, TextPart, user_message
from localr1.history.migrations import NEWEST, schema_version
from localr1.history.store import HistoryStore

SCHEMA = """
    CREATE TABLE conversation (
        id TEXT PRIMARY KEY,
        title TEXT NOT NULL,
        model TEXT NOT NULL,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL
    );
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
        UNIQUE (message_id, position)
    );
    PRAGMA user_version = 1;
"""
IDENTITY = "261004-k3f9x2"
TIME = "2026-10-04T10:15:00.000+00:00"
THOUGHT = ("reasoning", "Hm, 2 and 2 …", 5, 0.25, "closed")

MESSAGES = [
    user_message("two and two? é"),
    Message(
        "assistant", (ReasoningPart("Hm, 2 and 2 …", tokens=5, seconds=0.25), TextPart("4")), "stop"
    ),
]

INSERT_MESSAGE = """
    INSERT INTO message (conversation_id, position, role, finish_reason, created_at, checksum)
    VALUES (?, ?, ?, ?, ?, ?)
"""
INSERT_PART = """
    INSERT INTO part (message_id, position, kind, text, tokens, seconds, ended_by)
    VALUES (?, ?, ?, ?, ?, ?, ?)
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
    """Write a message as version 1 does."""
    document = json.dumps([position, role, finish_reason, parts], separators=(",", ":"))
    summed = hashlib.sha256(document.encode("ascii")).hexdigest()
    cursor = connection.execute(
        INSERT_MESSAGE, (IDENTITY, position, role, finish_reason, TIME, summed)
    )
    for number, part in enumerate(parts):
        connection.execute(INSERT_PART, (cursor.lastrowid, number, *part))


def text(words: str) -> tuple[object, ...]:
    return ("text", words, None, None, None)


def write_old(folder: Path) -> None:
    with closing(connect(folder)) as connection:
        connection.executescript(SCHEMA)
        connection.execute(
            "INSERT INTO conversation VALUES (?, ?, ?, ?, ?)",
            (IDENTITY, "two and two? é", "demo", TIME, TIME),
        )
        insert(connection, 0, "user", None, text("two and two? é"))
        insert(connection, 1, "assistant", "stop", THOUGHT, text("4"))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    write_old(tmp_path)
    yield tmp_path
    with closing(connect(tmp_path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_what_it_holds_is_whole_after_the_migration(folder: Path) -> None:
    with closing(open_store(folder)) as store:
        read = store.open(IDENTITY)
        assert read.messages == MESSAGES
        assert read.damaged_positions == frozenset()
        assert (read.title, read.model, read.limit) == ("two and two? é", "demo", None)
        assert store.notice is None
        assert [read.branches(index) for index in range(2)] == [(0, 1)] * 2
        assert [(hit.kind, hit.position) for hit in store.search("two é")] == [("question", 0)]
        assert [(hit.kind, hit.position) for hit in store.search("hm 2")] == [("reasoning", 1)]
    with closing(connect(folder)) as connection:
        assert schema_version(connection) == NEWEST


def test_a_flipped_letter_is_still_noticed(folder: Path) -> None:
    with closing(connect(folder)) as connection:
        connection.execute("UPDATE part SET text = 'Hm, 2 and 3 …' WHERE kind = 'reasoning'")
    with closing(open_store(folder)) as store:
        assert store.open(IDENTITY).damaged_positions == {1}


def test_it_goes_on_with_what_is_new(folder: Path) -> None:
    inserted = ReasoningPart("Hm, wait", insertions=(Insertion(4, 8, "person"),), carried=True)
    with closing(open_store(folder)) as store:
        conversation = store.open(IDENTITY)
        conversation.set_limit(Asked(origin="flag", effort="low"))
        conversation.replace(1, Message("assistant", (inserted, TextPart("4")), "loop"))
        conversation.add(user_message("more"))
    with closing(open_store(folder)) as store:
        read = store.open(IDENTITY)
        assert read.messages == conversation.messages
        assert read.messages[1].reasoning == inserted
        assert read.damaged_positions == frozenset()
        assert read.limit == Asked(origin="this conversation", effort="low")


def test_an_older_window_that_is_open_goes_on(folder: Path) -> None:
    with closing(connect(folder)) as older, closing(open_store(folder)) as store:
        insert(older, 2, "user", None, text("from the older window"))
        read = store.open(IDENTITY)
        assert read.messages == [*MESSAGES, user_message("from the older window")]
        assert read.damaged_positions == frozenset()


def test_it_is_read_where_it_cannot_be_migrated(folder: Path) -> None:
    (folder / "locks").write_text("no lock file can be made here")
    before = (folder / "history.sqlite3").read_bytes()
    with closing(open_store(folder)) as store:
        read = store.open(IDENTITY)
        assert read.messages == MESSAGES
        assert read.damaged_positions == frozenset()
        assert (read.read_only, read.limit) == (True, None)
        assert [each.message_count for each in store.list()] == [2]
    assert (folder / "history.sqlite3").read_bytes() == before


def test_it_is_migrated_once_it_can_be_written(folder: Path) -> None:
    (folder / "locks").write_text("no lock file can be made here")
    with closing(open_store(folder)) as store:
        (folder / "locks").unlink()
        conversation = store.open(IDENTITY)
        conversation.add(user_message("now it can"))
        assert conversation.messages == [*MESSAGES, user_message("now it can")]
        assert store.notice is None
    with closing(connect(folder)) as connection:
        assert schema_version(connection) == NEWEST


@pytest.mark.parametrize(
    "damage",
    ["DROP TABLE conversation", "PRAGMA user_version = 0", "PRAGMA user_version = 2"],
)
def test_a_damaged_one_is_repaired_with_all_that_is_there(folder: Path, damage: str) -> None:
    with closing(connect(folder)) as connection:
        connection.execute(damage)
    with closing(open_store(folder)) as store:
        assert "1 of 1 conversation recovered" in (store.notice or "")
        read = store.open(IDENTITY)
        assert read.messages == MESSAGES
        assert read.damaged_positions == frozenset()


def test_a_lost_first_page_costs_nothing(folder: Path) -> None:
    with (folder / "history.sqlite3").open("rb+") as file:
        file.write(b"\xa5" * 4096)
    with closing(open_store(folder)) as store:
        assert "1 of 1 conversation recovered" in (store.notice or "")
        read = store.open(IDENTITY)
        assert read.messages == MESSAGES
        assert read.damaged_positions == frozenset()
