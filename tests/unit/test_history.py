"""Conversations come back as they were written, whoever else writes and whatever the clock says."""

from __future__ import annotations

import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta, timezone
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
from localr1.errors import ConversationNotFound, ExitCode, StorageError
from localr1.history import conversation as conversation_module
from localr1.history import store as store_module
from localr1.history.locks import Locks
from localr1.history.part_rows import checksum, part_rows
from localr1.history.rows import TITLE_LIMIT, title_of
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


def query(folder: Path, sql: str, *values: object) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "history.sqlite3", isolation_level=None)) as connection:
        return connection.execute(sql, values).fetchall()


REPLY = Message(
    "assistant",
    (
        ReasoningPart("Let me think.\n\n\tIndented, 数学 🙂", tokens=12, seconds=0.125),
        TextPart("**42**"),
        ReasoningPart(
            "cut",
            tokens=1,
            seconds=3.0,
            ended_by="length",
            insertions=(Insertion(0, 1, "person"), Insertion(1, 2, "localr1")),
            carried=True,
        ),
        TextPart(""),
    ),
    "length",
)


def test_a_conversation_comes_back_as_it_was(store: HistoryStore, tmp_path: Path) -> None:
    written = store.create("demo")
    messages = [
        Message("system", (TextPart("be short"),)),
        user_message("six times\nseven?"),
        REPLY,
    ]
    assert [written.add(message) for message in messages] == [0, 1, 2]
    store.close()
    with closing(open_store(tmp_path)) as later:
        read = later.open(written.id)
        assert read.messages == messages
        assert (read.id, read.title, read.model) == (written.id, "six times", "demo")
        assert not read.read_only
        assert read.damaged_positions == frozenset()


def test_a_reply_grows_in_its_place(store: HistoryStore, other: HistoryStore) -> None:
    written = store.create("demo")
    written.add(user_message("hi"))
    position = written.add(Message("assistant", (ReasoningPart("a", tokens=1),)))
    written.replace(position, Message("assistant", (ReasoningPart("a b", tokens=2),)))
    assert other.open(written.id).messages[1].reasoning == ReasoningPart("a b", tokens=2)
    written.replace(position, REPLY)
    written.add(user_message("more"))
    assert written.messages == [user_message("hi"), REPLY, user_message("more")]
    assert other.open(written.id).messages == written.messages


def test_a_reopened_conversation_goes_on(store: HistoryStore) -> None:
    first = store.create("demo")
    first.add(user_message("one"))
    first.close()
    second = store.open(first.id)
    assert second.add(REPLY) == 1
    second.close()
    assert store.open(first.id).messages == [user_message("one"), REPLY]


def test_an_unused_conversation_leaves_nothing(store: HistoryStore, tmp_path: Path) -> None:
    unused = store.create("demo")
    unused.rename("never used")
    unused.close()
    assert store.list() == []
    assert store.latest() is None
    assert query(tmp_path, "SELECT count(*) FROM conversation") == [(0,)]


def test_a_title_given_before_the_first_message_stays(store: HistoryStore) -> None:
    conversation = store.create("demo")
    conversation.rename("Mine\x1b[2J")
    conversation.add(user_message("hi"))
    assert store.list()[0].title == "Mine␛[2J"
    conversation.rename("Other")
    assert store.list()[0].title == conversation.title == "Other"


def test_a_limit_given_before_the_first_message_stays(
    store: HistoryStore, other: HistoryStore
) -> None:
    conversation = store.create("demo")
    assert conversation.limit is None
    conversation.set_limit(Asked(origin="flag", tokens=300))
    assert conversation.limit == Asked(origin="this conversation", tokens=300)
    conversation.add(user_message("hi"))
    assert other.open(conversation.id).limit == conversation.limit


def test_a_limit_is_changed_kept_and_taken_away(store: HistoryStore, other: HistoryStore) -> None:
    conversation = store.create("demo")
    conversation.add(user_message("hi"))
    for asked in (Asked(origin="x", effort="low"), Asked(origin="x", seconds=0.5)):
        conversation.set_limit(asked)
        expected = replace(asked, origin="this conversation")
        assert conversation.limit == other.open(conversation.id).limit == expected
    conversation.add(REPLY)
    conversation.rename("Other")
    read = other.open(conversation.id)
    assert (read.limit, read.title) == (expected, "Other")
    conversation.set_limit(None)
    assert conversation.limit is None
    assert other.open(conversation.id).limit is None


