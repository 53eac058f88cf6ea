"""A model is the same wherever it lies, and another one when its content is."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from localr1.engine.model_identity import model_identity

SIZE_BYTES = 9 << 20
"""Some of it behind the header that is taken whole."""
PAGE = 4096


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    path.write_bytes(bytes(SIZE_BYTES))
    return path


def write_at(path: Path, position: int, *, same_time: bool) -> None:
    status = path.stat()
    with path.open("r+b") as file:
        file.seek(position)
        file.write(b"x")
    if same_time:
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_a_moved_model_is_the_same(model: Path, tmp_path: Path) -> None:
    identity = model_identity(model)
    moved = tmp_path / "elsewhere" / "other.gguf"
    moved.parent.mkdir()
    model.replace(moved)
    assert model_identity(moved) == identity
    assert len(identity) == 64


def append(path: Path) -> None:
    status = path.stat()
    with path.open("ab") as file:
        file.write(b"\0")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize(
    "change",
    [
        append,
        lambda path: write_at(path, 100, same_time=True),
        lambda path: write_at(path, SIZE_BYTES - 1, same_time=True),
        lambda path: write_at(path, (SIZE_BYTES - PAGE) * 63 // 64, same_time=True),
        # Between two samples: only the time tells.
        lambda path: os.utime(path, ns=(0, path.stat().st_mtime_ns + 1_000_000)),
    ],
    ids=["size", "header", "end", "sample", "time"],
)
def test_another_content_is_another_model(model: Path, change: Callable[[Path], None]) -> None:
    identity = model_identity(model)
    change(model)
    assert model_identity(model) != identity


@pytest.mark.parametrize("size_bytes", [0, 1, PAGE - 1, PAGE + 1])
def test_a_small_file_has_an_identity(tmp_path: Path, size_bytes: int) -> None:
    path = tmp_path / "small"
    path.write_bytes(bytes(size_bytes))
    assert model_identity(path) == model_identity(path)


def test_every_part_counts(tmp_path: Path) -> None:
    parts = [tmp_path / f"model-{number:05d}-of-00003.gguf" for number in (1, 2, 3)]
    for part in parts:
        part.write_bytes(bytes(SIZE_BYTES))
    seen = {model_identity(parts[0])}
    for part in parts:
        write_at(part, SIZE_BYTES - 1, same_time=True)
        seen.add(model_identity(parts[0]))
    assert len(seen) == 4
    parts[2].unlink()
    with pytest.raises(FileNotFoundError):
        model_identity(parts[0])


def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    for path in (tmp_path / "none.gguf", tmp_path):
        with pytest.raises(OSError, match=str(tmp_path)):
            model_identity(path)
