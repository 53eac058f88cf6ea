"""oterm's store.db, read without changing it; nothing in the file is trusted."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from localr1.chat.exporting.tree import ConversationTree
from localr1.chat.imports import oterm
from localr1.chat.imports.found import Found, LeftOut, Unreadable, name_of
from localr1.chat.imports.oterm import ChatRow, MessageRow
from localr1.chat.imports.weaving import MESSAGES_AT_MOST
from localr1.errors import ImportRefused
from localr1.history.database import prepared

_PRAGMAS = ("query_only = ON", "trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0")


def conversations_in_store(path: Path) -> Found:
    """The conversations of an oterm store, the newest first.

    Raises:
        ImportRefused: it is no such store, or damaged.
    """
    try:
        with closing(_connect(path)) as connection:
            columns = {table: _columns(connection, table) for table in ("chat", "message")}
    except sqlite3.Error as error:
        raise ImportRefused(f"its database cannot be read: {error}") from error
    author = next((each for each in ("author", "role") if each in columns["message"]), "")
    needed = {"id", "name", "model"} <= columns["chat"]
    if not author or not needed or not {"id", "chat_id", "text"} <= columns["message"]:
        raise ImportRefused("it is a database, but not oterm's store.db")
    return Found("oterm", _read_all(path, author, "system" in columns["chat"]))


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    return prepared(connection, _PRAGMAS)


def _columns(connection: sqlite3.Connection, table: str) -> set[str]:
    """The columns of a table; none of a view, which can be a program that never ends."""
    is_table = connection.execute(
        "SELECT 1 FROM sqlite_master WHERE name = ? AND type = 'table'", (table,)
    ).fetchone()
    if not is_table:
        return set()
    return {str(row[1]) for row in connection.execute(f"PRAGMA table_info({table})")}


def _read_all(path: Path, author: str, has_system: bool) -> Iterator[ConversationTree | LeftOut]:
    system = "system" if has_system else "NULL"
    try:
        with closing(_connect(path)) as connection:
            chats = connection.execute(
                f"SELECT id, name, model, {system} FROM chat ORDER BY id DESC"
            )
            for number, row in enumerate(chats, 1):
                chat = ChatRow(*row)
                try:
                    yield oterm.tree_of(chat, _messages(connection, author, chat.id))
                except Unreadable as error:
                    yield LeftOut(name_of(number, chat.name), str(error))
    except sqlite3.Error as error:
        yield LeftOut("the rest", f"the database is damaged: {error}")


def _messages(connection: sqlite3.Connection, author: str, chat: object) -> list[MessageRow]:
    rows = connection.execute(
        f"SELECT {author}, text FROM message WHERE chat_id = ? ORDER BY id LIMIT ?",
        (chat, MESSAGES_AT_MOST + 1),
    )
    return [MessageRow(*row) for row in rows]
