"""Small files in which Linux tells about the machine."""

from __future__ import annotations

import re
from pathlib import Path

_LIMIT_BYTES = 1 << 16
_MOST_CPUS = 1 << 16


def read_text(path: Path, limit_bytes: int = _LIMIT_BYTES) -> str | None:
    """The file's beginning without white space around it; None where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(limit_bytes).decode(errors="replace").strip()
    except OSError:
        return None


def is_there(path: Path) -> bool:
    """Whether there is such a file, readable or not."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def read_number(path: Path) -> int | None:
    """The decimal number that the file consists of; None where there is none."""
    return number(read_text(path))


def number(text: str | None) -> int | None:
    """A decimal number of at most 20 digits, such as the kernel writes."""
    return int(text) if text is not None and re.fullmatch(r"[0-9]{1,20}", text) else None


def cpu_list(text: str | None) -> frozenset[int]:
    """CPU numbers in the kernel's list format: "0-3,8" -> {0, 1, 2, 3, 8}; garbage is left out."""
    cpus: set[int] = set()
    for part in (text or "").split(","):
        first, _, last = part.strip().partition("-")
        start, end = number(first), number(last or first)
        if start is not None and end is not None and start <= end < _MOST_CPUS:
            cpus.update(range(start, end + 1))
    return frozenset(cpus)
