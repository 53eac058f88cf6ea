"""What is known of a file that is not whole yet: a file of JSON lines beside it.

The first line says which file it will be. Each line after it is a span of bytes that is here,
`[0, 65536]`, or the ETag. Lines are appended, so that a process that is killed at any moment
loses at most the last one; what cannot be understood ends the reading.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from localr1.errors import StorageError
from localr1.files import write_atomically
from localr1.models.hub.segments import Span

STATE_BYTES_AT_MOST = 64 << 20
LINES_BEFORE_REWRITE = 10_000


class PartIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """Which file of the hub it will be."""

    repo: str
    path: str
    size_bytes: int
    sha256: str
    format: int = 1


class KnownPart(NamedTuple):
    """What a state file says."""

    identity: PartIdentity
    etag: str
    done: list[Span]


def read_state(path: Path) -> KnownPart | None:
    """What the file says as far as it can be understood; None where that is nothing."""
    try:
        with path.open("rb") as file:
            first, *lines = file.read(STATE_BYTES_AT_MOST).split(b"\n")
        identity = msgspec.json.decode(first, type=PartIdentity)
    except (OSError, ValueError, msgspec.MsgspecError):
        return None
    if identity.format != 1 or identity.size_bytes < 0:
        return None
    etag, done = "", []
    # what stands behind the last line's end is empty, or was torn
    for line in lines[:-1]:
        told = _line(line)
        if isinstance(told, str):
            etag = told
        elif told is not None:
            done.append(told)
        else:
            break
    return KnownPart(identity, etag, done)


def _line(line: bytes) -> str | Span | None:
    try:
        told: Any = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if isinstance(told, dict) and isinstance(told.get("etag"), str):
        return str(told["etag"])
    if isinstance(told, list) and len(told) == 2 and all(type(each) is int for each in told):
        start, end = told
        return (start, end) if 0 <= start <= end else None
    return None


class StateFile:
    """The open state file of one part.

    Args:
        path: of the state file; it is written anew.
        known: what it says at first.
    """

    def __init__(self, path: Path, known: KnownPart) -> None:
        self._path = path
        self._identity = known.identity
        self._descriptor = -1
        self.rewrite(known.etag, known.done)

    def add(self, start: int, end: int) -> None:
        """Bytes are here."""
        self._append(f"[{start}, {end}]\n")

    def add_etag(self, etag: str) -> None:
        """The server calls the file's present state so."""
        self._append(json.dumps({"etag": etag}) + "\n")

    @property
    def is_long(self) -> bool:
        """Whether it is time to write it anew."""
        return self._lines > LINES_BEFORE_REWRITE

    def rewrite(self, etag: str, done: list[Span]) -> None:
        """Say the same in few lines.

        Raises:
            OSError: the disk does not take it.
        """
        self.close()
        lines = [msgspec.json.encode(self._identity).decode()]
        lines += [json.dumps({"etag": etag})] if etag else []
        lines += [f"[{start}, {end}]" for start, end in done]
        try:
            write_atomically(self._path, "".join(f"{line}\n" for line in lines).encode())
        except StorageError as error:
            raise error.__cause__ if isinstance(error.__cause__, OSError) else error from None
        flags = os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._descriptor = os.open(self._path, flags)
        self._lines = 0

    def close(self) -> None:
        """Close it; what it says stays."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def remove(self) -> None:
        """Close and delete it."""
        self.close()
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()

    def _append(self, line: str) -> None:
        # unbuffered: what was written survives this process
        os.write(self._descriptor, line.encode())
        self._lines += 1
