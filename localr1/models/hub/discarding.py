"""Giving downloads up: what was fetched of a model that is not whole is deleted."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

from localr1.errors import StorageError
from localr1.models.hub.owner import LOCK_ENDING, OWNER_ENDING, ownership
from localr1.models.hub.part import remove_part
from localr1.models.library import first_file
from localr1.models.part_state import PARTS_FOLDER
from localr1.models.quant_names import quant_of_file
from localr1.models.unfinished import parts_in


def discard_parts(folder: Path, repos: tuple[str, ...], quant: str | None, path: str | None) -> int:
    """Delete the parts of a model; answers how many bytes became free.

    Args:
        folder: localr1's models folder.
        repos: of the hub, in any of which it may be.
        quant: None means any.
        path: of its file; None means any.

    Raises:
        StorageError: another process fetches it now.
    """
    freed_bytes = 0
    for part, known in parts_in(folder):
        identity = known.identity
        is_meant = (
            identity.repo in repos
            and quant in (None, quant_of_file(Path(identity.path).name))
            and (path is None or first_file(path) == first_file(identity.path))
        )
        if is_meant:
            freed_bytes += _discard(part)
    return freed_bytes


def _discard(part: Path) -> int:
    def is_fetched(process: int) -> None:
        who = f"process {process}" if process else "another process"
        raise StorageError(f"{part.name} is being fetched by {who}", "stop that first")

    # a model in several files has the lock of its first one
    first = part.with_name(first_file(part.name))
    with ownership(first, is_fetched, threading.Event()):
        size_bytes = _taken_bytes(part)
        remove_part(part)
    for ending in (LOCK_ENDING, OWNER_ENDING):
        with contextlib.suppress(OSError):
            first.with_name(first.name + ending).unlink()
    _remove_empty(part.parent)
    return size_bytes


def _taken_bytes(part: Path) -> int:
    """What a part takes of the disk: its holes take no room; Windows does not count blocks."""
    try:
        status = part.stat()
    except OSError:
        return 0
    return int(getattr(status, "st_blocks", status.st_size / 512) * 512)


def _remove_empty(folder: Path) -> None:
    """This folder and those above it, up to that of all parts, as far as they are empty."""
    with contextlib.suppress(OSError):
        while folder.name != PARTS_FOLDER:
            folder.rmdir()
            folder = folder.parent