def test_a_conversation_keeps_its_limit_when_it_goes_on(store: HistoryStore) -> None:
    first = store.create("demo")
    first.set_limit(Asked(origin="flag", effort="high"))
    first.add(user_message("hi"))
    first.close()
    second = store.open(first.id)
    second.add(REPLY)
    second.close()
    assert store.open(first.id).limit == Asked(origin="this conversation", effort="high")


@pytest.mark.parametrize("column", ["", "{", '{"tokens":-5}', b"\xff", 17, "[" * 10_000])
def test_a_damaged_limit_is_none(store: HistoryStore, tmp_path: Path, column: object) -> None:
    conversation = store.create("demo")
    conversation.set_limit(Asked(origin="flag", effort="high"))
    conversation.add(user_message("hi"))
    conversation.close()
    query(tmp_path, "UPDATE conversation SET reasoning_limit = ?", column)
    read = store.open(conversation.id)
    assert read.limit is None
    assert read.messages == [user_message("hi")]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("What is a prime?", "What is a prime?"),
        ("\n \n  Second   line first\nthen more", "Second line first"),
        ("", ""),
        ("x" * 60, "x" * 60),
        ("x" * 61, "x" * 59 + "…"),
        ("word " * 20, "word " * 11 + "word…"),
        ("a" * 59 + " b", "a" * 59 + "…"),
        ("a\x1b]0;evil\x07b", "a␛]0;evil␇b"),
        ("a\ud800b", "a\ufffdb"),
    ],
)
def test_title_is_the_first_line_cut_at_a_word(text: str, title: str) -> None:
    assert title_of(text) == title
    assert len(title) <= TITLE_LIMIT


def test_the_list_has_the_newest_first(store: HistoryStore) -> None:
    ids = []
    for name in ("one", "two", "three"):
        conversation = store.create(name)
        conversation.add(user_message(f"about {name}"))
        ids.append(conversation.id)
    store.open(ids[0]).close()
    summaries = store.list()
    assert [each.id for each in summaries] == ids[::-1]
    assert [each.title for each in summaries] == ["about three", "about two", "about one"]
    assert [each.model for each in store.list(limit=2)] == ["three", "two"]
    assert summaries[0].message_count == 1
    assert store.latest() == ids[2]


def test_a_new_message_makes_a_conversation_the_latest(store: HistoryStore) -> None:
    first, second = store.create("demo"), store.create("demo")
    first.add(user_message("a"))
    second.add(user_message("b"))
    first.add(REPLY)
    assert store.latest() == first.id
    assert [each.message_count for each in store.list()] == [2, 1]


def test_a_clock_that_jumps_back_changes_no_order(
    store: HistoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Backwards(datetime):
        moment = datetime(2030, 1, 1, tzinfo=timezone.utc)

        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]  # one caller, UTC
            cls.moment -= timedelta(days=365)
            return cls.moment

    monkeypatch.setattr(conversation_module, "datetime", Backwards)
    monkeypatch.setattr(store_module, "datetime", Backwards)
    first, second = store.create("demo"), store.create("demo")
    for number in range(4):
        first.add(user_message(f"message {number}"))
    second.add(user_message("later"))
    first.close()
    assert [message.text for message in store.open(first.id).messages] == [
        f"message {number}" for number in range(4)
    ]
    summaries = store.list()
    assert [each.id for each in summaries] == [second.id, first.id]
    assert summaries[0].updated_at < summaries[1].updated_at
    assert summaries[1].updated_at < summaries[1].created_at


def test_times_are_utc(store: HistoryStore) -> None:
    store.create("demo").add(user_message("hi"))
    created = datetime.fromisoformat(store.list()[0].created_at)
    assert created.utcoffset() == timedelta(0)
    assert abs(datetime.now(timezone.utc) - created) < timedelta(minutes=1)


def test_an_id_is_short_and_can_be_shortened(store: HistoryStore) -> None:
    conversation = store.create("demo")
    conversation.add(user_message("hi"))
    conversation.close()
    assert len(conversation.id) <= 16
    assert conversation.id.replace("-", "").isalnum()
    for length in (1, 8, len(conversation.id)):
        opened = store.open(conversation.id[:length])
        assert opened.id == conversation.id
        opened.close()


@pytest.mark.parametrize("asked", ["nope", "", "%", "_", "../x", "\x1b[2J", "\ud800", "x" * 5000])
def test_an_unknown_id_is_one_line(store: HistoryStore, asked: str) -> None:
    store.create("demo").add(user_message("hi"))
    with pytest.raises(ConversationNotFound) as raised:
        store.open(asked)
    assert raised.value.exit_code is ExitCode.NOT_FOUND
    assert "\x1b" not in raised.value.message
    assert raised.value.message.isprintable()
    assert raised.value.hint


