"""Kills, full disks, locked and read-only files: nothing acknowledged is lost."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.history_kills import Tally, _check, kill_writers, open_store
from localr1.chat.effort import Asked
from localr1.chat.messages import Message, ReasoningPart, user_message
from localr1.errors import StorageError
from localr1.history import database, search_index
from localr1.history.store import HistoryStore


def test_kills_lose_nothing(tmp_path: Path) -> None:
    tally = kill_writers(tmp_path, kills=10, seed=3)
    assert tally.kills == 10
    assert tally.acknowledged > 30
    assert tally.sound, tally
    with closing(open_store(tmp_path)) as store:
        growing = "SELECT count(*) FROM message WHERE role = 'assistant' AND finish_reason IS NULL"
        (unfinished,) = store._database.read(
            lambda connection: connection.execute(growing)
        ).fetchone()
        assert store._database.read(search_index.count_missing) == unfinished
        store.search("anything")
        assert store._database.read(search_index.count_missing) == 0
        check = "INSERT INTO search (search) VALUES ('integrity-check')"
        store._database.write(lambda connection: connection.execute(check))


def test_the_kill_benchmark_notices_a_loss(tmp_path: Path) -> None:
    with closing(open_store(tmp_path)) as store:
        conversation = store.create("demo")
        conversation.add(user_message("only this"))
    tally = Tally(versions={(conversation.id, 0): 0, (conversation.id, 1): 0, ("other", 0): 0})
    _check(tmp_path, tally)
    assert tally.lost == 2
    assert not tally.sound


def run_child(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],  # where `benchmarks` can be imported
    )


HOLD = """
import sys
from pathlib import Path
from benchmarks.history_kills import open_store
from localr1.chat.messages import user_message
store = open_store(Path(sys.argv[1]))
conversation = store.open(sys.argv[2]) if len(sys.argv) > 2 else store.create("child")
conversation.add(user_message("from the child"))
print(conversation.id, flush=True)
for line in sys.stdin:
    conversation.add(user_message(line.strip()))
    print("added", flush=True)
"""


def first_line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def test_a_killed_process_frees_its_conversation(tmp_path: Path) -> None:
    with run_child(HOLD, str(tmp_path)) as child:
        identity = first_line(child)
        with closing(open_store(tmp_path)) as store:
            assert store.open(identity).read_only
            child.kill()
            child.wait()
            mine = store.open(identity)
            assert not mine.read_only
            assert mine.messages == [user_message("from the child")]
            mine.add(user_message("and mine"))


def test_two_processes_write_different_conversations(tmp_path: Path) -> None:
    with run_child(HOLD, str(tmp_path)) as child, closing(open_store(tmp_path)) as store:
        identity = first_line(child)
        mine = store.create("parent")
        assert child.stdin is not None
        for number in range(20):
            child.stdin.write(f"child {number}\n")
            child.stdin.flush()
            mine.add(user_message(f"parent {number}"))
            assert first_line(child) == "added"
        child.stdin.close()
        child.wait()
        assert [message.text for message in mine.messages] == [f"parent {n}" for n in range(20)]
        assert [message.text for message in store.open(identity).messages[1:]] == [
            f"child {n}" for n in range(20)
        ]


GROW = """
import sys
from pathlib import Path
from benchmarks.history_kills import open_store
from localr1.chat.messages import Message, ReasoningPart, TextPart, user_message
conversation = open_store(Path(sys.argv[1])).create("child")
conversation.add(user_message("what is a heron?"))
conversation.add(Message("assistant", (TextPart("a bird"),), "stop"))
conversation.rewind(1)
place = conversation.add(Message("assistant", (ReasoningPart("let me"),)))
conversation.replace(place, Message("assistant", (ReasoningPart("let me think of waders"),)))
conversation.rewind(0)
print(conversation.id, flush=True)
sys.stdin.read()
"""


def test_a_killed_process_leaves_what_was_shown_and_it_is_found(tmp_path: Path) -> None:
    with run_child(GROW, str(tmp_path)) as child, closing(open_store(tmp_path)) as store:
        identity = first_line(child)
        assert [hit.kind for hit in store.search("waders")] == ["reasoning"]
        child.kill()
        child.wait()
        mine = store.open(identity)
        assert [each.role for each in mine.messages] == ["user", "assistant"], "not the rewinding"
        assert mine.branches(1) == (1, 2)
        mine.replace(1, Message("assistant", (ReasoningPart("let me rest"),), "cancelled"))
        assert store.search("waders") == []
        mine.choose(1, 0)
        assert mine.messages[1].text == "a bird"


FILL = """
import resource, sys
from pathlib import Path
from benchmarks.history_kills import open_store
from localr1.chat.messages import Message, ReasoningPart, user_message
from localr1.errors import StorageError
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    conversation = open_store(Path(sys.argv[1])).create("demo")
    for number in range(200):
        conversation.add(user_message(f"{number} " + "text " * 300))
        print(number, flush=True)
