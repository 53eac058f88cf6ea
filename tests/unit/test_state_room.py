"""The folder keeps its budget, leaves the disk room, and is shared by processes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from localr1.engine import state_format
from localr1.engine.state_files import StateFolder
from tests.kept_states import (
    GIB,
    KEY,
    NAME,
    STATE,
    TOKENS,
    folder,
    names,
    saved,
    set_free,
)

__all__ = ["folder"]

# ---- room --------------------------------------------------------------------------------------


def file_size(folder: StateFolder, tmp_path: Path) -> int:
    return saved(folder, tmp_path).stat().st_size


def age(tmp_path: Path, name: str, seconds: int) -> None:
    path = tmp_path / "states" / f"{name}.state"
    os.utime(path, (1_700_000_000 - seconds, 1_700_000_000 - seconds))


def test_the_one_not_used_for_longest_goes_first(folder: StateFolder, tmp_path: Path) -> None:
    size = file_size(folder, tmp_path)
    folder.forget(NAME)
    small = StateFolder(tmp_path / "states", 3 * size)
    for number, name in enumerate(("a", "b", "c")):
        assert small.save(name, KEY, TOKENS, 3, STATE)
        age(tmp_path, name, 100 - number)
    assert small.load("a", KEY) is not None, "which makes it the last used"
    assert small.save("d", KEY, TOKENS, 3, STATE)
    assert names(tmp_path / "states") == {"a.state", "c.state", "d.state"}
    assert small.save("d", KEY, TOKENS, 3, STATE), "in place of itself"
    assert names(tmp_path / "states") == {"a.state", "c.state", "d.state"}


def test_what_cannot_fit_displaces_nothing(folder: StateFolder, tmp_path: Path) -> None:
    size = file_size(folder, tmp_path)
    small = StateFolder(tmp_path / "states", size)
    assert not small.save("big", KEY, TOKENS, 3, STATE + b"+")
    assert not StateFolder(tmp_path / "states", 0).save("none", KEY, TOKENS, 3, STATE)
    assert names(tmp_path / "states") == {f"{NAME}.state"}
    assert small.save("same", KEY, TOKENS, 3, STATE)
    assert names(tmp_path / "states") == {"same.state"}


def test_files_of_others_are_neither_counted_nor_removed(
    folder: StateFolder, tmp_path: Path
) -> None:
    size = file_size(folder, tmp_path)
    for other in ("notes.txt", "Not An Id.state", ".hidden"):
        (tmp_path / "states" / other).write_bytes(b"x" * size)
    (tmp_path / "states" / "link.state").symlink_to(tmp_path / "states" / "notes.txt")
    small = StateFolder(tmp_path / "states", size)
    assert small.save("new", KEY, TOKENS, 3, STATE)
    assert names(tmp_path / "states") == {
        "notes.txt",
        "Not An Id.state",
        ".hidden",
        "link.state",
        "new.state",
    }


@pytest.mark.parametrize(("share", "reserve"), [(100, 5 * GIB), (10, 2 * GIB), (1000, 10 * GIB)])
def test_the_disk_is_not_filled(
    folder: StateFolder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    share: int,
    reserve: int,
) -> None:
    size = file_size(folder, tmp_path)
    free = reserve + size

    def usage(_: object) -> object:
        return shutil._ntuple_diskusage(share * GIB, 0, free)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    assert folder.save(NAME, KEY, TOKENS, 3, STATE), "exactly the reserve is left"
    free -= 1
    assert not folder.save(NAME, KEY, TOKENS, 3, STATE)
    assert names(tmp_path / "states") == {f"{NAME}.state"}


def test_on_a_full_disk_older_files_give_way(
    folder: StateFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = file_size(folder, tmp_path)
    assert folder.save("older", KEY, TOKENS, 3, STATE)
    age(tmp_path, "older", 5)
    set_free(monkeypatch, 5 * GIB)
    assert folder.save("new", KEY, TOKENS, 3, STATE)
    assert names(tmp_path / "states") == {f"{NAME}.state", "new.state"}
    set_free(monkeypatch, 5 * GIB - 2 * size)
    assert not folder.save("newer", KEY, TOKENS, 3, STATE)


# ---- other processes ---------------------------------------------------------------------------

SAVING = """
import shutil, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from localr1.engine.state_files import StateFolder, StateKey
gib = 1 << 30
shutil.disk_usage = lambda _: shutil._ntuple_diskusage(100 * gib, 0, 100 * gib)
key = StateKey(model="ab12", engine="0.3.36 | CPU", type_k="f16", type_v="f16",
               flash_attn="on", swa_full=True, computed_by="CPU 256")
