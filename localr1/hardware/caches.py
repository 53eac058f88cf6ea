"""The processor's largest caches, as far as the system tells."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from localr1.hardware.system_files import read_text

UNKNOWN_CACHE_BYTES = 128 << 20
"""Where the system does not tell: more than the processors of nearly all such computers have."""

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20}


def last_level_cache_bytes(root: Path = Path("/")) -> int:
    """All caches of the highest level together; `root` is the folder that stands for /."""
    if sys.platform != "linux":
        return UNKNOWN_CACHE_BYTES
    caches: dict[tuple[int, str], int] = {}
    for folder in root.glob("sys/devices/system/cpu/cpu[0-9]*/cache/index[0-9]*"):
        level, size = read_text(folder / "level"), read_text(folder / "size")
        if level and level.isdecimal() and size:
            # one cache is listed for each CPU that shares it
            sharers = read_text(folder / "shared_cpu_list") or folder.parent.parent.name
            caches[int(level), sharers] = _size_bytes(size)
    last = max((level for level, _ in caches), default=0)
    total = sum(size for (level, _), size in caches.items() if level == last)
    return total or UNKNOWN_CACHE_BYTES


def _size_bytes(text: str) -> int:
    """The kernel writes "32768K"."""
    match = re.fullmatch(r"([0-9]{1,12})([KM]?)", text)
    return int(match[1]) * _UNITS[match[2]] if match else 0
