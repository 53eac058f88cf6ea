"""The messages of a conversation are a tree: nothing is lost when another way is taken."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from localr1.chat.messages import FilePart, Message, TextPart, user_message
from localr1.errors import StorageError
from localr1.history.conversation import Conversation
from localr1.history.rows import _places
from localr1.history.store import HistoryStore


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


def reply(text: str) -> Message:
    return Message("assistant", (TextPart(text),), "stop", "demo")


def texts(conversation: Conversation) -> str:
    return " ".join(message.text for message in conversation.messages)


def query(folder: Path, sql: str, *values: object) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "history.sqlite3", isolation_level=None)) as connection:
        return connection.execute(sql, values).fetchall()


@pytest.fixture
def grown(store: HistoryStore) -> Conversation:
    """q1 with the replies a1, a2, a3; below a1 the question q2 and its reply b; a3 is shown."""
    conversation = store.create("demo")
    conversation.add(user_message("q1"))
    conversation.add(reply("a1"))
    conversation.add(user_message("q2"))
    conversation.add(reply("b"))
    for text in ("a2", "a3"):
        conversation.rewind(1)
        assert conversation.add(reply(text)) == 1
    return conversation


def test_files_and_the_model_come_back(store: HistoryStore, other: HistoryStore) -> None:
    written = store.create("demo")
    question = user_message("what is this?", [FilePart("a\x1b.py", "print(1)\x1b[2J\n")])
    written.add(question)
    written.add(Message("assistant", (TextPart("code"),), "stop", "some\nmodel"))
    read = other.open(written.id)
    assert read.messages == written.messages
    assert read.messages[0].files == (FilePart("a␛.py", "print(1)␛[2J\n"),)
    assert read.messages[1].model == "some model"
    assert read.damaged_positions == frozenset()
    assert written.title == "what is this?"


def test_a_new_way_hides_the_old_one_and_loses_nothing(
    grown: Conversation, other: HistoryStore
) -> None:
    assert texts(grown) == "q1 a3"
    read = other.open(grown.id)
    assert read.messages == grown.messages
    assert read.branches(1) == (2, 3)
    assert read.branches(0) == (0, 1)
    assert [each.text for each in read.siblings(1)] == ["a1", "a2", "a3"]
    assert other.list()[0].message_count == 6


def test_choosing_shows_the_newest_below_and_is_remembered(
    grown: Conversation, other: HistoryStore
) -> None:
    grown.choose(1, 0)
    assert texts(grown) == "q1 a1 q2 b"
    grown.rewind(3)
    grown.add(reply("c"))
    grown.choose(3, 0)
    assert texts(other.open(grown.id)) == "q1 a1 q2 b"
    grown.choose(1, 1)
    assert texts(other.open(grown.id)) == "q1 a2"
    grown.choose(1, 0)
    assert texts(grown) == texts(other.open(grown.id)) == "q1 a1 q2 c"
    grown.choose(3, 0)
    grown.choose(1, 0)
    assert texts(grown) == "q1 a1 q2 b", "choosing what is shown changes nothing"


def test_rewinding_alone_leaves_the_disk_as_it_was(
    grown: Conversation, other: HistoryStore
) -> None:
    grown.choose(1, 0)
    grown.rewind(0)
    assert grown.messages == []
    assert texts(other.open(grown.id)) == "q1 a1 q2 b"
    grown.rename("still there")
    assert other.list()[0].title == "still there"
    assert grown.add(user_message("q0")) == 0
    read = other.open(grown.id)
    assert texts(read) == "q0"
    assert read.branches(0) == (1, 2)
    read.choose(0, 0)
    assert texts(read) == "q1 a3"


def test_a_message_on_another_branch_is_replaced_in_its_place(
    grown: Conversation, other: HistoryStore
) -> None:
    grown.choose(1, 1)
    grown.replace(1, reply("a2 again"))
    grown.add(user_message("q3"))
    assert [each.text for each in other.open(grown.id).siblings(1)] == ["a1", "a2 again", "a3"]
    assert texts(other.open(grown.id)) == "q1 a2 again q3"
    grown.choose(1, 0)
    grown.choose(1, 1)
    assert texts(grown) == "q1 a2 again q3"


def test_a_reader_chooses_in_memory_only(grown: Conversation, other: HistoryStore) -> None:
    read = other.open(grown.id)
    assert read.read_only
    read.choose(1, 0)
    assert texts(read) == "q1 a1 q2 b"
    assert texts(other.open(grown.id)) == "q1 a3"
    with pytest.raises(StorageError, match="another window"):
        read.rewind(1)
    assert texts(read) == "q1 a1 q2 b"


def test_a_message_that_is_not_shown_is_revealed(grown: Conversation) -> None:
    assert grown.reveal(2) == 2
    assert texts(grown) == "q1 a1 q2 b"
    assert grown.reveal(1) == 1
    assert texts(grown) == "q1 a1 q2 b"
    assert grown.reveal(4) == 1
    assert texts(grown) == "q1 a2"
    assert grown.reveal(77) is None


@pytest.mark.parametrize("index", [-1, 2, 99])
def test_an_index_that_is_not_there_changes_nothing(grown: Conversation, index: int) -> None:
    for work in (grown.rewind, grown.branches, grown.siblings, lambda n: grown.choose(n, 0)):
        with pytest.raises(IndexError):
            work(index)
    for number in (-1, 3):
        with pytest.raises(IndexError):
            grown.choose(1, number)
    assert texts(grown) == "q1 a3"


def test_a_choice_that_cannot_be_saved_is_not_made(
    grown: Conversation, store: HistoryStore
) -> None:
    store.close()
    with pytest.raises(StorageError):
        grown.choose(1, 0)
    assert texts(grown) == "q1 a3"


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE message SET parent = position",
        "UPDATE message SET parent = 5 - position",
        "UPDATE message SET parent = 1000",
        "UPDATE message SET parent = x'00'",
        "UPDATE message SET parent = -7",
        "UPDATE message SET parent = NULL",
        "UPDATE message SET position = 'two' WHERE position = 2",
        "DELETE FROM message WHERE position = 0",
        "DELETE FROM message WHERE position = 1",
        "UPDATE conversation SET head = 1000",
        "UPDATE conversation SET head = 'x'",
        "UPDATE conversation SET head = -1",
    ],
)
def test_damaged_links_hide_nothing(
    grown: Conversation, store: HistoryStore, tmp_path: Path, damage: str
) -> None:
    grown.close()
    query(tmp_path, damage)
    read = store.open(grown.id)
    seen: set[str] = set()
    for position in range(7):
        if read.reveal(position) is not None:
            seen.update(each.text for each in read.messages)
    kept = {"q1", "a1", "q2", "b", "a2", "a3"}
    assert seen == kept - ({"q1"} if "position = 0" in damage else set()) - (
        {"a1"} if "WHERE position = 1" in damage else set()
    )
    read.add(reply("on it goes"))
    assert texts(read).endswith("on it goes")
    read.close()
    assert texts(store.open(grown.id)).endswith("on it goes")


def test_a_draft_is_kept_beside_the_messages(
    store: HistoryStore, other: HistoryStore, tmp_path: Path
) -> None:
    conversation = store.create("demo")
    conversation.set_draft("not yet\x1b")
    assert conversation.draft == "not yet␛"
    assert query(tmp_path, "SELECT count(*) FROM conversation") == [(0,)]
    conversation.add(user_message("hi"))
    changed = other.list()[0].updated_at
    conversation.set_draft("and then?")
    read = other.open(conversation.id)
    assert read.draft == "and then?"
    assert other.list()[0].updated_at == changed
    read.set_draft("mine, in memory")
    assert read.draft == "mine, in memory"
    conversation.set_draft("")
    assert other.open(conversation.id).draft == ""
    conversation.close()
    with pytest.raises(StorageError):
        conversation.set_draft("too late")


def test_a_repair_keeps_branches_draft_pin_and_files(
    grown: Conversation, store: HistoryStore, tmp_path: Path
) -> None:
    grown.choose(1, 1)
    question = user_message("look", [FilePart("a.txt", "b")])
    grown.add(question)
    grown.choose(1, 0)
    grown.set_draft("and then")
    store.pin(grown.id, True)
    store.close()
    with (tmp_path / "history.sqlite3").open("rb+") as file:
        file.write(bytes(4096))
    with closing(open_store(tmp_path)) as later:
        assert later.notice is not None
        assert later.list()[0].pinned
        read = later.open(grown.id)
        assert read.messages == grown.messages
        assert (read.draft, read.branches(1)) == ("and then", (0, 3))
        read.choose(1, 1)
        assert read.messages[2] == question
        assert read.damaged_positions == frozenset()
        assert [hit.position for hit in later.search("look")] == [6]


@pytest.mark.parametrize(
    ("columns", "places"),
    [
        ([0, 1, 2], [0, 1, 2]),
        ([0, 2, 5], [0, 2, 5]),
        ([0, 1, 1, 1, 2], [0, 1, 3, 4, 2]),
        ([0, 3, "two", b"x", None, 2**40, -1], [0, 3, 1, 2, 4, 5, 6]),
        ([], []),
    ],
)
def test_every_row_gets_a_place_of_its_own(columns: list[object], places: list[int]) -> None:
    assert _places(columns) == places
