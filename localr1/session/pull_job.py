"""One model that is being fetched: `localr1 pull` in a process of its own.

The network is that process's business alone; here its lines are read and it is told to stop.
It ends with the chat: told to, or else because nobody reads its lines any more.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Sequence

from localr1.engine.worker_command import worker_command, worker_environment
from localr1.session.pull_events import (
    Fetched,
    NotFetched,
    Outcome,
    Planned,
    Progress,
    Stopped,
    pull_event,
)
from localr1.terminal_text import clean_line

STOP_GRACE_SECONDS = 5.0
"""After an interrupt: its last bytes go to the disk."""

END_GRACE_SECONDS = 2.0
"""After it was told to end, or said its last word."""

LINE_LIMIT_BYTES = 1 << 20
_LAST_WORDS_BYTES = 4096

_OWN_ERROR = "localr1: "
"""Begins the line in which the command line says what is wrong before it fetches anything."""

KEPT = "what was fetched is kept; fetch it again to go on"

PullCommand = Callable[[str], Sequence[str]]
"""The command line that fetches a reference."""


def pull_command(reference: str) -> list[str]:
    """The program itself, which fetches and tells of it in JSON lines."""
    return worker_command("pull", "--json", "--", reference)


class PullJob:
    """Fetches one reference, once.

    Args:
        reference: as `localr1 pull` takes it.
        command: makes the command line of the child.
    """

    def __init__(self, reference: str, command: PullCommand = pull_command) -> None:
        self.reference = reference
        self._command = command
        self._process: Process | None = None
        self._is_stopping = False
        self._last_words = b""
        self.planned: Planned | None = None
        """What is fetched; None until that is known."""
        self.progress: Progress | None = None
        """The newest one."""
        self.outcome: Outcome | None = None
        """How it ended; None while it has not."""

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self.outcome is None

    @property
    def is_stopping(self) -> bool:
        """Whether it was told to stop and has not ended yet."""
        return self._is_stopping and self.is_running

    @property
    def share(self) -> float:
        """Of the bytes that are here, between 0 and 1."""
        done, total = 0, 0
        if self.progress is not None:
            done, total = self.progress.done_bytes, self.progress.total_bytes
        elif self.planned is not None:
            done, total = self.planned.have_bytes, self.planned.total_bytes
        return min(1.0, max(0.0, done / total)) if total > 0 else 0.0

    async def run(self, changed: Callable[[], None]) -> Outcome:
        """Fetch it; whatever goes wrong is in the outcome.

        Args:
            changed: is called when there is something new to show, also at the end.
        """
        outcome: Outcome = Stopped()  # where the chat ends meanwhile
        try:
            outcome = await self._fetch(changed)
        finally:
            self.outcome = outcome
            changed()
        return outcome

    async def stop(self) -> None:
        """Stop it and return when its process has ended; what was fetched is kept."""
        self._is_stopping = True
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            if sys.platform == "win32":
                process.terminate()
            else:
                process.send_signal(signal.SIGINT)
        await _end(process, STOP_GRACE_SECONDS)

    async def _fetch(self, changed: Callable[[], None]) -> Outcome:
        if self._is_stopping:
            return Stopped()
        try:
            process = await self._start()
        except OSError as error:
            return NotFetched(f"the download cannot be started: {clean_line(str(error))}")
        listening = asyncio.create_task(self._listen(process))
        try:
            if self._is_stopping:  # told so while the process was being made
                await self.stop()
            last = await self._follow(process, changed)
            await _end(process, END_GRACE_SECONDS)
            await asyncio.wait([listening], timeout=END_GRACE_SECONDS)
            return self._ended(process, last)
        finally:
            listening.cancel()
            if process.returncode is None:
                process.kill()

    async def _start(self) -> Process:
        self._process = process = await asyncio.create_subprocess_exec(
            *self._command(self.reference),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            env=worker_environment(),
            limit=LINE_LIMIT_BYTES,
        )
        return process

    async def _follow(
        self, process: Process, changed: Callable[[], None]
    ) -> Fetched | NotFetched | None:
        """Its last word; None where it closed its output without one."""
        assert process.stdout is not None
        async for line in _lines(process.stdout):
            event = pull_event(line)
            if isinstance(event, (Fetched, NotFetched)):
                return event
            if isinstance(event, Planned):
                self.planned = event
            elif isinstance(event, Progress):
                self.progress = event
            if event is not None:
                changed()
        return None

    async def _listen(self, process: Process) -> None:
        """Keep the end of what it complains about."""
        assert process.stderr is not None
        while words := await process.stderr.read(_LAST_WORDS_BYTES):
            self._last_words = (self._last_words + words)[-_LAST_WORDS_BYTES:]

    def _ended(self, process: Process, last: Fetched | NotFetched | None) -> Outcome:
        if isinstance(last, Fetched):
            return last
        if self._is_stopping:
            return Stopped()
        return last or self._died(process.returncode or 0)

    def _died(self, code: int) -> NotFetched:
        """Why it is gone, where it did not say so in its lines."""
        if code < 0:
            return NotFetched(f"the download was ended by {_signal_name(-code)}", KEPT)
        said = self._last_words.decode(errors="replace").strip().splitlines()
        last = clean_line(said[-1], 500) if said else ""
        if last.startswith(_OWN_ERROR):
            message, _, hint = last.removeprefix(_OWN_ERROR).partition("; ")
            return NotFetched(message, hint, code)
        reason = f": {last}" if last else ""
        return NotFetched(f"the download ended unexpectedly (exit code {code}){reason}", KEPT)


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Its lines; of one that is too long, pieces, which are nothing that anybody understands."""
    while True:
        try:
            yield await stream.readuntil(b"\n")
        except asyncio.IncompleteReadError as error:
            if error.partial:
                yield error.partial
            return
        except asyncio.LimitOverrunError as error:
            await stream.readexactly(max(1, error.consumed))


async def _end(process: Process, grace_seconds: float) -> None:
    """Return when the process has ended: by itself, told to, or killed."""
    for tell in (process.terminate, process.kill):
        try:
            await asyncio.wait_for(process.wait(), grace_seconds)
            return
        except asyncio.TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                tell()
            grace_seconds = END_GRACE_SECONDS
    await process.wait()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
