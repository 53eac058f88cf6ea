"""Removing a model from the library: what goes, what stays, how much becomes free."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from localr1.errors import StorageError
from localr1.files import sync_folder
from localr1.models.last_used import forget_use
from localr1.models.library import Library, LibraryModel
from localr1.models.records import record_path
from localr1.terminal_text import clean_line


class Removal(NamedTuple):
    """What removing a model means; nothing has happened yet."""

    model: LibraryModel
    files: tuple[Path, ...]
    """That go: the model's files or the links to them, and their records."""
    freed_bytes: int
    """What the disk gains: nothing for a link, nor for a file that has a second name."""
    stay: tuple[Path, ...]
    """Files elsewhere that links of the library point to."""


def removal_of(model: LibraryModel) -> Removal:
    """What would go if this model were removed."""
    records = [path for path in map(record_path, model.shards) if path.is_file()]
    files = (*model.shards, *records)
    stay = (Path(os.path.realpath(path)) for path in model.shards if path.is_symlink())
    return Removal(
        model=model,
        files=files,
        freed_bytes=sum(map(_freed_bytes, files)),
        stay=tuple(path for path in stay if path.exists()),
    )


def remove(removal: Removal, library: Library) -> None:
    """Remove the files of a removal, and the folders that are empty then.

    Raises:
        StorageError: one cannot be removed; those before it are gone.
    """
    for path in _in_order(removal.files):
        try:
            _unlink(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise StorageError(
                clean_line(f"cannot remove {path}: {error.strerror}"),
                "close what has it open, and see who may write to its folder",
            ) from error
    sync_folder(removal.model.path.parent)
    _remove_empty(removal.model.path.parent, library.folder)
    forget_use(library.folder, removal.model.path)


def _in_order(files: Sequence[Path]) -> list[Path]:
    """Models before records: a model is never without the record that it had."""
    return sorted(files, key=lambda path: path.name.endswith(".json"))


def _freed_bytes(path: Path) -> int:
    try:
        status = path.lstat()
    except OSError:
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) and status.st_nlink == 1 else 0


def _unlink(path: Path) -> None:
    try:
        path.unlink()
    except PermissionError:
        if os.name != "nt" or path.is_symlink():
            raise
        path.chmod(stat.S_IWRITE)  # Windows removes no file that is read-only
        path.unlink()


def _remove_empty(folder: Path, root: Path) -> None:
    while root in folder.parents:
        with contextlib.suppress(OSError):
            folder.rmdir()
        if folder.exists():
            return
        folder = folder.parent
