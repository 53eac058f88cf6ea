"""A kept state comes back as it was, or not at all; nothing on the disk raises."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from localr1.engine import state_format
from localr1.engine.state_files import StateFolder, StateKey, engine_identity

KEY = StateKey(
    model="ab12",
    engine="0.3.36 | CPU",
    type_k="f16",
    type_v="f16",
    flash_attn="on",
    swa_full=True,
    computed_by="CPU 256",
)
TOKENS = [1, 2, 151_646, 0xFFFF_FFFF]
STATE = bytes(range(256)) * 3
NAME = "261004-k3f9x2"
HEAD_BYTES = len(state_format.head_bytes(state_format.Head(KEY, TOKENS, 3, len(STATE))))
GIB = 1 << 30


@pytest.fixture
def folder(tmp_path: Path) -> StateFolder:
    return StateFolder(tmp_path / "states", GIB)


@pytest.fixture(autouse=True)
def _free_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the disk that tests run on has left."""
    set_free(monkeypatch, 100 * GIB)


def set_free(monkeypatch: pytest.MonkeyPatch, free_bytes: int) -> None:
    usage = shutil._ntuple_diskusage(100 * GIB, 100 * GIB - free_bytes, free_bytes)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)


def saved(folder: StateFolder, tmp_path: Path) -> Path:
    assert folder.save(NAME, KEY, TOKENS, 3, STATE)
    return tmp_path / "states" / f"{NAME}.state"


