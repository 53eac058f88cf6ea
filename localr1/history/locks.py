"""Who may write: one lock file for each conversation, and one for the shape of the database.

The operating system lets go of a lock when its process ends, however it ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from localr1.errors import StorageError
from localr1.files import make_folder

if TYPE_CHECKING:
    from filelock import BaseFileLock


class LocksUnusable(StorageError):
    """Lock files cannot be written here; so nothing can, but what is there can be read."""


_SHAPE_LOCK = "history.lock"
_SHAPE_TIMEOUT_SECONDS = 15.0


class Locks:
    """The locks under one folder, and which of them this process holds."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, BaseFileLock] = {}

    def take(self, conversation_id: str) -> bool:
        """Become the conversation's writer; False when someone else is.

        Raises:
            LocksUnusable: lock files cannot be written here.
            StorageError: the history is being repaired, and it takes long.
        """
        with self.reshaping():  # a repair that has begun must not miss this writer
            lock = _try(self._path(conversation_id))
        if lock is None:
            return False
        self._held[conversation_id] = lock
        return True

    def holds(self, conversation_id: str) -> bool:
        """Is this process the conversation's writer?"""
        return conversation_id in self._held

    def release(self, conversation_id: str) -> None:
        """Stop being the conversation's writer."""
        lock = self._held.pop(conversation_id, None)
        if lock is not None:
            lock.release()

    def release_all(self) -> None:
        """Stop being the writer of any conversation."""
        for conversation_id in list(self._held):
            self.release(conversation_id)

    def others_write(self) -> bool:
        """Does anyone else hold the lock of some conversation now?"""
        own = {self._path(conversation_id) for conversation_id in self._held}
        for path in self._folder.glob("*.lock"):
            if path in own or path.name == _SHAPE_LOCK:
                continue
            lock = _try(path)
            if lock is None:
                return True
            lock.release()
        return False

    @contextmanager
    def reshaping(self) -> Iterator[None]:
        """While the database is created, migrated or repaired: nobody else opens it.

        Raises:
            LocksUnusable: lock files cannot be written here.
            StorageError: another process is at it for long.
        """
        lock = _try(self._folder / _SHAPE_LOCK, _SHAPE_TIMEOUT_SECONDS)
        if lock is None:
            raise StorageError(
                "another localr1 is still preparing the history", "try again in a moment"
            )
        try:
            yield
        finally:
            lock.release()

    def _path(self, conversation_id: str) -> Path:
        # an id out of a damaged history may hold anything
        name = re.sub(r"[^0-9A-Za-z_-]", lambda match: f"%{ord(match[0]):x}", conversation_id)
        return self._folder / f"{name}.lock"


def _try(path: Path, timeout_seconds: float = 0) -> BaseFileLock | None:
    # a tenth of what our own modules take at a start, and not needed for the first paint
    from filelock import FileLock, Timeout

    try:
        make_folder(path.parent)
    except StorageError as error:
        raise LocksUnusable(error.message, error.hint) from error
    lock = FileLock(path, mode=0o600, thread_local=False)
    try:
        lock.acquire(timeout=timeout_seconds)
    except Timeout:
        return None
    except OSError as error:
        raise _unusable(path.parent, error) from error
    return lock


def _unusable(folder: Path, error: OSError) -> LocksUnusable:
    return LocksUnusable(
        f"cannot write lock files in {folder}: {error.strerror}",
        "choose another place with LOCALR1_HOME",
    )
