"""Room on the file systems that localr1 writes to."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NamedTuple

from localr1.hardware.finding import Finding
from localr1.hardware.machine import Disk
from localr1.terminal_text import clean_line


class Place(NamedTuple):
    """A folder's file system."""

    device: int
    disk: Disk


def read_place(folder: Path) -> Finding[Place | None]:
    """The file system of a folder, or of the one above it that is there already.

    Raises:
        OSError: it cannot be asked.
    """
    there = next(path for path in (folder, *folder.parents) if path.exists())
    room = shutil.disk_usage(there)
    path = clean_line(os.fspath(folder))
    disk = Disk(path=path, free_bytes=room.free, total_bytes=room.total)
    return Finding(Place(there.stat().st_dev, disk))


def each_once(places: list[Place | None]) -> tuple[Disk, ...]:
    """The disks, each named by the first folder that is on it."""
    seen: dict[int, Disk] = {}
    for place in places:
        if place is not None:
            seen.setdefault(place.device, place.disk)
    return tuple(seen.values())
