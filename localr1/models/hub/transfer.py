"""The bytes of one file, by several connections: each takes a segment, and another one after it.

The first connection begins alone: what it gets shows whether this is a model, and whether the
server gives parts of a file at all.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

from localr1.errors import Localr1Error, ModelRefused, NetworkError
from localr1.gguf_header.part_file import other_content
from localr1.models.hub.asked import Options
from localr1.models.hub.faults import GO_ON, Interruption
from localr1.models.hub.meter import Meter
from localr1.models.hub.part import Part
from localr1.models.hub.pauses import Gate, Pauses
from localr1.models.hub.room import check_room
from localr1.models.hub.source import Body, Source
from localr1.models.segments import Segment
from localr1.units import duration

MAGIC = b"GGUF"
BEGINNING_BYTES = 512
"""Of what is no model, to see what else it is."""
BYTES_A_CONNECTION = 8 << 20
"""A file smaller than that gets one connection only."""
_LOOK_SECONDS = 1.0
_SYNC_SECONDS = 10.0
"""Of download that a power cut may cost."""
_PARTING_SECONDS = 0.2


class _Retired(Exception):
    """This connection has ended, others go on."""


class Transfer:
    """Fetches what is missing of a part.

    Args:
        part: that is written.
        source: of its bytes.
        meter: is told what connections do.
        stop: ends it; what is here is kept.
        options: how many connections, and how often each is tried.
    """

    def __init__(
        self,
        part: Part,
        source: Source,
        meter: Meter,
        stop: threading.Event,
        options: Options,
    ) -> None:
        self._part = part
        self._source = source
        self._meter = meter
        self._stop = stop
        self._connections = max(1, min(options.connections, part.left_bytes // BYTES_A_CONNECTION))
        self._tries = options.tries
        self._gate = Gate()
        self._ending = threading.Event()
        self._begun = threading.Event()
        self._lock = threading.Lock()
        self._running = 0
        self._looked = self._synced = time.monotonic()
        self._failure: Exception | None = None

    def run(self) -> None:
        """Return when all bytes are here, or when told to stop.

        Raises:
            FileChanged: the server has another file now.
            Localr1Error: it failed; what is here is kept.
        """
        threads = [self._start()]
        self._until(lambda: self._begun.is_set() or self._running == 0)
        if self._begun.is_set() and not self._over():
            threads += [self._start() for _ in range(self._connections - 1)]
        self._until(lambda: self._running == 0 or self._ending.is_set())
        while not self._part.is_whole and not self._over():
            threads.append(self._start())  # what the last one to retire left behind
            self._until(lambda: self._running == 0 or self._ending.is_set())
        for thread in threads:  # one that waits for a silent server is left to itself
            thread.join(_PARTING_SECONDS)
        if self._failure is not None:
            raise self._failure

    def _start(self) -> threading.Thread:
        with self._lock:
            self._running += 1
        thread = threading.Thread(target=self._connection, name="connection", daemon=True)
        thread.start()
        return thread

    def _until(self, happened: Callable[[], bool]) -> None:
        """Wait, and look after the disk meanwhile."""
        while not happened() and not self._stop.is_set():
            self._stop.wait(0.02)
            if time.monotonic() - self._looked >= _LOOK_SECONDS and not self._over():
                self._look_after_disk()

    def _look_after_disk(self) -> None:
        part, self._looked = self._part, time.monotonic()
        try:
            check_room(part.path.parent, part.left_bytes, part.done_bytes)
            if self._looked - self._synced >= _SYNC_SECONDS:
                part.sync()
                self._synced = time.monotonic()
        except Localr1Error as error:
            self._fail(error)

    def _over(self) -> bool:
        return self._stop.is_set() or self._ending.is_set()

    def _fail(self, error: Exception) -> None:
        with self._lock:
            self._failure = self._failure or error
        self._ending.set()

    def _connection(self) -> None:
        try:
            while not self._over() and (segment := self._part.take(self._connections)):
                try:
                    self._fetch(segment)
                finally:
                    self._part.give_back(segment)
        except _Retired:
            return  # who retires is counted already
        except Exception as error:  # of any kind: the main thread tells it
            self._fail(error)
        finally:
            self._meter.ended(threading.get_ident())
        with self._lock:
            self._running -= 1

    def _fetch(self, segment: Segment) -> None:
        pauses = Pauses(self._tries)
        while segment.position < segment.end and not self._over():
            before = segment.position
            try:
                self._gate.wait(self._stop)
                self._receive(segment)
            except Interruption as interruption:
                if segment.position > before:
                    pauses.reset()
                self._pause(pauses, interruption)

    def _pause(self, pauses: Pauses, interruption: Interruption) -> None:
        seconds = pauses.next(interruption.retry_after_seconds)
        if seconds is None:
            self._retire_where_others_go_on()
            share = self._part.done_bytes / max(1, self._part.identity.size_bytes)
            raise NetworkError(f"{interruption.reason}; {share:.0%} are here", GO_ON)
        note = f"{interruption.reason}, trying again in {duration(seconds)}"
        self._meter.pausing(threading.get_ident(), note)
        if interruption.retry_after_seconds is not None:
            self._gate.close(seconds)
            self._gate.wait(self._stop)
        else:
            self._stop.wait(seconds)

    def _retire_where_others_go_on(self) -> None:
        """A server that serves the others may want fewer connections."""
        with self._lock:
            if self._running > 1:
                self._running -= 1
                raise _Retired

    def _receive(self, segment: Segment) -> None:
        """One request: bytes until the segment is here, or until no more come."""
        if self._over():
            return
        with self._source.open(segment.position, segment.end, self._part.etag) as body:
            if body.etag:
                self._part.learn_etag(body.etag)
            if body.is_whole_file:
                segment.end = self._part.identity.size_bytes
            for piece in self._pieces(segment, body):
                self._meter.working(threading.get_ident())
                self._part.write(segment, piece[: segment.end - segment.position])
                if not body.is_whole_file:
                    self._begun.set()
                if segment.position >= segment.end or self._over():
                    return
        raise Interruption("the connection was lost")

    def _pieces(self, segment: Segment, body: Body) -> Iterator[bytes]:
        """The bytes from the segment's position on; at the file's beginning checked."""
        pieces = _behind(body.pieces, segment.position - body.start)
        if segment.position == 0:
            start = b""
            for piece in pieces:
                start += piece
                if len(start) >= len(MAGIC):
                    break
            if start[: len(MAGIC)] != MAGIC[: len(start)]:
                raise _no_model(start, pieces)
            yield start
        yield from pieces


def _behind(pieces: Iterator[bytes], skipped: int) -> Iterator[bytes]:
    """The bytes behind so many."""
    for piece in pieces:
        if skipped < len(piece):
            yield piece[skipped:]
        skipped = max(0, skipped - len(piece))


def _no_model(start: bytes, pieces: Iterator[bytes]) -> ModelRefused:
    for piece in pieces:
        if len(start) >= BEGINNING_BYTES:
            break
        start += piece
    found = other_content(start)
    return ModelRefused(f"what the server sent {found.sentence}", "try another repository")
