"""A kept state to try things on: its key, its content, and a folder on a roomy disk."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from localr1.engine import state_format
from localr1.engine.state_files import StateFolder, StateKey

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
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StateFolder:
    """An empty folder, on a disk with room whatever the real one has left."""
    set_free(monkeypatch, 100 * GIB)
    return StateFolder(tmp_path / "states", GIB)


def set_free(monkeypatch: pytest.MonkeyPatch, free_bytes: int) -> None:
    usage = shutil._ntuple_diskusage(100 * GIB, 100 * GIB - free_bytes, free_bytes)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)


def saved(folder: StateFolder, tmp_path: Path) -> Path:
    assert folder.save(NAME, KEY, TOKENS, 3, STATE)
    return tmp_path / "states" / f"{NAME}.state"


def names(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


def with_head(content: bytes, at: int, replacement: bytes) -> bytes:
    """The file with other bytes in its head, and the checksum that they should have."""
    changed = content[:at] + replacement + content[at + len(replacement) :]
    fixed, body = changed[:32], changed[36:HEAD_BYTES]
    crc = state_format.checksum(body, state_format.checksum(fixed))
    return fixed + crc.to_bytes(4, "little") + changed[36:]
