"""Main memory, and what a container or a shell leaves of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from localr1.hardware.control_groups import control_groups
from localr1.hardware.finding import Finding
from localr1.hardware.machine import Memory
from localr1.hardware.system_files import is_there, number, read_number, read_text


class Limit(NamedTuple):
    """A limit on this process's memory."""

    limit_bytes: int
    left_bytes: int
    source: str


class _Names(NamedTuple):
    """What a version of control groups calls its files."""

    limits: tuple[str, ...]
    used: str
    reclaimable: tuple[str, ...]


_NAMES = {
    # Above memory.high a process is not refused memory, but slowed down until it is of no use.
    2: _Names(
        ("memory.max", "memory.high"),
        "memory.current",
        ("active_file", "inactive_file", "slab_reclaimable"),
    ),
    1: _Names(
        ("memory.limit_in_bytes",),
        "memory.usage_in_bytes",
        ("total_active_file", "total_inactive_file"),
    ),
}


def read_memory(root: Path = Path("/")) -> Finding[Memory]:
    """Main memory of this computer; `root` is the folder that stands for / on Linux."""
    total, available = _system_memory()
    groups = group_limits(root)
    return Finding(bound(total, available, (*groups.value, *address_limits())), groups.unread)


def bound(total_bytes: int, available_bytes: int, limits: Iterable[Limit]) -> Memory:
    """Memory under the limit that leaves the least.

    A limit that can never be met does not count: "none" is a huge number in version 1.
    """
    binding = [
        limit
        for limit in limits
        if limit.limit_bytes < total_bytes or limit.left_bytes < available_bytes
    ]
    if not binding:
        return Memory(total_bytes=total_bytes, available_bytes=available_bytes)
    strictest = min(binding, key=lambda limit: limit.left_bytes)
    return Memory(
        total_bytes=total_bytes,
        available_bytes=max(0, min(available_bytes, strictest.left_bytes)),
        limit_bytes=strictest.limit_bytes,
        limit_source=strictest.source,
    )


def group_limits(root: Path) -> Finding[tuple[Limit, ...]]:
    """The limits of all control groups this process is in, its own and those above."""
    version, folders = control_groups("memory", root)
    limits: list[Limit] = []
    unread: list[str] = []
    for folder in folders:
        for name in _NAMES[version].limits:
            text = read_text(folder / name)
            limit_bytes = number(text)
            if limit_bytes is not None:
                left = limit_bytes - _used_bytes(folder, _NAMES[version])
                limits.append(Limit(limit_bytes, left, f"{name} of a control group"))
            elif text != "max" and is_there(folder / name):
                unread.append(f"the memory limit in {folder / name} could not be read")
    return Finding(tuple(limits), tuple(unread))


def _used_bytes(folder: Path, names: _Names) -> int:
    """What the group cannot give back. Cached file pages can be dropped, as in MemAvailable.

    A model that was run before is such a cache, and mapped file pages of it are often active.
    """
    lines = (read_text(folder / "memory.stat") or "").splitlines()
    told = {name: number(value) or 0 for name, _, value in (line.partition(" ") for line in lines)}
    cached = sum(told.get(name, 0) for name in names.reclaimable)
    return max(0, (read_number(folder / names.used) or 0) - cached)


def address_limits() -> tuple[Limit, ...]:
    """`ulimit -v`, where the system enforces it; a child process inherits it."""
    if sys.platform != "linux":
        return ()
    import resource

    import psutil

    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    if soft == resource.RLIM_INFINITY:
        return ()
    left = soft - psutil.Process().memory_info().vms
    return (Limit(soft, left, "RLIMIT_AS (ulimit -v)"),)


def _system_memory() -> tuple[int, int]:
    """Total and available bytes; the C library still knows them where /proc is missing."""
    import psutil

    try:
        memory = psutil.virtual_memory()
    except (OSError, RuntimeError):
        if sys.platform == "win32":
            raise
        page = os.sysconf("SC_PAGE_SIZE")
        return page * os.sysconf("SC_PHYS_PAGES"), page * os.sysconf("SC_AVPHYS_PAGES")
    return memory.total, memory.available
