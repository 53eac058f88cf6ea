"""Linux control groups: the folders whose files limit this process, and the CPU quota in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from localr1.hardware.system_files import number, read_number, read_text

_MOUNTS_LIMIT_BYTES = 4 << 20


class Groups(NamedTuple):
    """The control groups that this process is in, for one controller."""

    version: int
    """1 or 2: the files have other names."""
    folders: tuple[Path, ...]
    """From the process's own group up to the root that can be seen."""


def control_groups(controller: str, root: Path = Path("/")) -> Groups:
    """The groups of a controller ("memory", "cpu"); without folders where there are none.

    A controller belongs to version 1 or 2, never to both (man 7 cgroups).
    """
    groups = _own_groups(root)
    version, name = (1, controller) if controller in groups else (2, "")
    for mount in _mounts(root):
        if mount.version == version and (version == 2 or controller in mount.controllers):
            return Groups(version, tuple(_upwards(mount, groups.get(name, "/"), root)))
    return Groups(version, ())


class _Mount(NamedTuple):
    version: int
    controllers: tuple[str, ...]
    top: str
    """The group that is mounted; "/" unless only a part of the tree is shown."""
    point: str


def _own_groups(root: Path) -> dict[str, str]:
    """/proc/self/cgroup: the group's path by controller; version 2 has the empty name."""
    groups: dict[str, str] = {}
    for line in (read_text(root / "proc/self/cgroup") or "").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        groups.update(dict.fromkeys(controllers.split(","), path))
    return groups


def _mounts(root: Path) -> Iterator[_Mount]:
    """The control group file systems in /proc/self/mountinfo (man 5 proc_pid_mountinfo)."""
    text = read_text(root / "proc/self/mountinfo", _MOUNTS_LIMIT_BYTES) or ""
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        place, kind = before.split(" "), after.split(" ")
        if len(place) >= 5 and kind[0] in ("cgroup", "cgroup2"):
            version = 2 if kind[0] == "cgroup2" else 1
            controllers = tuple(kind[-1].split(","))
            yield _Mount(version, controllers, _unescaped(place[3]), _unescaped(place[4]))


def _unescaped(text: str) -> str:
    r"""mountinfo writes white space and backslashes in octal: "\040"."""
    return re.sub(r"\\([0-3][0-7]{2})", lambda match: chr(int(match[1], 8)), text)


def _upwards(mount: _Mount, group: str, root: Path) -> Iterator[Path]:
    point = root / mount.point.lstrip("/")
    path = PurePosixPath(group)
    # A group outside of what is mounted (a container without a namespace of its own) can be seen
    # through the mount's top only.
    inside = ".." not in path.parts and path.is_relative_to(mount.top)
    below = path.relative_to(mount.top) if inside else PurePosixPath()
    for step in (below, *below.parents):
        yield point / step


def cpu_quota(root: Path = Path("/")) -> float | None:
    """CPU seconds a second that the process may use; None without a limit.

    cpu.max ("QUOTA PERIOD" or "max PERIOD") in version 2, cpu.cfs_quota_us (-1: none) and
    cpu.cfs_period_us in version 1; the strictest group counts.
    """
    version, folders = control_groups("cpu", root)
    read = _quota_1 if version == 1 else _quota_2
    return min((quota for folder in folders if (quota := read(folder))), default=None)


def _quota_1(folder: Path) -> float | None:
    quota = read_number(folder / "cpu.cfs_quota_us")
    period = read_number(folder / "cpu.cfs_period_us")
    return quota / period if quota and period else None


def _quota_2(folder: Path) -> float | None:
    quota, _, period = (read_text(folder / "cpu.max") or "").partition(" ")
    allowed, span = number(quota), number(period)
    return allowed / span if allowed and span else None
