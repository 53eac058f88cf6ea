"""A file is told by its content, and read within limits; whatever is wrong takes one sentence."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from localr1.chat.exporting import ConversationTree
from localr1.chat.imports.found import LeftOut
from localr1.chat.messages import Message, ReasoningPart, TextPart, user_message
from localr1.errors import ImportRefused, StorageError
from localr1.history import import_file
from localr1.history.import_file import conversations_of


def chat(text: str) -> dict[str, object]:
    content = {"content_type": "text", "parts": [text]}
    return {"mapping": {"q": {"message": {"author": {"role": "user"}, "content": content}}}}


def taken(path: Path) -> list[str]:
    return [
        each.messages[0].message.text if isinstance(each, ConversationTree) else each.why
        for each in conversations_of(path).conversations
    ]


def zipped(path: Path, **members: bytes | str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_", "/").replace("·", "."), content)
    return path


def test_a_zip_gives_all_its_conversations(tmp_path: Path) -> None:
    path = zipped(
        tmp_path / "export.bin",
        **{
            "user·json": "{}",
            "x_conversations-001·json": json.dumps([chat("two")]),
            "x_conversations-000·json": json.dumps([chat("one"), chat("")]),
            "conversations·json·txt": "no",
        },
    )
    assert taken(path) == ["one", "nobody says anything in it", "two"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "it is empty"),
        (b"PK\x03\x04 and no more", "the .zip is damaged"),
        (b"SQLite format 3\0", "its database cannot be read|not oterm's"),
        (b"SQLite format 3\0" + b"\xff" * 4000, "its database cannot be read"),
        (b"\x7fELF\x02", "it is not JSON"),
        (b"%PDF-1.7", "it is not JSON"),
    ],
    ids=["empty", "zip", "short-database", "database", "program", "pdf"],
)
def test_foreign_and_broken_files_are_refused(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(ImportRefused, match=says) as refused:
        taken(path)
    assert "\n" not in refused.value.message


def test_a_zip_without_conversations_or_with_broken_ones(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match=r"a \.zip without a conversations\.json"):
        taken(zipped(tmp_path / "a.zip", chat_html="x"))
    with pytest.raises(ImportRefused, match="it is cut off"):
        taken(zipped(tmp_path / "b.zip", **{"conversations·json": "[{"}))
    whole = zipped(tmp_path / "c.zip", **{"conversations·json": json.dumps([chat("x" * 999)])})
    content = bytearray(whole.read_bytes())
    content[60:70] = b"\xff" * 10
    whole.write_bytes(content)
    with pytest.raises(ImportRefused, match=r"the \.zip is damaged"):
        taken(whole)


def test_what_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_file, "BYTES_AT_MOST", 10_000)
    bomb = zipped(tmp_path / "bomb.zip", **{"conversations·json": b" " * 50_000})
    assert bomb.stat().st_size < 1000
    with pytest.raises(ImportRefused, match=r"it is too large: 50\.0 kB, at most 10\.0 kB"):
        taken(bomb)
    lie = bytearray(bomb.read_bytes())
    size = (50_000).to_bytes(4, "little")
    assert lie.count(size) == 2  # both headers of the member name its size
    bomb.write_bytes(bytes(lie).replace(size, (9).to_bytes(4, "little")))
    with pytest.raises(ImportRefused, match=r"too large|damaged"):
        taken(bomb)
    large = tmp_path / "large.json"
    large.write_bytes(b" " * 10_001)
    with pytest.raises(ImportRefused, match="it is too large"):
        taken(large)


def test_a_sparse_file_of_a_terabyte_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ImportRefused, match="it is too large: 1099"):
        taken(path)


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="it is not a file"):
        taken(tmp_path)
    if sys.platform != "win32":
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(ImportRefused, match="it is not a file"):
            taken(tmp_path / "pipe")
    with pytest.raises(StorageError, match="No such file"):
        taken(tmp_path / "none")


OTERM = """
    CREATE TABLE chat (id INTEGER PRIMARY KEY, name TEXT, model TEXT NOT NULL, system TEXT);
    CREATE TABLE message (id INTEGER PRIMARY KEY, chat_id INTEGER, {author} TEXT, text TEXT);
    INSERT INTO chat VALUES (1, 'Sums', 'deepseek-r1', 'Be brief.'), (2, NULL, X'00ff', NULL);
    INSERT INTO chat VALUES (3, 'empty', 'm', NULL);
    INSERT INTO message VALUES (1, 1, 'user', '6*7?'), (3, 2, 'me', 'hi');
    INSERT INTO message VALUES (2, 1, 'assistant', '<think>6*7</think>42'), (4, 2, 'tool', 'x');
    INSERT INTO message VALUES (5, 2, 'ollama', X'ff'), (6, 2, 'ollama', 'hello');
"""


def store(path: Path, script: str) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
    return path


@pytest.mark.parametrize("author", ["author", "role"])
def test_oterm_s_store_is_read_and_not_changed(tmp_path: Path, author: str) -> None:
    path = store(tmp_path / "store #1%20?.db", OTERM.format(author=author))
    before = path.read_bytes()
    found = conversations_of(path)
    assert found.source == "oterm"
    left, second, first = found.conversations
    assert left == LeftOut("conversation 1 (empty)", "nobody says anything in it")
    assert isinstance(first, ConversationTree)
    assert isinstance(second, ConversationTree)
    assert (first.title, first.model, first.created_at) == ("Sums", "deepseek-r1", "")
    assert [each.message for each in first.path()] == [
        Message("system", (TextPart("Be brief."),)),
        user_message("6*7?"),
        Message("assistant", (ReasoningPart("6*7"), TextPart("42")), "stop"),
    ]
    assert [each.message.text for each in second.path()] == ["hi", "hello"]
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TABLE other (id)",
        "CREATE TABLE chat (id, name, model); CREATE TABLE message (id, chat_id, text)",
        """
        CREATE TABLE chat (id, name, model);
        CREATE VIEW message AS WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n)
            SELECT id, 1 AS chat_id, 'user' AS author, 'x' AS text FROM n;
        """,
    ],
    ids=["other", "columns", "view"],
)
def test_another_database_is_refused(tmp_path: Path, script: str) -> None:
    with pytest.raises(ImportRefused, match=r"a database, but not oterm's store\.db"):
        taken(store(tmp_path / "store.db", script))


def test_what_is_damaged_in_a_store_is_reported(tmp_path: Path) -> None:
    many = "".join(
        f"INSERT INTO chat VALUES ({n}, '{n}', 'm', NULL);"
        f"INSERT INTO message VALUES ({n}, {n}, 'user', '{'x' * 500}');"
        for n in range(10, 200)
    )
    path = store(tmp_path / "store.db", OTERM.format(author="role") + many)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 8192] = b"\xff" * 8192
    path.write_bytes(content)
    found = list(conversations_of(path).conversations)
    last = found[-1]
    assert isinstance(last, LeftOut)
    assert last.why.startswith("the database is damaged: ")
