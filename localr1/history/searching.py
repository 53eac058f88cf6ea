"""Keeping the index of a database complete, and searching it."""

from __future__ import annotations

import contextlib
import sqlite3
import threading

from localr1.errors import StorageError
from localr1.history import search_index
from localr1.history.database import Database
from localr1.history.migrations import NEWEST, schema_version
from localr1.history.search import SearchHit, find
from localr1.history.search_terms import terms_of


class Searching:
    """Searches in one database. What the index lacks or has wrong is put right before."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._guard = threading.Lock()
        self._complete_at: tuple[int, int] | None = None

    def search(self, query: str, limit: int) -> list[SearchHit]:
        """What has all that a person asks for (`search.find`).

        Raises:
            StorageError: the history cannot be read.
        """
        terms = terms_of(query)
        if not terms or limit < 1:
            return []
        with self._guard:
            indexed = self._complete()
        for _ in range(2 if indexed else 0):
            hits = self._database.read(lambda connection: _by_index(connection, query, limit))
            if hits is not None:
                return hits
            with self._guard:
                if not self._anew():
                    break
        return self._database.read(lambda connection: find(connection, terms, limit, indexed=False))

    def _complete(self) -> bool:
        """Index what is not; False where there can be no index here."""
        if not search_index.available() or self._database.read(schema_version) < NEWEST:
            return False
        with contextlib.suppress(StorageError):
            if self._database.read(self._is_complete):
                return True
            while self._database.write(_fill):
                pass
            self._database.read(self._is_complete)
        return self._database.read(search_index.exists)

    def _anew(self) -> bool:
        """Make a damaged index anew; False where nothing can be written."""
        try:
            self._database.write(search_index.reset)
        except StorageError:
            return False
        self._complete_at = None
        return self._complete()

    def _is_complete(self, connection: sqlite3.Connection) -> bool:
        # Both change with the file: the first by other connections, the second by this one.
        version = connection.execute("PRAGMA data_version").fetchone()[0]
        now = (version, connection.total_changes)
        if self._complete_at != now:
            if not search_index.exists(connection) or search_index.count_missing(connection):
                return False
            self._complete_at = now
        return True


def _fill(connection: sqlite3.Connection) -> bool:
    search_index.prepare(connection)
    try:
        return search_index.add_missing(connection)
    except sqlite3.DatabaseError as error:
        if not search_index.is_damage(error):
            raise
    search_index.reset(connection)
    return search_index.add_missing(connection)


def _by_index(connection: sqlite3.Connection, query: str, limit: int) -> list[SearchHit] | None:
    """None where the index is damaged."""
    try:
        return find(connection, terms_of(query), limit, indexed=True)
    except sqlite3.DatabaseError as error:
        if not search_index.is_damage(error):
            raise
    return None
