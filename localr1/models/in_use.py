"""Which model files are loaded now, in this window or another: one lock file each.

The operating system lets go of a lock when its process ends, however it ends.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from localr1.errors import StorageError
from localr1.files import make_folder

if TYPE_CHECKING:
    from filelock import BaseFileLock

_FOLDER = "models"


class InUse:
    """Marks the model that this process has loaded.

    Args:
        locks_folder: of localr1.
    """

    def __init__(self, locks_folder: Path) -> None:
        self._folder = locks_folder / _FOLDER
        self._lock: BaseFileLock | None = None

    def mark(self, model: Path) -> None:
        """This process has loaded this model, and no other; blocks as long as the disk does.

        What goes wrong is not told: the mark is only a courtesy to other windows.
        """
        from filelock import FileLock, Timeout

        self.release()
        path = self._folder / f"{_name(model)}-{os.getpid()}-{id(self):x}.lock"
        with contextlib.suppress(StorageError, OSError, Timeout, NotImplementedError):
            make_folder(self._folder)
            lock = FileLock(path, mode=0o600, thread_local=False)
            lock.acquire(timeout=0)
            self._lock = lock

    def release(self) -> None:
        """This process has no model loaded any more."""
        lock, self._lock = self._lock, None
        if lock is not None:
            with contextlib.suppress(OSError):
                lock.release()
                Path(lock.lock_file).unlink(missing_ok=True)


def is_loaded(locks_folder: Path, model: Path) -> bool:
    """Whether some window has this model loaded, this one included.

    Marks of processes that are gone are removed.
    """
    from filelock import FileLock, Timeout

    found = False
    for path in sorted((locks_folder / _FOLDER).glob(f"{_name(model)}-*.lock")):
        try:
            with FileLock(path, mode=0o600, timeout=0):
                path.unlink(missing_ok=True)
        except Timeout:
            found = True
        except (OSError, NotImplementedError):
            continue
    return found


def _name(model: Path) -> str:
    """Of the file itself, whatever links lead to it."""
    whole = os.path.realpath(model)
    import hashlib  # it loads OpenSSL

    return hashlib.sha256(os.fsencode(whole)).hexdigest()[:32]
