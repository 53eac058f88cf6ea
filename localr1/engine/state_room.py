"""Room for kept states: within a budget, never the last of the disk, no leftovers."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

ENDING: Final = ".state"
PART_ENDING: Final = ".part"
_NAME: Final = re.compile(r"[a-z0-9-]{1,64}")
_PART: Final = re.compile(r"\.[a-z0-9-]{1,64}\.(?P<process>\d{1,9})\.\w+\.part")
_OLD_PART_SECONDS: Final = 3600
"""A save takes seconds; a part this old belongs to nobody, though its process id lives on."""
_FREE_SHARE: Final = 0.05
_LEAST_FREE_BYTES: Final = 2 << 30
_MOST_FREE_BYTES: Final = 10 << 30
"""A save leaves a twentieth of the disk free, within these bounds: below, other programs begin to
fail and file systems become slow; above, nobody needs it more than a conversation."""


class _StateFile(NamedTuple):
    path: Path
    size_bytes: int
    used_ns: int
    """Modification time, which a load renews."""


def is_name(name: str) -> bool:
    """Whether this can be the id of a conversation, and so the name of a file."""
    return bool(_NAME.fullmatch(name))


def part_prefix(path: Path) -> str:
    """How the file begins under which this process writes `path`."""
    return f".{path.stem}.{os.getpid()}."


def make_room(path: Path, size_bytes: int, budget_bytes: int) -> bool:
    """Remove the oldest other states until `path` may have this size; False if it may not.

    As the disk fills up the budget shrinks, so that states make room for other things. An earlier
    file at `path` stays until it is replaced.

    Raises:
        OSError: the folder cannot be read.
    """
    others = [each for each in _state_files(path.parent) if each.path != path]
    held_bytes = sum(each.size_bytes for each in others)
    limit_bytes = min(budget_bytes, held_bytes + _spare_bytes(path.parent))
    if size_bytes > limit_bytes:
        return False
    for each in sorted(others, key=lambda file: file.used_ns):
        if held_bytes + size_bytes <= limit_bytes:
            break
        # Another process may have removed it, or be reading it, which Windows does not allow.
        with contextlib.suppress(OSError):
            each.path.unlink(missing_ok=True)
            held_bytes -= each.size_bytes
    return held_bytes + size_bytes <= limit_bytes


def remove_left_parts(folder: Path) -> None:
    """Remove what saves left behind that were killed; parts of others that run stay.

    Raises:
        OSError: the folder cannot be read.
    """
    for path, status in _regular_files(folder):
        match = _PART.fullmatch(path.name)
        if match and _is_left(int(match["process"]), status.st_mtime):
            with contextlib.suppress(OSError):
                path.unlink()


def _spare_bytes(folder: Path) -> int:
    """What may still be written to the disk; negative where too little is free already."""
    disk = shutil.disk_usage(folder)
    wanted_bytes = int(disk.total * _FREE_SHARE)
    return disk.free - min(max(wanted_bytes, _LEAST_FREE_BYTES), _MOST_FREE_BYTES)


def _state_files(folder: Path) -> Iterator[_StateFile]:
    for path, status in _regular_files(folder):
        if path.suffix == ENDING and is_name(path.stem):
            yield _StateFile(path, status.st_size, status.st_mtime_ns)


def _is_left(process: int, modified: float) -> bool:
    # This process saves one state at a time, so a part with its id is of an earlier process.
    if process == os.getpid() or time.time() - modified > _OLD_PART_SECONDS:
        return True
    import psutil  # 25 ms to import, and there is seldom a part

    return not psutil.pid_exists(process)


def _regular_files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(status.st_mode):
                    yield Path(entry.path), status