except StorageError as error:
    print(error.message)
"""


@pytest.mark.parametrize("limit_bytes", [100, 1000, 5000, 20_000, 36_864, 50_001, 100_000])
def test_a_full_disk_is_one_line_and_loses_nothing(tmp_path: Path, limit_bytes: int) -> None:
    with run_child(FILL, str(tmp_path), str(limit_bytes)) as child:
        output, _ = child.communicate()
    assert child.returncode == 0
    *acknowledged, message = output.splitlines()
    assert message.startswith("the history cannot be ")
    with closing(open_store(tmp_path)) as store:
        latest = store.latest()
        kept = [each.text.split()[0] for each in store.open(latest).messages] if latest else []
        assert kept == acknowledged
        assert store.notice is None
        store.create("demo").add(user_message("on it goes"))


def test_a_failed_write_leaves_the_conversation_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_BUSY_TIMEOUT_SECONDS", 0.05)
    with (
        closing(open_store(tmp_path)) as store,
        closing(sqlite3.connect(tmp_path / "history.sqlite3", isolation_level=None)) as other,
    ):
        conversation = store.create("demo")
        conversation.add(user_message("kept"))
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StorageError, match="another program is using it") as raised:
            conversation.add(user_message("not kept"))
        assert raised.value.hint
        with pytest.raises(StorageError):
            conversation.replace(0, user_message("not kept"))
        with pytest.raises(StorageError):
            conversation.set_limit(Asked(origin="flag", tokens=5))
        assert conversation.limit is None
        other.execute("ROLLBACK")
        assert conversation.messages == [user_message("kept")]
        assert conversation.add(user_message("later")) == 1


@pytest.mark.parametrize("place", ["file/history.sqlite3", "file/deep/history.sqlite3"])
def test_no_folder_to_be_had_is_one_line(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="cannot create the folder") as raised:
        HistoryStore(tmp_path / place, tmp_path / "locks")
    assert "LOCALR1_HOME" in raised.value.hint


def test_a_folder_in_the_place_of_the_database_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "history.sqlite3").mkdir()
    with pytest.raises(StorageError, match="the history cannot be opened"):
        open_store(tmp_path)


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """As a user who may read the folder but not write it; root gives up its rights meanwhile."""
    if sys.platform == "win32":
        raise NotImplementedError("these checks need a POSIX system")
    paths = [folder, *folder.rglob("*")]
    modes = {path: path.stat().st_mode for path in paths}
    root = os.geteuid() == 0
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        for path, mode in modes.items():
            path.chmod(mode)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can reach, unlike tmp_path."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "home"
        folder.parent.chmod(0o755)
        folder.mkdir()
        yield folder


def test_a_read_only_history_can_be_read(open_folder: Path) -> None:
    with closing(open_store(open_folder)) as store:
        written = store.create("demo")
        written.add(user_message("readable"))
    with read_only(open_folder), closing(open_store(open_folder)) as store:
        read = store.open(written.id)
        assert read.messages == [user_message("readable")]
        assert read.read_only
        with pytest.raises(StorageError):
            store.create("demo").add(user_message("not writable"))


def test_a_read_only_folder_without_history_is_one_line(open_folder: Path) -> None:
    with read_only(open_folder), pytest.raises(StorageError) as raised:
        open_store(open_folder)
    assert raised.value.message.startswith("cannot ")
    assert raised.value.hint
