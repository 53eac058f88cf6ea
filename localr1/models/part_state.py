"""What is known of a file that is not whole yet: a file of JSON lines beside it.

The first line says which file it will be. Each line after it is a span of bytes that is here,
`[0, 65536]`, the ETag, or the spans that were brought to the disk. Lines are appended, so that a
process that is killed at any moment loses at most the last one; what cannot be understood ends
the reading. After a power cut, which takes away what the system had not yet written, only those
spans count that were brought to the disk.
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
from localr1.models.segments import Span

PARTS_FOLDER = ".parts"
"""In the models folder: what is not whole yet; no model is looked for there."""

STATE_ENDING = ".state"

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

STATE_BYTES_AT_MOST = 64 << 20
LINES_BEFORE_REWRITE = 10_000


class PartIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """Which file of the hub it will be."""

    repo: str
    path: str
    size_bytes: int
    sha256: str


class KnownPart(NamedTuple):
    """What a state file says."""

    identity: PartIdentity
    etag: str = ""
    done: tuple[Span, ...] = ()
    synced: tuple[Span, ...] = ()
    """Of them, what a power cut does not take away."""


class _Header(PartIdentity, frozen=True, kw_only=True):
    format: int = 1
    boot: str = ""
    """Which start of the computer it was written in."""


def read_state(path: Path, boot: str = "") -> KnownPart | None:
    """What the file says as far as it can be understood; None where that is nothing.

    Args:
        path: of the state file.
        boot: the present start of the computer; in another one only what was synced is here.
    """
    try:
        with path.open("rb") as file:
            first, *lines = file.read(STATE_BYTES_AT_MOST).split(b"\n")
        header = msgspec.json.decode(first, type=_Header)
    except (OSError, ValueError, RecursionError, msgspec.MsgspecError):
        return None
    if header.format != 1 or header.size_bytes < 0:
        return None
    etag, done, synced = "", list[Span](), tuple[Span, ...]()
    # what stands behind the last line's end is empty, or was torn
    for line in lines[:-1]:
        told = _line(line)
        if isinstance(told, str):
            etag = told
        elif isinstance(told, list):
            synced = tuple(told)
        elif told is not None:
            done.append(told)
        else:
            break
    identity = PartIdentity(
        repo=header.repo, path=header.path, size_bytes=header.size_bytes, sha256=header.sha256
    )
    is_later = boot and header.boot and header.boot != boot
    return KnownPart(identity, etag, synced if is_later else (*synced, *done), synced)


def _line(line: bytes) -> str | Span | list[Span] | None:
    try:
        told: Any = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if isinstance(told, list):
        return _span(told)
    if not isinstance(told, dict):
        return None
    if isinstance(told.get("etag"), str):
        return str(told["etag"])
    if isinstance(told.get("synced"), list):
        return [span for each in told["synced"] if (span := _span(each))]
    return None


def _span(told: Any) -> Span | None:
    if isinstance(told, list) and len(told) == 2 and all(type(each) is int for each in told):
        start, end = told
        return (start, end) if 0 <= start <= end else None
    return None


def boot_name() -> str:
    """What tells this start of the computer from others; two at worst have the same name."""
    try:
        return _BOOT_ID.read_text().strip()
    except (OSError, ValueError):
        import psutil

        # whole minutes: it is computed from a clock that is set now and then
        return str(round(psutil.boot_time() / 60))


class StateFile:
    """The open state file of one part.

    Args:
        path: of the state file; it is written anew.
        known: what it says at first.
    """

    def __init__(self, path: Path, known: KnownPart) -> None:
        self._path = path
        self._header = _Header(**msgspec.structs.asdict(known.identity), boot=boot_name())
        self._descriptor = -1
        self.rewrite(known)

    def add(self, start: int, end: int) -> None:
        """Bytes are here."""
        self._append([start, end])

    def add_etag(self, etag: str) -> None:
        """The server calls the file's present state so."""
        self._append({"etag": etag})

    def add_synced(self, spans: tuple[Span, ...]) -> None:
        """A power cut does not take these away."""
        self._append({"synced": spans})

    @property
    def is_long(self) -> bool:
        """Whether it is time to write it anew."""
        return self._lines > LINES_BEFORE_REWRITE

    def rewrite(self, known: KnownPart) -> None:
        """Say the same in few lines.

        Raises:
            OSError: the disk does not take it.
        """
        self.close()
        lines: list[Any] = [msgspec.to_builtins(self._header)]
        lines += [{"etag": known.etag}] if known.etag else []
        lines += [{"synced": known.synced}, *known.done]
        try:
            write_atomically(self._path, b"".join(map(_written, lines)))
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

    def _append(self, told: Any) -> None:
        # unbuffered: what was written survives this process
        os.write(self._descriptor, _written(told))
        self._lines += 1


def _written(told: Any) -> bytes:
    return json.dumps(told).encode() + b"\n"
