"""Making a file of the library where nobody looks: a folder for one import at a time."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from localr1.errors import StorageError
from localr1.files import make_folder
from localr1.models.checksum import Advance, pieces_of
from localr1.terminal_text import clean_line

_FOLDER = ".imports"
"""Hidden: never listed. On the same file system as the library, so that renames are atomic."""

_LOCK = "lock"


@contextlib.contextmanager
def alone(folder: Path, waiting: Callable[[], None]) -> Iterator[Path]:
    """A hidden folder that no other import uses meanwhile; it is cleared before and after.

    Args:
        folder: the models folder.
        waiting: is called when another import must end first.

    Raises:
        StorageError: it cannot be made or locked.
    """
    from filelock import FileLock, Timeout

    staging = make_folder(folder / _FOLDER)
    lock = FileLock(staging / _LOCK, mode=0o600)
    try:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            waiting()
            lock.acquire()
    except (OSError, NotImplementedError) as error:
        reason = error.strerror if isinstance(error, OSError) else "this disk has no locks"
        raise StorageError(
            clean_line(f"cannot write in {staging}: {reason}"),
            "see who may write there, or choose another place with LOCALR1_HOME",
        ) from error
    try:
        _clear(staging)
        yield staging
    finally:
        _clear(staging)
        lock.release()


def _clear(staging: Path) -> None:
    for path in staging.iterdir():
        if path.name != _LOCK:
            with contextlib.suppress(OSError):
                path.unlink()


def copy_file(source: Path, target: Path, advance: Advance) -> str:
    """Copy a file and answer its SHA-256.

    Raises:
        StorageError: it cannot be read, or the copy not written.
    """
    digest = hashlib.sha256()
    try:
        with target.open("xb", buffering=0) as file:
            for piece in pieces_of(source):
                digest.update(piece)
                view = memoryview(piece)
                while view:
                    view = view[file.write(view) :]
                advance(len(piece))
            os.fsync(file.fileno())
    except OSError as error:
        raise StorageError(
            clean_line(f"cannot copy to {target.parent}: {error.strerror}"),
            "leave the file where it is with --link, or make room",
        ) from error
    return digest.hexdigest()


def link_to(source: Path, target: Path) -> None:
    """Make a link to a file.

    Raises:
        StorageError: this system or file system does not let us.
    """
    try:
        target.symlink_to(os.path.realpath(source))
    except OSError as error:
        raise StorageError(
            clean_line(f"cannot make a link in {target.parent}: {error.strerror}"),
            "import a copy, without --link",
        ) from error


def protect(path: Path) -> None:
    """Nothing should write into a model: an engine that has it mapped would answer nonsense."""
    with contextlib.suppress(OSError):
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~0o222)


def remove_all(paths: Sequence[Path]) -> None:
    """Remove what was copied and is not wanted twice.

    Raises:
        StorageError: one cannot be removed.
    """
    for path in paths:
        try:
            path.unlink()
        except OSError as error:
            raise StorageError(
                clean_line(f"it was copied, but {path} cannot be removed: {error.strerror}"),
                "remove it yourself",
            ) from error
