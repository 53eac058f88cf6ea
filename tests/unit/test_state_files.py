"""A kept state comes back as it was, or not at all; nothing on the disk raises."""

from __future__ import annotations

import ctypes
import os
import stat
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
from tests.kept_states import (
    GIB,
    HEAD_BYTES,
    KEY,
    NAME,
    STATE,
    TOKENS,
    folder,
    names,
    saved,
    with_head,
)

__all__ = ["folder"]

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


@pytest.mark.parametrize(
    ("at", "replacement"),
    [(8, b"\x02"), (36, b"["), (HEAD_BYTES - 16 - 24, b'"computed_xy"')],
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
