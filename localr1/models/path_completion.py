"""Completes the path of a model file while it is typed."""

from __future__ import annotations

import os
from pathlib import Path

ENTRIES_AT_MOST = 5_000
"""Names looked at in one folder."""


def completed_path(text: str) -> str | None:
    """The text with the first folder or GGUF file that it may mean; None without one.

    A folder ends with a separator, so that the next name follows. Blocks as long as the disk.
    """
    folder_text, name = os.path.split(text)
    try:
        folder = Path(folder_text or ".").expanduser()
        candidates = _names(folder, name)
    except (OSError, RuntimeError, ValueError):
        return None
    if not candidates:
        return None
    return text[: len(text) - len(name)] + min(candidates, key=lambda each: (len(each), each))


def _names(folder: Path, start: str) -> list[str]:
    found = []
    with os.scandir(folder) as entries:
        for number, entry in enumerate(entries):
            if number >= ENTRIES_AT_MOST:
                break
            if not entry.name.startswith(start) or (entry.name.startswith(".") and not start):
                continue
            if entry.is_dir():
                found.append(entry.name + os.sep)
            elif entry.name.lower().endswith(".gguf"):
                found.append(entry.name)
    return found
