"""Writing files so that a reader, or a power cut, finds the old or the new one, never half."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from localr1.errors import StorageError


def make_folder(folder: Path) -> Path:
    """The folder, created private to the user where it is missing.

    Raises:
        StorageError: it cannot be created.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StorageError(
            f"cannot create the folder {folder}: {error.strerror}",
            "choose another place with LOCALR1_HOME",
        ) from error
    return folder


def write_atomically(path: Path, content: bytes) -> None:
    """Replace `path` by `content`: temporary file, fsync, rename, fsync of the folder.

    Raises:
        StorageError: the disk is full, read-only or not permitted; `path` is unchanged.
    """
    import tempfile  # most commands write nothing

    make_folder(path.parent)
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
            raise
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror}") from error
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename inside `folder` durable, where the system can.

    Windows opens no folders, some network and FUSE file systems sync none, and one that may be
    written but not read cannot be opened: there the rename stands, and the system writes it
    down in its own time.
    """
    if os.name == "nt":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
