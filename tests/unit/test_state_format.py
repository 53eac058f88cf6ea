"""Whatever is wrong with a file is found before native code or memory has to do with it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from localr1.engine import state_format
from localr1.engine.state_files import StateFolder
from tests.kept_states import (
    HEAD_BYTES,
    KEY,
    NAME,
    TOKENS,
    folder,
    saved,
    with_head,
)

__all__ = ["folder"]


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


def whole_file(key: bytes, state_bytes: int) -> bytes:
    """A file without tokens whose lengths and checksums are right."""
    fixed = b"LR1STATE" + b"".join(
        number.to_bytes(4, "little") for number in (1, len(key), 0, 0, state_bytes, 0)
    )
    head = state_format.checksum(key, state_format.checksum(fixed)).to_bytes(4, "little")
    state = bytes(state_bytes)
    table = state_format.checksum(state).to_bytes(4, "little") if state else b""
    return fixed + head + key + state + table + state_format.checksum(table).to_bytes(4, "little")


def test_a_file_that_is_right_but_senseless_is_removed(folder: StateFolder, tmp_path: Path) -> None:
    path = saved(folder, tmp_path)
    key = msgspec.json.encode(KEY)
    path.write_bytes(whole_file(key, 5))
    assert folder.load(NAME, KEY) is not None, "the file is made as it should be"
    for senseless in (whole_file(key, 0), whole_file(key + b" " * (64 << 10), 5)):
        path.write_bytes(senseless)
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
