"""A file that was dropped on the terminal: it arrives as a paste of its path."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

from localr1.tui.composing.threads import beside

_LONGEST = 4096
_PATIENCE_SECONDS = 0.5
_BEGINNINGS = ("/", "~/", "./", "../", "file://", "'", '"', "\\\\")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_ESCAPED = re.compile(r"\\(.)")


def dropped_path(pasted: str) -> Path | None:
    """The path that this paste is, quoted, escaped or as a file: address; None for other text.

    Whether a file is there is for somebody else to see.
    """
    text = pasted.strip()
    if len(text) > _LONGEST or "\n" in text or "\x00" in text:
        return None
    if not (text.startswith(_BEGINNINGS) or _DRIVE.match(text)):
        return None
    if text.startswith("file://"):
        host, _, rest = text.removeprefix("file://").partition("/")
        return Path(_unquoted(f"/{rest}")) if host in ("", "localhost") else None
    if text[0] in "'\"":
        if len(text) < 3 or text[-1] != text[0]:
            return None
        text = text[1:-1].replace("'\\''", "'")
    elif not _DRIVE.match(text) and not text.startswith("\\\\"):
        text = _ESCAPED.sub(r"\1", text)
    try:
        path = Path(text).expanduser()
    except RuntimeError:
        return None
    return path if path.is_absolute() or text.startswith(".") else None


def _unquoted(text: str) -> str:
    """With the bytes that percent signs stand for; names need not be UTF-8."""
    coded = _PERCENT.sub(lambda match: bytes([int(match[1], 16)]), text.encode(errors="replace"))
    return os.fsdecode(coded.replace(b"\0", b""))


async def dropped_file(pasted: str) -> Path | None:
    """The file whose path this paste is; None where there is none, or the disk does not say."""
    path = dropped_path(pasted)
    if path is None:
        return None
    try:
        is_file = await asyncio.wait_for(beside(path.is_file), _PATIENCE_SECONDS)
    except (asyncio.TimeoutError, OSError, ValueError):
        return None
    return path if is_file else None