def test_an_ambiguous_id_is_refused(store: HistoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("aa1", "aa2", "aa"):
        monkeypatch.setattr(store_module, "_new_id", lambda name=name: name)
        store.create("demo").add(user_message(name))
    with pytest.raises(ConversationNotFound, match="more than one"):
        store.open("a")
    assert store.open("aa").messages == [user_message("aa")]


def test_odd_text_is_kept_harmless(store: HistoryStore, other: HistoryStore) -> None:
    odd = "nul \x00 half \ud83d escape \x1b[2J end"
    written = store.create("m\x00\ud800")
    written.add(user_message(odd))
    written.add(Message("assistant", (ReasoningPart(odd, seconds=float("nan")),), "stop"))
    read = other.open(written.id)
    assert read.messages[0].text == "nul ␀ half \ufffd escape ␛[2J end"
    assert read.messages == written.messages
    assert read.damaged_positions == frozenset()
    assert other.list()[0].model == "m␀\ufffd"


def test_a_message_without_parts_is_kept(store: HistoryStore, other: HistoryStore) -> None:
    written = store.create("demo")
    written.add(Message("assistant", (), "error"))
    assert other.open(written.id).messages == [Message("assistant", (), "error")]


def test_a_flipped_bit_is_noticed_and_nothing_thrown_away(
    store: HistoryStore, other: HistoryStore, tmp_path: Path
) -> None:
    written = store.create("demo")
    for text in ("hello", "to be damaged", "world"):
        written.add(user_message(text))
    query(tmp_path, "UPDATE part SET text = 'to be damafed' WHERE text = 'to be damaged'")
    read = other.open(written.id)
    assert read.damaged_positions == {1}
    assert [each.text for each in read.messages] == ["hello", "to be damafed", "world"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE part SET text = x'ff1b5b324a'",
        "UPDATE part SET text = CAST(x'ff1b' AS TEXT)",
        "UPDATE part SET text = 17",
        "UPDATE part SET kind = 'rebsoning'",
        "UPDATE part SET tokens = 'many', seconds = x'00', ended_by = 5",
        "UPDATE part SET tokens = tokens + 1",
        "UPDATE part SET seconds = 9e999",
        "UPDATE part SET carried = NULL",
        "UPDATE part SET carried = 0 WHERE carried IS NULL",
        "UPDATE part SET carried = 2 WHERE carried = 1",
        "UPDATE part SET insertions = NULL",
        "UPDATE part SET insertions = '[]' WHERE insertions IS NULL",
        "UPDATE part SET insertions = replace(insertions, 'localr1', 'person')",
        "UPDATE part SET name = 'other.py' WHERE name IS NULL",
        "UPDATE part SET position = 9 - position",
        "DELETE FROM part WHERE position = 1",
        "UPDATE message SET role = 'qser'",
        "UPDATE message SET finish_reason = 'stoq'",
        "UPDATE message SET finish_reason = NULL",
        "UPDATE message SET checksum = x'00'",
        "UPDATE message SET position = 5",
        "UPDATE message SET position = 'five'",
        "UPDATE message SET position = -3",
        "UPDATE message SET position = 9223372036854775807",
        "UPDATE message SET parent = 0",
        "UPDATE message SET parent = 'none'",
        "UPDATE message SET model = 'other'",
        "UPDATE message SET model = x'1b'",
    ],
)
def test_any_changed_column_is_noticed(store: HistoryStore, tmp_path: Path, change: str) -> None:
    written = store.create("demo")
    written.add(REPLY)
    written.close()
    query(tmp_path, change)
    read = store.open(written.id)
    assert read.damaged_positions == {0}
    assert "\x1b" not in read.messages[0].text
    read.add(user_message("and on it goes"))
    assert read.messages[1] == user_message("and on it goes")


