"""One process fetches a model; another one that wants the same waits for it.

The operating system lets go of the lock when its process ends, however it ends. Who holds it
stands in a file beside it, for those who wait.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from localr1.errors import StorageError
from localr1.files import make_folder

LOCK_ENDING, OWNER_ENDING = ".lock", ".owner"
_LOOK_SECONDS = 0.2


@contextlib.contextmanager
def ownership(
    path: Path, waits_for: Callable[[int], None], stop: threading.Event
) -> Iterator[bool]:
    """Be the only one that fetches the model of this part; waits while another one does.

    Answers whether it is so: not where it was told to stop while it waited.

    Args:
        path: of the part; lock and owner are beside it.
        waits_for: is told the process that is waited for, 0 where it is not known.
        stop: ends the waiting.

    Raises:
        StorageError: lock files cannot be written here.
    """
    make_folder(path.parent)
    lock = FileLock(path.with_name(path.name + LOCK_ENDING), mode=0o600, thread_local=False)
    owner = path.with_name(path.name + OWNER_ENDING)
    if not _acquire(lock, lambda: waits_for(_process(owner)), stop):
        yield False
        return
    try:
        with contextlib.suppress(OSError):
            owner.write_text(f"{os.getpid()}\n")
        yield True
    finally:
        with contextlib.suppress(OSError):
            owner.unlink()
        lock.release()  # its file stays: deleted, those who wait would lock another one


def _acquire(lock: FileLock, waiting: Callable[[], None], stop: threading.Event) -> bool:
    while not stop.is_set():
        try:
            lock.acquire(timeout=0)
        except Timeout:
            waiting()
            stop.wait(_LOOK_SECONDS)
        except (OSError, NotImplementedError) as error:
            raise StorageError(
                f"cannot write in {Path(lock.lock_file).parent}: "
                f"{getattr(error, 'strerror', None) or error}",
                "choose another place with LOCALR1_HOME",
            ) from error
        else:
            return True
    return False


def _process(owner: Path) -> int:
    try:
        return int(owner.read_text()[:20])
    except (OSError, ValueError):
        return 0