def names(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


# ---- what was saved comes back -----------------------------------------------------------------


def test_a_saved_state_comes_back(folder: StateFolder, tmp_path: Path) -> None:
    path = saved(folder, tmp_path)
    found = folder.load(NAME, KEY)
    assert found is not None
    assert (found.tokens, found.n_exact, bytes(found.state)) == (TOKENS, 3, STATE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert names(path.parent) == {path.name}


def test_ctypes_takes_the_state_without_a_copy(folder: StateFolder, tmp_path: Path) -> None:
    saved(folder, tmp_path)
    found = folder.load(NAME, KEY)
    assert found is not None
    native = (ctypes.c_char * len(found.state)).from_buffer(found.state)
    native[0] = b"\x7f"
    assert found.state[0] == 0x7F


@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tokens=st.lists(st.integers(0, 2**32 - 1), max_size=50),
    state=st.binary(min_size=1, max_size=300),
    chunk_bytes=st.integers(1, 80),
)
def test_any_state_comes_back(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tokens: list[int],
    state: bytes,
    chunk_bytes: int,
) -> None:
    monkeypatch.setattr(state_format, "CHUNK_BYTES", chunk_bytes)
    folder = StateFolder(tmp_path, GIB)
    assert folder.save(NAME, KEY, tokens, len(tokens), memoryview(state))
    found = folder.load(NAME, KEY)
    assert found is not None
    assert (found.tokens, found.n_exact, bytes(found.state)) == (tokens, len(tokens), state)


def test_the_layout_is_the_documented_one(folder: StateFolder, tmp_path: Path) -> None:
    content = saved(folder, tmp_path).read_bytes()
    key = msgspec.json.encode(KEY)
    assert content[:8] == b"LR1STATE"
    numbers = [int.from_bytes(content[at : at + 4], "little") for at in (8, 12, 16, 20)]
    assert numbers == [1, len(key), len(TOKENS), 3]
    assert int.from_bytes(content[24:32], "little") == len(STATE)
    assert content[36 : 36 + len(key)] == key
    assert content[HEAD_BYTES - 16 : HEAD_BYTES] == b"".join(
        token.to_bytes(4, "little") for token in TOKENS
    )
    assert content[HEAD_BYTES:-8] == STATE


def test_a_later_save_replaces_the_earlier_one(folder: StateFolder, tmp_path: Path) -> None:
    saved(folder, tmp_path)
    assert folder.save(NAME, KEY, [5], 0, b"new")
    found = folder.load(NAME, KEY)
    assert found is not None
    assert (found.tokens, bytes(found.state)) == ([5], b"new")


def test_a_state_of_nothing_is_not_kept(folder: StateFolder, tmp_path: Path) -> None:
    assert not folder.save(NAME, KEY, TOKENS, 0, b"")
    assert not (tmp_path / "states").exists()


def test_an_unwanted_state_is_not_read(
    folder: StateFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(folder, tmp_path)
    seen: list[list[int]] = []

    def refuse(tokens: list[int]) -> bool:
        seen.append(tokens)
        return False

    monkeypatch.setattr("localr1.engine.state_files.read_state", None)
    assert folder.load(NAME, KEY, refuse) is None
    assert seen == [TOKENS]


def test_a_forgotten_state_is_gone(folder: StateFolder, tmp_path: Path) -> None:
    path = saved(folder, tmp_path)
    folder.forget(NAME)
    assert not path.exists()
    assert folder.load(NAME, KEY) is None
    folder.forget(NAME)


@pytest.mark.parametrize("name", ["", "../x", "A", "a/b", "a" * 65, "a.b", "a\n", "ä"])
def test_a_name_that_is_no_id_is_refused(folder: StateFolder, name: str) -> None:
    with pytest.raises(ValueError, match="id of a conversation"):
        folder.save(name, KEY, TOKENS, 0, STATE)
    with pytest.raises(ValueError, match="id of a conversation"):
        folder.load(name, KEY)
    with pytest.raises(ValueError, match="id of a conversation"):
        folder.forget(name)


# ---- whose it is -------------------------------------------------------------------------------


@pytest.mark.parametrize("field", sorted(set(StateKey.__struct_fields__) - {"computed_by"}))
def test_a_state_of_another_key_stays_for_it(
    folder: StateFolder, tmp_path: Path, field: str
) -> None:
    path = saved(folder, tmp_path)
    value = getattr(KEY, field)
    other: Any = {bool: False, int: 4096, str: "other"}[type(value)]
    foreign = msgspec.structs.replace(KEY, **{field: other})
    assert folder.load(NAME, foreign) is None
    assert folder.load(NAME, KEY) is not None
    assert folder.save(NAME, foreign, TOKENS, 3, b"of another")
    assert folder.load(NAME, KEY) is None
    assert folder.load(NAME, foreign) is not None
    assert path.exists()


def test_the_engines_switches_are_part_of_it() -> None:
    plain = engine_identity("0.3.36", "CPU", {"HOME": "/root"})
    assert plain == "0.3.36 | CPU"
    switched = engine_identity("0.3.36", "CPU", {"LLAMA_B": "1", "HOME": "x", "LLAMA_A": ""})
    assert switched == "0.3.36 | CPU | LLAMA_A= | LLAMA_B=1"


def test_a_state_computed_elsewhere_has_no_exact_tokens(
    folder: StateFolder, tmp_path: Path
) -> None:
    saved(folder, tmp_path)
    found = folder.load(NAME, msgspec.structs.replace(KEY, computed_by="GPU"))
    assert found is not None
    assert (found.n_exact, found.tokens) == (0, TOKENS)


def with_head(content: bytes, at: int, replacement: bytes) -> bytes:
    """The file with other bytes in its head, and the checksum that they should have."""
    changed = content[:at] + replacement + content[at + len(replacement) :]
    fixed, body = changed[:32], changed[36:HEAD_BYTES]
    crc = state_format.checksum(body, state_format.checksum(fixed))
    return fixed + crc.to_bytes(4, "little") + changed[36:]


@pytest.mark.parametrize(
    ("at", "replacement"),
    [(8, b"\x02"), (36, b"["), (36, b'{"later":1,')],
    ids=["version", "key is no object", "key has another field"],
)
def test_a_file_of_another_version_is_left(
    folder: StateFolder, tmp_path: Path, at: int, replacement: bytes
) -> None:
    path = saved(folder, tmp_path)
    path.write_bytes(with_head(path.read_bytes(), at, replacement))
    assert folder.load(NAME, KEY) is None
    assert path.exists()
    assert folder.save(NAME, KEY, TOKENS, 3, STATE)
    assert folder.load(NAME, KEY) is not None


# ---- damage ------------------------------------------------------------------------------------


def test_a_file_cut_short_anywhere_is_removed(
    folder: StateFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_format, "CHUNK_BYTES", 300)
    path = saved(folder, tmp_path)
    content = path.read_bytes()
    regions = (8, 12, 16, 20, 24, 32, 36, HEAD_BYTES - 16, HEAD_BYTES, HEAD_BYTES + 300)
    ends = {*regions, len(content) - 20, len(content) - 4, len(content)}
    for length in sorted({0, *(end + step for end in ends for step in (-1, 0, 1))}):
        if length < len(content):
            path.write_bytes(content[:length])
            assert folder.load(NAME, KEY) is None, length
            assert not path.exists(), length
    path.write_bytes(content + b"\0")
    assert folder.load(NAME, KEY) is None
    assert not path.exists()


def test_a_flipped_bit_anywhere_is_found(
    folder: StateFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_format, "CHUNK_BYTES", 300)
    path = saved(folder, tmp_path)
    content = path.read_bytes()
    for position in range(len(content)):
        damaged = bytearray(content)
        damaged[position] ^= 1 << position % 8
        path.write_bytes(damaged)
        assert folder.load(NAME, KEY) is None, position
        is_version = 8 <= position < 12
        assert path.exists() == is_version, position


def test_swapped_pieces_are_found(
    folder: StateFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_format, "CHUNK_BYTES", 300)
    state = b"a" * 300 + b"b" * 300
    assert folder.save(NAME, KEY, TOKENS, 0, state)
    path = tmp_path / "states" / f"{NAME}.state"
    path.write_bytes(path.read_bytes().replace(state, b"b" * 300 + b"a" * 300))
    assert folder.load(NAME, KEY) is None
    assert not path.exists()


@pytest.mark.parametrize(
    ("at", "number"),
    [
        (12, b"\xff\xff\xff\xff"),
        (12, b"\0\0\0\0"),
        (16, b"\xff\xff\xff\xff"),
        (16, b"\x05\0\0\0"),
        (20, b"\x05\0\0\0"),
        (24, b"\0" * 8),
        (24, b"\xff" * 8),
        (24, b"\xff" * 7 + b"\x7f"),
        (24, b"\x01"),
    ],
)
def test_lengths_that_lie_take_no_memory(
    folder: StateFolder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    at: int,
    number: bytes,
) -> None:
    path = saved(folder, tmp_path)
    path.write_bytes(with_head(path.read_bytes(), at, number))
    monkeypatch.setattr("localr1.engine.state_files.read_state", None)
    assert folder.load(NAME, KEY) is None
    assert not path.exists()


def test_a_file_larger_than_the_budget_takes_no_memory(
    folder: StateFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(folder, tmp_path)
    monkeypatch.setattr("localr1.engine.state_files.read_state", None)
    assert StateFolder(path.parent, path.stat().st_size - 1).load(NAME, KEY) is None


def test_lack_of_memory_is_no_failure(
    folder: StateFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(folder, tmp_path)

    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("localr1.engine.state_files.read_state", fail)
    assert folder.load(NAME, KEY) is None
    assert path.exists()


# ---- other things in the file's place ----------------------------------------------------------


def make_link(path: Path) -> None:
    target = path.parent.parent / "target"
    path.replace(target)
    path.symlink_to(target)


def make_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.skipif(os.name == "nt", reason="links and pipes as POSIX has them")
@pytest.mark.parametrize("put_there", [make_link, make_pipe])
def test_what_is_no_file_is_not_read_and_gives_way(
    folder: StateFolder, tmp_path: Path, put_there: Callable[[Path], None]
) -> None:
    path = saved(folder, tmp_path)
    put_there(path)
    assert folder.load(NAME, KEY) is None
    assert path.is_symlink() or path.is_fifo()
    assert folder.save(NAME, KEY, TOKENS, 3, STATE)
    assert path.is_file()
    assert not path.is_symlink()
    assert folder.load(NAME, KEY) is not None


def test_a_folder_in_its_place_stays(folder: StateFolder, tmp_path: Path) -> None:
    path = saved(folder, tmp_path)
    path.unlink()
    path.mkdir()
    assert folder.load(NAME, KEY) is None
    assert not folder.save(NAME, KEY, TOKENS, 3, STATE)
    folder.forget(NAME)
    assert names(path.parent) == {path.name}


def test_a_file_in_the_place_of_the_folder_is_no_failure(
    folder: StateFolder, tmp_path: Path
) -> None:
    (tmp_path / "states").write_bytes(b"in the way")
    assert folder.load(NAME, KEY) is None
    assert not folder.save(NAME, KEY, TOKENS, 3, STATE)
    folder.forget(NAME)


def test_a_read_only_folder_still_serves(
    folder: StateFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(folder, tmp_path)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    monkeypatch.setattr(os, "utime", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    assert folder.load(NAME, KEY) is not None
    assert not folder.save(NAME, KEY, TOKENS, 3, STATE)
    folder.forget(NAME)
    path = tmp_path / "states" / f"{NAME}.state"
    path.write_bytes(b"damaged")
    assert folder.load(NAME, KEY) is None


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
    small = StateFolder(tmp_path / "states", size)
    assert small.save("new", KEY, TOKENS, 3, STATE)
    assert names(tmp_path / "states") == {
        "notes.txt",
        "Not An Id.state",
        ".hidden",
        "new.state",
    }


@pytest.mark.parametrize(("share", "reserve"), [(100, 5 * GIB), (10, 2 * GIB)])
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
