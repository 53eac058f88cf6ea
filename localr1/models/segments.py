"""Which bytes of a file are here, which are on their way, and which are to be asked for next."""

from __future__ import annotations

import bisect
from collections.abc import Iterable

LARGEST_BYTES = 64 << 20
"""Asked for at once: a request costs a round trip, so not much smaller."""
SMALLEST_BYTES = 4 << 20
"""At the end of a file segments become smaller, so that all connections end together."""

Span = tuple[int, int]
"""Where it begins, and where it ends; the end is no part of it."""


class Segment:
    """Bytes that one connection fetches, from the first to the last."""

    def __init__(self, start: int, end: int) -> None:
        self.position = start
        """Of the next byte that is to come."""
        self.recorded = start
        """Up to where the state on the disk knows of it."""
        self.end = end


class Segments:
    """The bytes of one file; not safe for threads by itself.

    Args:
        size_bytes: of the file.
        done: what is here already, in whatever order; spans may overlap or lie outside.
    """

    def __init__(self, size_bytes: int, done: Iterable[Span] = ()) -> None:
        self._size_bytes = size_bytes
        self._done: list[Span] = []
        self._taken: list[Segment] = []
        for start, end in done:
            self.add(max(0, start), min(end, size_bytes))

    @property
    def done(self) -> list[Span]:
        """What is here: in order, with gaps between them."""
        return list(self._done)

    @property
    def taken(self) -> list[Segment]:
        """What is on its way."""
        return list(self._taken)

    @property
    def done_bytes(self) -> int:
        """How much is here."""
        return sum(end - start for start, end in self._done)

    @property
    def prefix_bytes(self) -> int:
        """How much is here from the beginning of the file without a gap."""
        return self._done[0][1] if self._done and self._done[0][0] == 0 else 0

    @property
    def is_whole(self) -> bool:
        """Whether all is here."""
        return self.prefix_bytes == self._size_bytes

    def add(self, start: int, end: int) -> None:
        """These bytes are here now."""
        if start >= end:
            return
        first = bisect.bisect_left(self._done, start, key=lambda span: span[1])
        last = bisect.bisect_right(self._done, end, key=lambda span: span[0])
        touching = self._done[first:last]
        if touching:
            start, end = min(start, touching[0][0]), max(end, touching[-1][1])
        self._done[first:last] = [(start, end)]

    def take(self, connections: int) -> Segment | None:
        """The next segment that nobody fetches yet; None when there is none.

        Args:
            connections: among which the rest is shared out.
        """
        free = self._free()
        if not free:
            return None
        start, end = free[0]
        left = sum(end - start for start, end in free)
        share = max(SMALLEST_BYTES, min(LARGEST_BYTES, left // (2 * max(1, connections))))
        # no crumb is left behind for a request of its own
        end = end if end - start < share + SMALLEST_BYTES else start + share
        segment = Segment(start, end)
        self._taken.append(segment)
        return segment

    def give_back(self, segment: Segment) -> None:
        """Nobody fetches the rest of this segment any more."""
        self._taken.remove(segment)

    def _free(self) -> list[Span]:
        busy = [(each.position, each.end) for each in self._taken]
        free, position = [], 0
        for start, end in sorted([*self._done, *busy]):
            if start > position:
                free.append((position, start))
            position = max(position, end)
        if position < self._size_bytes:
            free.append((position, self._size_bytes))
        return free
