"""A file on disk as something to attach; what cannot be attached is refused in a sentence."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import NamedTuple

from localr1.chat.attached_text import Decoded, decode_text
from localr1.chat.messages import FilePart
from localr1.errors import AttachmentMissing, AttachmentRefused
from localr1.session.pdf_text import is_pdf, pdf_text
from localr1.terminal_text import clean_line
from localr1.units import download_size

TEXT_LIMIT_BYTES = 2_000_000
"""Half a million tokens, several times what any window holds."""

PDF_LIMIT_BYTES = 64_000_000
"""Pictures and fonts make most of a PDF; its text has the limit above."""

_OPENING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
_BINARY = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_PIECE_BYTES = 1 << 20
_HEAD_BYTES = 1024

_KINDS = (
    (stat.S_ISDIR, "is a folder", "attach the files in it"),
    (stat.S_ISFIFO, "is a named pipe, not a file", ""),
    (stat.S_ISSOCK, "is a socket, not a file", ""),
    (stat.S_ISCHR, "is a device, not a file", ""),
    (stat.S_ISBLK, "is a device, not a file", ""),
)


class AttachedFile(NamedTuple):
    """What was read, and what a person should know about it."""

    part: FilePart
    size_bytes: int
    """Of the file; a PDF's text is smaller."""
    remark: str = ""


def read_attachment(path: Path) -> AttachedFile:
    """Read a file as text; may take as long as the disk, and for a PDF half a minute.

    Raises:
        AttachmentMissing: nothing is there.
        AttachmentRefused: it is no text, too large, or cannot be read.
    """
    name = clean_line(path.name or str(path), 120)
    try:
        # Opening a named pipe or a device may wait for ever, or do something
        _check_kind(name, path.stat().st_mode)
        content, changed = _read(path, name)
    except FileNotFoundError:
        raise AttachmentMissing(f"{name} does not exist") from None
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "its name is invalid"
        raise AttachmentRefused(f"{name} cannot be read: {reason}") from error
    decoded = _text(name, content)
    if not decoded.text.strip():
        raise AttachmentRefused(f"{name} is empty")
    remarks = [decoded.remark, "it changed while it was read" if changed else ""]
    part = FilePart(name, decoded.text)
    return AttachedFile(part, len(content), ", ".join(filter(None, remarks)))


def _check_kind(name: str, mode: int) -> None:
    for is_kind, sentence, hint in _KINDS:
        if is_kind(mode):
            raise AttachmentRefused(f"{name} {sentence}", hint)
    if not stat.S_ISREG(mode):
        raise AttachmentRefused(f"{name} is not a file")


def _read(path: Path, name: str) -> tuple[bytes, bool]:
    """The bytes, and whether the file changed meanwhile."""
    with os.fdopen(os.open(path, _OPENING | _BINARY), "rb", buffering=0) as file:
        before = os.fstat(file.fileno())
        # What was a file when it was looked at may be something else by now
        _check_kind(name, before.st_mode)
        head = file.read(_HEAD_BYTES) or b""
        limit = PDF_LIMIT_BYTES if is_pdf(head) else TEXT_LIMIT_BYTES
        # The size first: a sparse file of any size takes no room on the disk
        if before.st_size > limit:
            raise _too_large(name, before.st_size, limit)
        pieces = [head]
        size = len(head)
        while piece := file.read(_PIECE_BYTES):
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                raise _too_large(name, size, limit)
        after = os.fstat(file.fileno())
    times = (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size)
    return b"".join(pieces), times


def _too_large(name: str, size_bytes: int, limit_bytes: int) -> AttachmentRefused:
    size, limit = download_size(size_bytes), download_size(limit_bytes)
    return AttachmentRefused(f"{name} has {size}; at most {limit} can be attached")


def _text(name: str, content: bytes) -> Decoded:
    if is_pdf(content[:_HEAD_BYTES]):
        decoded = pdf_text(name, content)
    else:
        found = decode_text(content)
        if found is None:
            raise AttachmentRefused(f"{name} is no text file")
        decoded = found
    size_bytes = len(decoded.text.encode())
    if size_bytes > TEXT_LIMIT_BYTES * 2:
        raise _too_large(name, size_bytes, TEXT_LIMIT_BYTES)
    return decoded
