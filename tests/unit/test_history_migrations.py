"""Every older schema becomes the newest one with what it holds; a newer one is left alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from localr1.chat.messages import user_message
from localr1.errors import ExitCode, StorageError
from localr1.history import migrations, search_index
from localr1.history.migrations import NEWEST, migrate, schema_version
from localr1.history.store import HistoryStore

SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name"


def open_store(folder: Path) -> HistoryStore:
    return HistoryStore(folder / "history.sqlite3", folder / "locks")


def connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


@pytest.mark.parametrize("version", range(NEWEST + 1))
def test_every_older_version_walks_to_the_newest(tmp_path: Path, version: int) -> None:
    with closing(connect(tmp_path / "history.sqlite3")) as old:
        migrate(old, to=version)
        assert schema_version(old) == version
    open_store(tmp_path).close()
    with (
        closing(connect(tmp_path / "history.sqlite3")) as walked,
        closing(connect(tmp_path / "fresh.sqlite3")) as fresh,
    ):
        migrate(fresh)
        search_index.prepare(fresh)
        assert schema_version(walked) == schema_version(fresh) == NEWEST
        assert walked.execute(SCHEMA).fetchall() == fresh.execute(SCHEMA).fetchall()


def test_steps_add_up_and_keep_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    later = ("ALTER TABLE conversation ADD COLUMN colour INTEGER NOT NULL DEFAULT 0",)
    with closing(open_store(tmp_path)) as store:
        store.create("demo").add(user_message("hi"))
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, later))
    with closing(connect(tmp_path / "history.sqlite3")) as connection:
        migrate(connection, to=NEWEST + 1)
        assert schema_version(connection) == NEWEST + 1
        assert connection.execute("SELECT model, colour FROM conversation").fetchall() == [
            ("demo", 0)
        ]


def test_a_failing_step_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = ("CREATE TABLE extra (id INTEGER)", "CREATE TABLE conversation (id TEXT)")
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, broken))
    with closing(connect(tmp_path / "history.sqlite3")) as connection:
        migrate(connection, to=NEWEST)
        before = connection.execute(SCHEMA).fetchall()
        with pytest.raises(sqlite3.OperationalError, match="already exists"):
            migrate(connection, to=NEWEST + 1)
        assert schema_version(connection) == NEWEST
        assert connection.execute(SCHEMA).fetchall() == before
        assert not connection.in_transaction


def test_a_newer_history_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    with closing(open_store(tmp_path)) as store:
        store.create("demo").add(user_message("hi"))
    with closing(connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {NEWEST + 1}")
    before = path.read_bytes()
    with pytest.raises(StorageError, match="newer localr1") as raised:
        open_store(tmp_path)
    assert raised.value.exit_code is ExitCode.STORAGE
    assert "update localr1" in raised.value.hint
    assert path.read_bytes() == before
    assert not list(tmp_path.glob("*damaged*"))