folder = StateFolder(Path({folder!r}), gib)
"""


def python(tmp_path: Path, code: str) -> subprocess.Popen[str]:
    repository = Path(__file__).parents[2]
    start = SAVING.format(tests=str(repository), folder=str(tmp_path / "states"))
    return subprocess.Popen(
        [sys.executable, "-c", start + code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(os.name == "nt", reason="file size limits are POSIX")
def test_a_full_disk_leaves_the_earlier_state(folder: StateFolder, tmp_path: Path) -> None:
    saved(folder, tmp_path)
    code = f"""
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))
print(folder.save({NAME!r}, key, [7], 0, b"x" * 1_000_000))
"""
    output, _ = python(tmp_path, code).communicate(timeout=60)
    assert output == "False\n"
    assert names(tmp_path / "states") == {f"{NAME}.state"}
    found = folder.load(NAME, KEY)
    assert found is not None
    assert found.tokens == TOKENS


KILLED = f"""
from localr1.engine import state_files
real = state_files.write_state
def stop_there(file, state):
    real(file, state)
    file.flush()
    print("written", flush=True)
    input()
state_files.write_state = stop_there
folder.save({NAME!r}, key, [7], 0, b"x" * 1000)
"""


def test_a_killed_save_leaves_nothing_visible(folder: StateFolder, tmp_path: Path) -> None:
    saved(folder, tmp_path)
    with python(tmp_path, KILLED) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        [part] = names(tmp_path / "states") - {f"{NAME}.state"}
        assert f".{process.pid}." in part
        assert folder.save("other", KEY, TOKENS, 3, STATE)
        assert part in names(tmp_path / "states"), "the part of a process that runs stays"
        process.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
        process.wait()
    found = folder.load(NAME, KEY)
    assert found is not None
    assert found.tokens == TOKENS
    assert folder.save("other", KEY, TOKENS, 3, STATE)
    assert names(tmp_path / "states") == {f"{NAME}.state", "other.state"}


def test_parts_of_this_process_and_old_ones_are_removed(
    folder: StateFolder, tmp_path: Path
) -> None:
    states = tmp_path / "states"
    saved(folder, tmp_path)
    parent = os.getppid()
    for part in (f".a.{os.getpid()}.x1.part", f".a.{parent}.old1.part", f".a.{parent}.new1.part"):
        (states / part).write_bytes(b"part")
    os.utime(states / f".a.{parent}.old1.part", (1_000_000_000, 1_000_000_000))
    saved(folder, tmp_path)
    assert names(states) == {f"{NAME}.state", f".a.{parent}.new1.part"}


@pytest.mark.parametrize("process", ["0", "999999999", "99999999999999999999"])
def test_a_part_of_an_impossible_process_is_no_failure(
    folder: StateFolder, tmp_path: Path, process: str
) -> None:
    saved(folder, tmp_path)
    (tmp_path / "states" / f".a.{process}.x.part").write_bytes(b"part")
    saved(folder, tmp_path)
    assert folder.load(NAME, KEY) is not None


def test_a_file_that_another_process_removes_meanwhile_is_no_failure(
    folder: StateFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = file_size(folder, tmp_path)
    real = Path.unlink

    def removed_already(path: Path, missing_ok: bool = False) -> None:
        real(path)
        real(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", removed_already)
    small = StateFolder(tmp_path / "states", size)
    assert small.save("new", KEY, TOKENS, 3, STATE)
    assert names(tmp_path / "states") == {"new.state"}


def test_a_damaged_file_that_was_replaced_meanwhile_stays(
    folder: StateFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(folder, tmp_path)

    def replace_and_fail(*_: object) -> None:
        assert folder.save(NAME, KEY, [9], 0, b"new")
        raise state_format.DamagedState("as it was")

    with monkeypatch.context() as patched:
        patched.setattr("localr1.engine.state_files.read_state", replace_and_fail)
        assert folder.load(NAME, KEY) is None
    found = folder.load(NAME, KEY)
    assert found is not None
    assert found.tokens == [9]


RUNNING = """
import random
budget = StateFolder(Path({folder!r}), 60_000)
kept = came_back = 0
for turn in range(150):
    name = random.choice("abcd")
    tokens = [turn] * 10
    state = bytes([turn % 251]) * random.randrange(1, 20_000)
    kept += budget.save(name, key, tokens, 0, state)
    found = budget.load(random.choice("abcd"), key)
    if found is not None:
        came_back += 1
        assert bytes(found.state) == bytes([found.tokens[0] % 251]) * len(found.state)
print("whole" if kept > 20 and came_back > 20 else (kept, came_back))
"""


def test_two_processes_share_a_folder(tmp_path: Path) -> None:
    code = RUNNING.replace("{folder!r}", repr(str(tmp_path / "states")))
    both = [python(tmp_path, code) for _ in range(2)]
    assert [process.communicate(timeout=60)[0] for process in both] == ["whole\n"] * 2
    assert all(each.suffix == ".state" for each in (tmp_path / "states").iterdir())
