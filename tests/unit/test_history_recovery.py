"""A damaged history is moved aside, and what is readable goes on in a fresh one."""

from __future__ import annotations

import contextlib
import random
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from localr1.chat.effort import Asked
from localr1.chat.messages import Insertion, Message, ReasoningPart, TextPart, user_message
from localr1.errors import ConversationNotFound, StorageError
from localr1.history import store as store_module
from localr1.history.migrations import NEWEST
from localr1.history.recovery import TABLES
from localr1.history.store import HistoryStore

PAGE_BYTES = 4096
CONVERSATIONS = 30


def open_store(folder: Path) -> HistoryStore:
    return HistoryStore(folder / "history.sqlite3", folder / "locks")


def reply(number: int) -> Message:
    inserted = (Insertion(0, 7, "person"), Insertion(9, 9 + number, "localr1"))[: number + 1]
    thought = ReasoningPart(
        f"thought {number} " * 60,
        tokens=number,
        seconds=0.5,
        insertions=inserted,
        carried=number % 3 == 0,
    )
    return Message("assistant", (thought, TextPart(f"answer {number}")), "stop")


def limit(number: int) -> Asked:
    return Asked(origin="this conversation", tokens=number)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history of 30 conversations with four messages each."""
    folder = tmp_path_factory.mktemp("sound")
    # The same ids in each run: the same damage then always meets the same pages.
    ids = iter([f"261004-{number * 7 % CONVERSATIONS:06}" for number in range(CONVERSATIONS)])
    with pytest.MonkeyPatch.context() as patch, closing(open_store(folder)) as store:
        patch.setattr(store_module, "_new_id", lambda: next(ids))
        for number in range(CONVERSATIONS):
            conversation = store.create("demo")
            conversation.set_limit(limit(number))
            for turn in (2 * number, 2 * number + 1):
                conversation.add(user_message(f"question {turn}"))
                conversation.add(reply(turn))
    return folder / "history.sqlite3"


@pytest.fixture
def path(sound: Path, tmp_path: Path) -> Path:
    shutil.copy(sound, tmp_path)
    return tmp_path / "history.sqlite3"


def overwrite(path: Path, offset: int, content: bytes) -> None:
    with path.open("rb+") as file:
        file.seek(offset)
        file.write(content)


def texts(store: HistoryStore) -> dict[str, list[str]]:
    """What the messages say, by conversation; none may be damaged unnoticed."""
    read = {}
    for each in store.list(limit=1000):
        # The damage may be met only now, and a conversation not survive its repair.
        with contextlib.suppress(ConversationNotFound):
            read[each.id] = store.open(each.id)
    for conversation in read.values():
        for position, message in enumerate(conversation.messages):
            if position not in conversation.damaged_positions and message.role == "assistant":
                assert message == reply(int(message.text.split()[1]))
        conversation.close()
    return {name: [message.text for message in each.messages] for name, each in read.items()}


def counts(notice: str | None) -> tuple[int, int]:
    """N and M of "N of M conversations recovered"."""
    found = re.search(r"; (\d+) of (\d+) conversations? recovered$", notice or "")
    assert found, notice
    return int(found[1]), int(found[2])


def test_a_sound_history_gives_no_notice(path: Path) -> None:
    with closing(open_store(path.parent)) as store:
        assert len(texts(store)) == CONVERSATIONS
        assert store.notice is None


def test_a_destroyed_first_page_costs_nothing(path: Path) -> None:
    with closing(open_store(path.parent)) as store:
        before = texts(store)
    overwrite(path, 0, random.Random(1).randbytes(PAGE_BYTES))
    damaged = path.read_bytes()
    with closing(open_store(path.parent)) as store:
        assert counts(store.notice) == (CONVERSATIONS, CONVERSATIONS)
        assert texts(store) == before
    (aside,) = path.parent.glob("history.damaged-*.sqlite3")
    assert re.fullmatch(r"history\.damaged-\d{8}-\d{6}\.sqlite3", aside.name)
    assert aside.read_bytes() == damaged
    with closing(open_store(path.parent)) as store:
        assert store.notice is None, "it is repaired once"


def test_a_destroyed_page_costs_only_what_was_on_it(path: Path) -> None:
    with closing(open_store(path.parent)) as store:
        before = texts(store)
    size_pages = path.stat().st_size // PAGE_BYTES
    shutil.copy(path, path.with_suffix(".sound"))
    rebuilt = 0
    for page in range(1, size_pages):
        shutil.copy(path.with_suffix(".sound"), path)
        overwrite(path, page * PAGE_BYTES, b"\xa5" * PAGE_BYTES)
        with closing(open_store(path.parent)) as store:
            after = texts(store)
            kept = sum(len(messages) for messages in after.values())
            if store.notice is None:
                assert kept <= 4 * CONVERSATIONS
                continue
            rebuilt += 1
            assert counts(store.notice)[0] == len(after)
            # An interior page leads to many others; the rest of the pages are leaves.
            assert kept >= (4 * CONVERSATIONS) * 0.5 or page < 8, page
        for aside in path.parent.glob("*damaged*"):
            aside.unlink()
    assert rebuilt > size_pages / 2
    assert len(before) == CONVERSATIONS


@pytest.mark.parametrize(
    "content",
    [b"just a text file\n" * 500, b"\0" * 9000, b"SQLite format 3\0"],
    ids=["text", "zeros", "header only"],
)
def test_a_file_of_something_else_is_moved_aside(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "history.sqlite3").write_bytes(content)
    with closing(open_store(tmp_path)) as store:
        assert counts(store.notice) == (0, 0)
        assert store.list() == []
        store.create("demo").add(user_message("on it goes"))
        assert len(store.list()) == 1
    (aside,) = tmp_path.glob("*damaged*")
    assert aside.read_bytes() == content


@pytest.mark.parametrize("part", [0.05, 0.3, 0.6, 0.95])
def test_a_truncated_history_keeps_its_beginning(path: Path, part: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    with closing(open_store(path.parent)) as store:
        recovered = texts(store)
        recovered_count, known = counts(store.notice)
        assert recovered_count == len(recovered) <= known <= CONVERSATIONS
        assert part < 0.5 or recovered_count > 0


def test_a_repair_carries_every_column(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for table, columns in TABLES.items():
            present = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
            assert present - {"id"} == {*columns} - {"id"}
    overwrite(path, 0, b"\0" * PAGE_BYTES)
    with closing(open_store(path.parent)) as store:
        assert counts(store.notice) == (CONVERSATIONS, CONVERSATIONS)
        for number, each in enumerate(reversed(store.list())):
            read = store.open(each.id)
            assert read.limit == limit(number)
            assert read.damaged_positions == frozenset()
            assert read.messages[1::2] == [reply(2 * number), reply(2 * number + 1)]


@pytest.mark.parametrize("version", range(NEWEST))
def test_a_damaged_version_is_repaired(path: Path, version: int) -> None:
    with closing(open_store(path.parent)) as store:
        before = texts(store)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    with closing(open_store(path.parent)) as store:
        assert counts(store.notice) == (CONVERSATIONS, CONVERSATIONS)
        assert texts(store) == before


def test_a_missing_table_is_damage(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE conversation")
        connection.commit()
    with closing(open_store(path.parent)) as store:
        assert counts(store.notice) == (CONVERSATIONS, CONVERSATIONS)
        assert {each.title for each in store.list()} == {"Recovered conversation"}
        assert sum(map(len, texts(store).values())) == 4 * CONVERSATIONS


def test_damage_that_comes_while_it_is_open_is_repaired(path: Path) -> None:
    with closing(open_store(path.parent)) as store:
        conversation = store.create("demo")
        conversation.add(user_message("before the damage"))
        overwrite(path, 0, b"\0" * PAGE_BYTES)
        conversation.add(user_message("after the damage"))
        assert counts(store.notice) == (CONVERSATIONS + 1, CONVERSATIONS + 1)
        assert store.list()[0].message_count == 2
    with closing(open_store(path.parent)) as store:
        assert store.open(conversation.id).messages == conversation.messages
        assert store.notice is None


def test_no_repair_while_another_window_writes(path: Path) -> None:
    with closing(open_store(path.parent)) as writer:
        writer.create("demo").add(user_message("hi"))
        overwrite(path, 0, b"\0" * PAGE_BYTES)
        damaged = path.read_bytes()
        with pytest.raises(StorageError, match="another localr1 has it open"):
            open_store(path.parent)
        assert path.read_bytes() == damaged
        assert not list(path.parent.glob("*damaged*"))
    with closing(open_store(path.parent)) as store:
        assert counts(store.notice) == (CONVERSATIONS + 1, CONVERSATIONS + 1)


def test_an_idle_window_follows_a_repair_of_another(path: Path) -> None:
    with closing(open_store(path.parent)) as idle:
        waiting = idle.create("demo")
        overwrite(path, 0, b"\0" * PAGE_BYTES)
        with closing(open_store(path.parent)) as repairing:
            assert repairing.notice
            waiting.add(user_message("not into the removed file"))
            assert waiting.id in texts(repairing)


def test_random_damage_ends_in_a_line_or_a_history_that_works(path: Path) -> None:
    chance = random.Random(7)
    content = path.read_bytes()
    for number in range(30):
        mutated = bytearray(content)
        for _ in range(chance.randint(1, 40)):
            mutated[chance.randrange(len(mutated))] = chance.randrange(256)
        path.write_bytes(mutated)
        try:
            with closing(open_store(path.parent)) as store:
                texts(store)
                conversation = store.create("demo")
                conversation.add(user_message(f"on it goes {number}"))
                conversation.close()
                assert store.open(conversation.id).messages == conversation.messages
        except StorageError as error:
            assert error.message.isprintable()
        for aside in path.parent.glob("*damaged*"):
            aside.unlink()
