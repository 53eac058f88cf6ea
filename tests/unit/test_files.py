"""A written file is the old one or the new one, never half of one."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from localr1.errors import ExitCode, StorageError
from localr1.files import make_folder, sync_folder, write_atomically


def test_a_new_file_is_private_and_its_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "folder" / "file.bin"
    write_atomically(path, b"\x00content")
    assert path.read_bytes() == b"\x00content"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [each.name for each in path.parent.iterdir()] == ["file.bin"]


def test_an_old_file_is_replaced_not_rewritten(tmp_path: Path) -> None:
    path, name = tmp_path / "file", tmp_path / "other name"
    path.write_bytes(b"old and longer")
    os.link(path, name)
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert name.read_bytes() == b"old and longer"


@pytest.mark.parametrize(("owner", "step"), [(os, "fsync"), (Path, "replace")])
@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    owner: object,
    step: str,
    failure: BaseException,
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise failure

    with monkeypatch.context() as broken:
        broken.setattr(owner, step, fail)
        with pytest.raises((StorageError, KeyboardInterrupt)) as raised:
            write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
    if isinstance(failure, KeyboardInterrupt):
        assert raised.value is failure
    else:
        assert str(raised.value) == f"cannot write {path}: No space left on device"


def test_a_folder_in_the_place_of_the_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(StorageError, match="cannot write") as raised:
        write_atomically(tmp_path / "taken", b"new")
    assert raised.value.exit_code is ExitCode.STORAGE
    assert [each.name for each in tmp_path.iterdir()] == ["taken"]


def test_a_file_in_the_place_of_the_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file", tmp_path / "file" / "deep"):
        with pytest.raises(StorageError, match="cannot create the folder") as raised:
            make_folder(folder)
        assert raised.value.hint


def test_a_folder_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert make_folder(tmp_path) == tmp_path
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_a_folder_that_cannot_be_synced_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []

    def refuse(descriptor: int) -> None:
        synced.append(descriptor)
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(os, "fsync", refuse)
    sync_folder(tmp_path)
    assert len(synced) == 1
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(synced[0])