def test_the_checksum_is_what_the_documentation_says() -> None:
    # printf '[0,"user",null,[["text","\\u00e9",null,null,null]]]' | sha256sum
    expected = "7d2f10450ec0b55571f765c84ebeda808f3b647e6f06346d237a56592987d063"
    assert checksum(0, "user", None, [("text", "é", None, None, None)]) == expected
    assert checksum(0, "user", None, part_rows(user_message("é"))) == expected
    # printf '%s' '[1,"assistant","stop",[["reasoning","Hm",1,0.5,"closed","[{…}]",1]]]' | sha256sum
    expected = "3b9a8b69762bae48af96b42a9f0e3336469ab7353c54655b1d2c8412227e0957"
    inserted = (Insertion(1, 2, "person"),)
    part = ReasoningPart("Hm", 1, 0.5, insertions=inserted, carried=True)
    parts = part_rows(Message("assistant", (part,), "stop"))
    assert checksum(1, "assistant", "stop", parts) == expected
    formats = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
    assert expected in formats
    # printf '%s' '[4,"user",null,[["file","2 + 2",…,"sum.txt"],["text","why?",…]],-1,null]' | …
    expected = "601898b3da1c7834b8a88034e3e994714206f0be50b6a1b1109199d2c0aec16d"
    parts = part_rows(user_message("why?", [FilePart("sum.txt", "2 + 2")]))
    assert checksum(4, "user", None, parts, parent=-1) == expected
    assert expected in formats


def test_a_second_window_on_one_conversation_is_read_only(
    store: HistoryStore, other: HistoryStore
) -> None:
    mine = store.create("demo")
    mine.add(user_message("hi"))
    theirs = other.open(mine.id)
    assert theirs.read_only
    assert theirs.messages == [user_message("hi")]
    for write in (
        lambda: theirs.add(user_message("no")),
        lambda: theirs.replace(0, user_message("no")),
        lambda: theirs.rename("no"),
        lambda: theirs.set_limit(Asked(origin="flag", effort="low")),
    ):
        with pytest.raises(StorageError, match="another window") as raised:
            write()
        assert raised.value.hint
    assert theirs.limit is None
    theirs.close()
    assert store.open(mine.id).read_only, "closing a reader must not free the writer's lock"
    mine.close()
    assert not other.open(mine.id).read_only


def test_closing_the_store_frees_its_conversations(
    store: HistoryStore, other: HistoryStore
) -> None:
    mine = store.create("demo")
    mine.add(user_message("hi"))
    store.close()
    assert not other.open(mine.id).read_only
    with pytest.raises(StorageError, match="closed"):
        mine.add(user_message("too late"))


def test_a_closed_conversation_is_not_written(store: HistoryStore) -> None:
    mine = store.create("demo")
    mine.add(user_message("hi"))
    mine.close()
    mine.close()
    with pytest.raises(StorageError, match="closed"):
        mine.add(user_message("too late"))
    assert len(mine.messages) == 1


def test_threads_may_share_a_store(store: HistoryStore) -> None:
    conversations = [store.create("demo") for _ in range(4)]

    def write(index: int) -> None:
        for number in range(10):
            conversations[index].add(user_message(f"{index} {number}"))

    threads = [threading.Thread(target=write, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for index, conversation in enumerate(conversations):
        conversation.close()
        texts = [message.text for message in store.open(conversation.id).messages]
        assert texts == [f"{index} {number}" for number in range(10)]


def test_only_the_user_can_read_the_files(store: HistoryStore, tmp_path: Path) -> None:
    store.create("demo").add(user_message("hi"))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"history.sqlite3", "history.lock"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_the_database_is_set_for_durability(store: HistoryStore) -> None:
    def settings(connection: sqlite3.Connection) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "mmap_size", "foreign_keys", "trusted_schema")
        return {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names}

    assert store._database.read(settings) == {
        "journal_mode": "delete",
        "synchronous": 3,
        "mmap_size": 0,
        "foreign_keys": 1,
        "trusted_schema": 0,
    }


@pytest.mark.parametrize("odd", ["../../outside", "a/b", "..", "\x00", "é", "A b"])
def test_a_lock_file_never_leaves_its_folder(tmp_path: Path, odd: str) -> None:
    locks = Locks(tmp_path / "deep" / "locks")
    assert locks.take(odd)
    assert not Locks(tmp_path / "deep" / "locks").take(odd)
    locks.release(odd)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.parent for path in files} == {tmp_path / "deep" / "locks"}


def test_pinned_conversations_are_always_listed_and_questions_are_those_of_all(
    store: HistoryStore,
) -> None:
    identities = []
    for number in range(5):
        conversation = store.create("demo")
        conversation.add(user_message(f"Question {number}?"))
        conversation.close()
        identities.append(conversation.id)
    store.pin(identities[0], True)
    assert [each.title for each in store.list(limit=2)] == ["Question 4?", "Question 0?"]
    assert store.latest() == identities[4]
    store.delete(identities[3])
    assert store.latest_questions(limit=3) == ["Question 1?", "Question 2?", "Question 4?"]
