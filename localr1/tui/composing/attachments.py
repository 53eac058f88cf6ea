"""The files that go with the question being written: read, counted, shown, taken."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from localr1.chat.attachments import estimated_tokens
from localr1.chat.messages import FilePart
from localr1.errors import EngineError, Localr1Error
from localr1.tui.composing.threads import beside
from localr1.units import count, download_size

if TYPE_CHECKING:
    from localr1.session.attached_file import AttachedFile

FILES_AT_MOST = 20

Counter = Callable[[str, Sequence[FilePart]], Awaitable[int | None]]
"""Tokens of a text with files; None where no model is there to count them now."""


class Room(NamedTuple):
    """Of the context window, in tokens."""

    n_ctx: int
    used: int


@dataclass(eq=False)
class Attachment:
    """One file."""

    name: str
    path: Path | None = None
    """None for a file of a question that is asked again."""
    part: FilePart | None = None
    """None while it is being read."""
    size_bytes: int = 0
    tokens: int = 0
    is_counted: bool = False
    """By the model; else it is about so many."""
    remark: str = ""

    @property
    def facts(self) -> str:
        """For its chip: "4.1 kB, 1,204 tokens"."""
        if self.part is None:
            return "being read"
        about = "" if self.is_counted else "~"
        facts = [download_size(self.size_bytes), f"{about}{count(self.tokens, 'token')}"]
        return ", ".join([*facts, self.remark] if self.remark else facts)


class Attachments:
    """Reads and counts in the background.

    Args:
        changed: called when there is something else to show.
        say: for what cannot be attached.
    """

    def __init__(self, changed: Callable[[], None], say: Callable[[str], None]) -> None:
        self._changed = changed
        self._say = say
        self._reading: set[asyncio.Task[None]] = set()
        self._counts: set[asyncio.Task[None]] = set()
        self._counting = asyncio.Lock()
        self.items: list[Attachment] = []
        self.counter: Counter | None = None
        """Set by whoever has a model."""

    # ---- what there is ---------------------------------------------------------------------

    @property
    def parts(self) -> tuple[FilePart, ...]:
        """What has been read."""
        return tuple(each.part for each in self.items if each.part is not None)

    @property
    def is_reading(self) -> bool:
        """Is one of them still being read?"""
        return any(each.part is None for each in self.items)

    @property
    def tokens(self) -> int:
        """Of all of them, as far as it is known."""
        return sum(each.tokens for each in self.items)

    @property
    def is_counted(self) -> bool:
        """Was every one of them counted?"""
        return all(each.is_counted for each in self.items)

    # ---- changes ---------------------------------------------------------------------------

    def attach(self, path: Path) -> None:
        """Read this file; what cannot be read is said."""
        # Not `absolute`: a current folder that was deleted is no reason to fail
        with contextlib.suppress(OSError):
            path = path.absolute()
        if any(each.path == path for each in self.items):
            self._say(f"{path.name} is attached already.")
        elif len(self.items) >= FILES_AT_MOST:
            self._say(f"At most {FILES_AT_MOST} files go with a question.")
        else:
            item = Attachment(path.name, path)
            self.items.append(item)
            _spawn(self._read(item, path), self._reading)
            self._changed()

    def add(self, files: Sequence[FilePart]) -> None:
        """Attach what was read before."""
        for part in files:
            item = Attachment(part.name, part=part, size_bytes=len(part.text.encode()))
            item.tokens = estimated_tokens("", [part])
            self.items.append(item)
        if files:
            self.count_again()
            self._changed()

    def put(self, items: Sequence[Attachment]) -> None:
        """These and no others."""
        self.items = list(items)
        self.count_again()
        self._changed()

    def remove(self, item: Attachment) -> None:
        """Not this one after all."""
        if item in self.items:
            self.items.remove(item)
            self._changed()

    def clear(self) -> None:
        """None of them."""
        self.put(())

    def count_again(self) -> None:
        """The model may be free now: count what was only estimated."""
        if not all(each.is_counted for each in self.items):
            _spawn(self._count(), self._counts)

    async def wait(self, seconds: float) -> None:
        """Return when all is read, or after this time."""
        if self._reading:
            await asyncio.wait(self._reading, timeout=seconds)

    # ---- in the background -----------------------------------------------------------------

    async def _read(self, item: Attachment, path: Path) -> None:
        def read_file() -> AttachedFile:
            from localr1.session.attached_file import read_attachment  # most questions have no file

            return read_attachment(path)

        try:
            read = await beside(read_file)
        except Localr1Error as error:
            hint = f"; {error.hint}" if error.hint else ""
            self._say(f"{error.message}{hint}.")
            self.remove(item)
            return
        item.name, item.part = read.part.name, read.part
        item.size_bytes, item.remark = read.size_bytes, read.remark
        item.tokens = estimated_tokens("", [read.part])
        self._changed()
        self.count_again()

    async def _count(self) -> None:
        async with self._counting:
            for item in [each for each in self.items if each.part and not each.is_counted]:
                tokens = await self._tokens_of(item)
                if tokens is None:
                    return
                item.tokens, item.is_counted = tokens, True
                self._changed()

    async def _tokens_of(self, item: Attachment) -> int | None:
        if self.counter is None or item.part is None:
            return None
        try:
            return await self.counter("", [item.part])
        except EngineError:
            return None


def _spawn(work: Coroutine[None, None, None], tasks: set[asyncio.Task[None]]) -> None:
    """Start it; the loop itself keeps no hold of its tasks."""
    task = asyncio.create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)


def fit_warning(tokens: int, room: Room | None, *, is_exact: bool) -> str:
    """That files and pastes do not fit into the window; nothing where they do."""
    if room is None or tokens + room.used <= room.n_ctx:
        return ""
    needed = f"Too long: {'' if is_exact else '~'}{tokens:,}"
    if tokens > room.n_ctx:
        return f"{needed} of {room.n_ctx:,} tokens"
    return f"{needed} of {max(0, room.n_ctx - room.used):,} free"
