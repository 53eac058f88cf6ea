"""Deleting hides at once, can be undone, and then leaves no word; pinning and renaming."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from localr1.chat.messages import Message, ReasoningPart, TextPart, user_message
from localr1.errors import ConversationNotFound, StorageError
from localr1.history.conversation import Conversation
from localr1.history.store import HistoryStore

SECRET = "zyzzyvasecret"


def open_store(folder: Path) -> HistoryStore:
    return HistoryStore(folder / "history.sqlite3", folder / "locks")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[HistoryStore]:
    with closing(open_store(tmp_path)) as opened:
        yield opened


@pytest.fixture
def other(tmp_path: Path) -> Iterator[HistoryStore]:
    """A second window on the same history."""
    with closing(open_store(tmp_path)) as opened:
        yield opened


@pytest.fixture
def secret(store: HistoryStore) -> Conversation:
    """Closed; beside it another one, of many pages."""
    conversation = store.create("demo")
    conversation.add(user_message(f"{SECRET} question"))
    place = conversation.add(Message("assistant", (ReasoningPart(f"{SECRET} " * 900),)))
    done = Message("assistant", (ReasoningPart(f"{SECRET} " * 9), TextPart(SECRET)), "stop")
    conversation.replace(place, done)
    conversation.set_draft(f"{SECRET} draft")
    conversation.close()
    kept = store.create("demo")
    kept.add(user_message("kept words " * 500))
    kept.close()
    return conversation


def listed(store: HistoryStore) -> list[str]:
    return [each.id for each in store.list()]


def is_on_disk(folder: Path) -> bool:
    return SECRET.encode() in (folder / "history.sqlite3").read_bytes()


def terms_in_index(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "history.sqlite3", isolation_level=None)) as connection:
        connection.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, search, row)")
        return [row[0] for row in connection.execute("SELECT term FROM terms")]


def test_a_deleted_conversation_is_hidden_everywhere(
    store: HistoryStore, other: HistoryStore, secret: Conversation
) -> None:
    store.search(SECRET)
    (kept, _) = listed(store)
    store.delete(secret.id)
    for window in (store, other):
        assert listed(window) == [kept]
        assert window.latest() == kept
        assert window.search(SECRET) == []
        for identity in (secret.id, secret.id[:-1]):
            if not kept.startswith(identity):
                with pytest.raises(ConversationNotFound):
                    window.open(identity)
        with pytest.raises(ConversationNotFound):
            window.delete(secret.id)


def test_a_deletion_is_undone(store: HistoryStore, secret: Conversation, tmp_path: Path) -> None:
    messages = list(secret.messages)
    store.delete(secret.id)
    store.restore(secret.id)
    assert len(store.search(SECRET)) == 2
    read = store.open(secret.id)
    assert (read.messages, read.draft, read.read_only) == (messages, f"{SECRET} draft", False)
    with pytest.raises(ConversationNotFound):
        store.restore(secret.id)
    store.close()
    with closing(open_store(tmp_path)) as later:
        assert later.open(secret.id).messages == messages


def test_at_the_end_no_word_is_left(
    store: HistoryStore, secret: Conversation, tmp_path: Path
) -> None:
    assert is_on_disk(tmp_path)
    assert SECRET in terms_in_index(tmp_path)
    store.delete(secret.id)
    assert is_on_disk(tmp_path)
    store.close()
    assert not is_on_disk(tmp_path)
    assert "words" in terms_in_index(tmp_path)
    assert SECRET not in terms_in_index(tmp_path)
    with closing(open_store(tmp_path)) as later:
        assert len(later.list()) == 1
        with pytest.raises(ConversationNotFound):
            later.restore(secret.id)


def test_words_that_were_replaced_are_overwritten(store: HistoryStore, tmp_path: Path) -> None:
    conversation = store.create("demo")
    conversation.rename("-")
    conversation.add(user_message(f"{SECRET} " * 1000))
    conversation.replace(0, user_message("nothing"))
    store.delete(conversation.id)
    assert store.purge_deleted() == [conversation.id]
    assert store.purge_deleted() == []
    assert not is_on_disk(tmp_path)


def test_what_a_killed_program_deleted_goes_at_the_next_start(
    store: HistoryStore, secret: Conversation, tmp_path: Path
) -> None:
    store.delete(secret.id)
    with closing(open_store(tmp_path)):
        assert is_on_disk(tmp_path), "while the window lives, it can be undone"
    store._database.close()
    store._locks.release_all()  # as the system does when a process ends
    with closing(open_store(tmp_path)):
        assert not is_on_disk(tmp_path)


def test_a_conversation_that_another_window_writes_is_not_deleted(
    store: HistoryStore, other: HistoryStore
) -> None:
    mine = store.create("demo")
    mine.add(user_message("hi"))
    reader = other.open(mine.id)
    with pytest.raises(StorageError, match="open in another window") as raised:
        other.delete(mine.id)
    assert raised.value.hint
    assert listed(other) == [mine.id]
    mine.add(user_message("still mine"))
    assert reader.messages == [user_message("hi")]


def test_deleting_what_is_open_here_closes_it(store: HistoryStore, other: HistoryStore) -> None:
    mine = store.create("demo")
    mine.add(user_message("hi"))
    store.delete(mine.id)
    with pytest.raises(StorageError, match="closed"):
        mine.add(user_message("too late"))
    mine.close()
    assert other.purge_deleted() == [], "the lock is held until it is gone"
    store.restore(mine.id)
    again = store.open(mine.id)
    assert again.messages == [user_message("hi")]
    again.add(user_message("more"))


def test_a_failed_deletion_leaves_the_conversation_open(
    store: HistoryStore, other: HistoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(work: object) -> None:
        raise StorageError("the disk is full")

    mine = store.create("demo")
    mine.add(user_message("hi"))
    with monkeypatch.context() as patch:
        patch.setattr(store._database, "write", refuse)
        with pytest.raises(StorageError, match="full"):
            store.delete(mine.id)
    mine.add(user_message("more"))
    mine.close()
    assert not other.open(mine.id).read_only


def test_pins_and_titles_are_given_from_the_list(store: HistoryStore, other: HistoryStore) -> None:
    first, second = store.create("demo"), store.create("demo")
    for conversation in (first, second):
        conversation.add(user_message("hi"))
    reader = other.open(first.id)
    other.pin(first.id, True)
    other.rename(first.id, "Mine\x1b")
    assert reader.title == "Mine␛"
    summary = store.list()[1]
    assert (summary.id, summary.title, summary.pinned) == (first.id, "Mine␛", True)
    assert [each.pinned for each in store.list()] == [False, True], "the order is that of time"
    first.add(user_message("the other window's title stays"))
    assert (store.list()[0].title, store.list()[0].pinned) == ("Mine␛", True)
    store.pin(first.id, False)
    store.rename(second.id, "Second")
    assert second.title == "Second"
    assert not store.list()[0].pinned
    with pytest.raises(ConversationNotFound):
        store.pin("nope", True)
    with pytest.raises(ConversationNotFound):
        store.rename("nope", "x")
