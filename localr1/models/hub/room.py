"""Whether a disk has room for what is to come, and what its refusals mean."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

from localr1.errors import StorageError
from localr1.units import download_size

SPARE_BYTES = 16 << 20
"""Left free: a disk without a byte left is in the way of everything else."""


class DiskFull(StorageError):
    """There is no room for the rest; what is here is kept."""


def check_room(folder: Path, left_bytes: int, kept_bytes: int = 0) -> None:
    """Return only where the disk has room for what is to come.

    Args:
        folder: on the disk; it may be missing.
        left_bytes: to come.
        kept_bytes: here already; named in the message.

    Raises:
        DiskFull: there is too little.
    """
    place = _existing(folder)
    try:
        free_bytes = shutil.disk_usage(place).free
    except OSError:
        return  # no answer is no reason to refuse; a write will tell
    needed_bytes = left_bytes + SPARE_BYTES if left_bytes else 0
    if needed_bytes > free_bytes:
        raise _full(place, left_bytes, free_bytes, kept_bytes)


def as_storage_error(error: OSError, path: Path, left_bytes: int) -> StorageError:
    """What the system said about a file, as a sentence with what to do.

    Args:
        error: of writing.
        path: that was written.
        left_bytes: of the file to come.
    """
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        try:
            free_bytes = shutil.disk_usage(_existing(path.parent)).free
        except OSError:
            free_bytes = 0
        return _full(_existing(path.parent), left_bytes, free_bytes, 1)
    if error.errno == errno.EFBIG:
        return StorageError(
            f"the file system of {path.parent} does not take a file this large",
            "choose another disk with LOCALR1_HOME",
        )
    return StorageError(
        f"cannot write {path}: {error.strerror}", "choose another place with LOCALR1_HOME"
    )


def _full(place: Path, left_bytes: int, free_bytes: int, kept_bytes: int) -> DiskFull:
    missing = max(left_bytes + SPARE_BYTES - free_bytes, SPARE_BYTES)
    kept = ", what is here is kept" if kept_bytes else ""
    return DiskFull(
        f"the disk has too little room: {download_size(left_bytes)} are to come and "
        f"{download_size(free_bytes)} are free at {place}{kept}",
        f"free {download_size(missing)} and run the same command again, "
        "or choose another disk with LOCALR1_HOME",
    )


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next((each for each in (folder, *folder.parents) if each.exists()), Path("/"))
