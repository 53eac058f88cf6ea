"""A chat that opens its history after it is shown."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from localr1.chat.messages import user_message
from localr1.history.store import HistoryStore
from localr1.models.reference import ModelReference
from localr1.session import ChatSession
from localr1.session.conversations import Conversations
from localr1.settings import Settings


@pytest.fixture
def store(tmp_path: Path) -> Iterator[HistoryStore]:
    store = HistoryStore(tmp_path / "history.sqlite3", tmp_path / "locks", opens_later=True)
    yield store
    store.close()


def session_of(store: HistoryStore | None) -> ChatSession:
    model = ModelReference(Path("model.gguf"), "model", "gguf")
    if store is None:
        return ChatSession(model, Settings())
    return ChatSession(model, Settings(), store.create("model"), conversations=Conversations(store))


def test_nothing_is_touched_before(store: HistoryStore, tmp_path: Path) -> None:
    session_of(store)
    assert list(tmp_path.iterdir()) == []


def test_who_is_first_opens_it(store: HistoryStore) -> None:
    conversation = store.create("model")
    conversation.add(user_message("before"))
    store.open_history()
    assert [each.id for each in store.list()] == [conversation.id]


def test_a_sound_history_has_nothing_to_tell(store: HistoryStore, tmp_path: Path) -> None:
    session = session_of(store)
    assert asyncio.run(session.open_history()) == ()
    assert (tmp_path / "history.sqlite3").exists()
    assert session.conversation_id is not None
    assert asyncio.run(session_of(None).open_history()) == ()


def test_a_repair_is_told(store: HistoryStore, tmp_path: Path) -> None:
    (tmp_path / "history.sqlite3").write_bytes(b"no database at all\n" * 500)
    session = session_of(store)
    (sentence,) = asyncio.run(session.open_history())
    assert "damaged" in sentence
    assert session.conversation_id is not None
    assert list(tmp_path.glob("*damaged*"))


def in_the_way(path: Path) -> None:
    path.mkdir()


def of_a_newer_localr1(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 999")
    connection.close()


@pytest.mark.parametrize("trouble", [in_the_way, of_a_newer_localr1])
def test_a_history_that_cannot_be_used_is_done_without(
    store: HistoryStore, tmp_path: Path, trouble: object
) -> None:
    assert callable(trouble)
    trouble(tmp_path / "history.sqlite3")
    session = session_of(store)
    (sentence,) = asyncio.run(session.open_history())
    assert sentence.endswith("You can go on; this chat is not stored.")
    assert session.conversations is None
    assert session.conversation_id is None
