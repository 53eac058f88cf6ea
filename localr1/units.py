"""Numbers as people read them: memory in GiB, downloads in GB, durations, counts."""

from __future__ import annotations

_BINARY_STEPS = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))
_DECIMAL_STEPS = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


def memory_size(size_bytes: int) -> str:
    """Memory in binary units: 4684000000 -> "4.4 GiB"."""
    return _scaled(size_bytes, _BINARY_STEPS)


def download_size(size_bytes: int) -> str:
    """File and transfer sizes in decimal units: 4684000000 -> "4.7 GB"."""
    return _scaled(size_bytes, _DECIMAL_STEPS)


def _scaled(size_bytes: int, steps: tuple[tuple[int, str], ...]) -> str:
    factor = steps[-1][0]
    for step_bytes, name in steps:
        # Compared as it would be shown in the next smaller unit: never "1024.0 MiB".
        if round(abs(size_bytes) * factor / step_bytes, 1) >= factor:
            return f"{size_bytes / step_bytes:.1f} {name}"
    return f"{size_bytes} B"


def duration(seconds: float) -> str:
    """A span of time: 0.4 -> "0.4 s", 12.3 -> "12 s", 200 -> "3 min 20 s", 7300 -> "2 h 1 min"."""
    if round(seconds, 1) < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def count(number: int, singular: str, plural: str = "") -> str:
    """A number with its noun: (1, "token") -> "1 token", (1234, "token") -> "1,234 tokens"."""
    noun = singular if number == 1 else plural or f"{singular}s"
    return f"{number:,} {noun}"
