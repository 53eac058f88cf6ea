"""A file that is being fetched: its bytes, which of them are here, and the state that survives.

Bytes are written where they belong as they come, by several connections at once. The state file
is told at most 64 KiB later; so whatever happens, no more than that is fetched a second time.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from localr1.errors import StorageError
from localr1.files import make_folder
from localr1.models.hub.room import as_storage_error
from localr1.models.part_state import (
    STATE_ENDING,
    KnownPart,
    PartIdentity,
    StateFile,
    boot_name,
    read_state,
)
from localr1.models.segments import Segment, Segments

RECORDED_EVERY_BYTES = 64 << 10


class Part:
    """One file on its way, for one process; safe for threads.

    Args:
        path: of the bytes; the state is beside it.
        identity: which file it will be; what is here of another one is thrown away.

    Raises:
        StorageError: the folder or the files cannot be written.
    """

    def __init__(self, path: Path, identity: PartIdentity) -> None:
        self.path = path
        self.identity = identity
        self._lock = threading.Lock()
        self._descriptor = -1
        make_folder(path.parent)
        known = read_state(state_path(path), boot_name())
        self.was_of_another = known is not None and known.identity != identity
        if known is None or known.identity != identity:
            known = KnownPart(identity)
        try:
            self._open(known)
        except OSError as error:
            raise as_storage_error(error, path, self.left_bytes) from error

    def _open(self, known: KnownPart) -> None:
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
        self._segments = Segments(self.identity.size_bytes)
        self._descriptor = os.open(self.path, flags, 0o666)
        # it may have become shorter than its state says; and what it has of another file goes
        here = os.fstat(self._descriptor).st_size
        here = min(here, max((end for _, end in known.done), default=0))
        os.ftruncate(self._descriptor, min(here, self.identity.size_bytes))
        done = [(start, min(end, here)) for start, end in known.done]
        self._segments = Segments(self.identity.size_bytes, done)
        self._synced = tuple((start, min(end, here)) for start, end in known.synced)
        self.etag = known.etag
        self._state = StateFile(state_path(self.path), self._known())

    def _known(self) -> KnownPart:
        return KnownPart(self.identity, self.etag, tuple(self._segments.done), self._synced)

    @property
    def done_bytes(self) -> int:
        """How much is here."""
        with self._lock:
            return self._segments.done_bytes

    @property
    def left_bytes(self) -> int:
        """How much is to come."""
        return self.identity.size_bytes - self.done_bytes

    @property
    def prefix_bytes(self) -> int:
        """How much is here from the beginning without a gap."""
        with self._lock:
            return self._segments.prefix_bytes

    @property
    def is_whole(self) -> bool:
        """Whether all is here; not yet whether it is right."""
        with self._lock:
            return self._segments.is_whole

    def take(self, connections: int) -> Segment | None:
        """A segment that nobody fetches yet; None when there is none."""
        with self._lock:
            return self._segments.take(connections)

    def give_back(self, segment: Segment) -> None:
        """Nobody fetches the rest of this segment any more."""
        self.record(segment)
        with self._lock:
            self._segments.give_back(segment)

    def write(self, segment: Segment, piece: bytes) -> None:
        """The next bytes of a segment.

        Raises:
            StorageError: the disk does not take them.
        """
        try:
            _write_at(self._descriptor, piece, segment.position)
        except OSError as error:
            raise as_storage_error(error, self.path, self.left_bytes) from error
        with self._lock:
            self._segments.add(segment.position, segment.position + len(piece))
            segment.position += len(piece)
            is_due = segment.position - segment.recorded >= RECORDED_EVERY_BYTES
        if is_due or segment.position >= segment.end:
            self.record(segment)

    def record(self, segment: Segment) -> None:
        """Write down how far a segment is.

        Raises:
            StorageError: the disk does not take it.
        """
        with self._lock:
            self._record(segment)

    def _record(self, segment: Segment) -> None:
        if segment.position == segment.recorded:
            return
        try:
            self._state.add(segment.recorded, segment.position)
            segment.recorded = segment.position
            if self._state.is_long:
                self._state.rewrite(self._known())
        except OSError as error:
            raise self._storage_error(error) from error

    def learn_etag(self, etag: str) -> None:
        """The server calls the file's present state so.

        Raises:
            StorageError: the disk does not take it.
        """
        with self._lock:
            if etag == self.etag:
                return
            self.etag = etag
            try:
                self._state.add_etag(etag)
            except OSError as error:
                raise self._storage_error(error) from error

    def _storage_error(self, error: OSError) -> StorageError:
        left_bytes = self.identity.size_bytes - self._segments.done_bytes
        return as_storage_error(error, self.path, left_bytes)

    def sync(self) -> None:
        """Bring what is here to the disk, so that a power cut does not take it away.

        Raises:
            StorageError: the disk does not take it.
        """
        with self._lock:
            done = tuple(self._segments.done)
        if done == self._synced:
            return
        try:
            os.fsync(self._descriptor)  # without the lock: it takes its time
            with self._lock:
                self._synced = done
                self._state.add_synced(done)
        except OSError as error:
            raise as_storage_error(error, self.path, self.left_bytes) from error

    def seal(self) -> None:
        """All is here and right: bring it to the disk, and close it.

        Raises:
            StorageError: the disk does not take it.
        """
        try:
            os.ftruncate(self._descriptor, self.identity.size_bytes)
            os.fsync(self._descriptor)
        except OSError as error:
            raise as_storage_error(error, self.path, 0) from error
        self.close()

    def close(self) -> None:
        """Close the files; what is here is kept."""
        with self._lock:
            if self._descriptor < 0:
                return
            for segment in self._segments.taken:  # of those who wait for a silent server
                with contextlib.suppress(StorageError):
                    self._record(segment)
            self._state.close()
            # first of all: another file may soon have this number
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)

    def discard(self) -> None:
        """Throw all of it away."""
        self.close()
        remove_part(self.path)


def state_path(path: Path) -> Path:
    """Where the state of a part is."""
    return path.with_name(path.name + STATE_ENDING)


def remove_part(path: Path) -> None:
    """Delete what there is of a part."""
    for each in (path, state_path(path)):
        with contextlib.suppress(OSError):
            each.unlink()


if sys.platform == "win32":
    _SEEKING = threading.Lock()

    def _write_at(descriptor: int, piece: bytes, position: int) -> None:
        with _SEEKING:
            os.lseek(descriptor, position, os.SEEK_SET)
            _write_all(lambda rest, _: os.write(descriptor, rest), piece, position)
else:

    def _write_at(descriptor: int, piece: bytes, position: int) -> None:
        _write_all(lambda rest, at: os.pwrite(descriptor, rest, at), piece, position)


def _write_all(write: Callable[[memoryview, int], int], piece: bytes, position: int) -> None:
    """All of it: a disk that is nearly full takes a part, and refuses the next one."""
    rest = memoryview(piece)
    while rest:
        written = write(rest, position)
        rest, position = rest[written:], position + written
