"""The parent's side of the worker: starts it, asks, listens, and notices when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import BinaryIO, Literal

import msgspec

from localr1.engine.process_limits import KILLED
from localr1.engine.protocol import (
    BenchResult,
    Cancel,
    Command,
    DeviceList,
    Devices,
    Done,
    EndReasoning,
    Event,
    Failed,
    Prefilled,
    Ready,
    Shutdown,
    StateLoaded,
    StateSaved,
    TokenCount,
    decode_event,
    encode,
)
from localr1.engine.worker_command import worker_command, worker_environment
from localr1.errors import EngineError, EngineStopped, StorageError
from localr1.files import make_folder

BackendName = Literal["llama", "scripted"]

LINE_LIMIT_BYTES = 64 << 20
CANCEL_GRACE_SECONDS = 5.0
"""A worker that has not stopped by then is killed: nothing native is safe to wait for."""

SHUTDOWN_GRACE_SECONDS = 0.5
KEPT_LOGS = 10

_LAST_EVENTS = (
    Ready,
    Done,
    Failed,
    Prefilled,
    StateSaved,
    StateLoaded,
    DeviceList,
    TokenCount,
    BenchResult,
)
RESTART_HINT = "nothing that was said is lost; the next message starts the engine again"


class EngineClient:
    """One worker process.

    Args:
        logs: folder for what the worker's native code prints.
        backend: what the worker runs.
    """

    def __init__(self, logs: Path, backend: BackendName = "llama") -> None:
        self._logs = logs
        self._backend = backend
        self._process: Process | None = None
        self._ids = itertools.count(1)
        self._running_id: int | None = None
        self._command_ended = asyncio.Event()
        self._turn = asyncio.Lock()
        self._killed_for: str | None = None
        self.log_path = Path(os.devnull)
        """What native code prints goes here; nowhere where the folder cannot be used."""

    @property
    def pid(self) -> int | None:
        """The worker's process id while it runs."""
        return self._process.pid if self.is_alive and self._process else None

    @property
    def is_alive(self) -> bool:
        """Whether the worker can take commands."""
        return self._process is not None and self._process.returncode is None

    @property
    def is_busy(self) -> bool:
        """Whether a command is being worked on."""
        return self._running_id is not None

    def new_id(self) -> int:
        """An id for the next command."""
        return next(self._ids)

    async def start(self) -> None:
        """Start the worker.

        Raises:
            EngineStopped: the process cannot be started.
        """
        self._killed_for = None
        with _new_log(self._logs) as log:
            self.log_path = Path(log.name)
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *worker_command("worker", self._backend),
                    stdin=PIPE,
                    stdout=PIPE,
                    stderr=log,
                    env=worker_environment(),
                    limit=LINE_LIMIT_BYTES,
                )
            except OSError as error:
                raise EngineStopped(f"the engine cannot be started: {error}") from error

    async def ask(self, command: Command) -> AsyncGenerator[Event, None]:
        """Send a command and yield its events, the last one included.

        One command runs at a time; another one waits for its end.

        Raises:
            EngineStopped: the worker died, with the reason as far as it can be known.
        """
        async with self._turn:
            self._running_id = command.id
            self._command_ended.clear()
            try:
                await self._send(command)
                while True:
                    event = await self._next_event()
                    if event.id not in (0, command.id):
                        continue
                    yield event
                    if isinstance(event, _LAST_EVENTS):
                        return
            finally:
                self._running_id = None
                self._command_ended.set()

    async def devices(self, rpc: tuple[str, ...] = ()) -> DeviceList:
        """What this build of the engine can compute on.

        Args:
            rpc: HOST:PORT of RPC servers whose devices are listed too.

        Raises:
            EngineError: it cannot be told, with the reason.
        """
        async with contextlib.aclosing(self.ask(Devices(self.new_id(), rpc))) as events:
            async for event in events:
                if isinstance(event, DeviceList):
                    return event
                if isinstance(event, Failed):
                    raise EngineError(event.message, event.hint)
        raise EngineStopped("the engine did not name its devices", RESTART_HINT)

    async def cancel(self) -> None:
        """Stop the running command; its own last event follows, or the worker is killed."""
        command_id = self._running_id
        if command_id is None or not self.is_alive:
            return
        with contextlib.suppress(EngineStopped):
            await self._send(Cancel(command_id))
        try:
            await asyncio.wait_for(self._command_ended.wait(), CANCEL_GRACE_SECONDS)
        except asyncio.TimeoutError:
            self.kill("it did not stop when asked")

    async def end_reasoning(self) -> None:
        """Ask the running reply to close its reasoning and answer."""
        if self._running_id is not None:
            with contextlib.suppress(EngineStopped):
                await self._send(EndReasoning(self._running_id))

    def kill(self, reason: str) -> None:
        """End the worker at once."""
        if self.is_alive and self._process:
            self._killed_for = reason
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def close(self) -> None:
        """End the worker and wait until it is gone; its memory comes back."""
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            with contextlib.suppress(EngineStopped):
                await self._send(Shutdown(0))
            if process.stdin:
                process.stdin.close()
            try:
                await asyncio.wait_for(process.wait(), SHUTDOWN_GRACE_SECONDS)
            except asyncio.TimeoutError:
                self.kill("closing")
        await process.wait()
        self._process = None

    async def _send(self, command: Command) -> None:
        process = self._process
        if process is None or process.stdin is None or process.returncode is not None:
            raise EngineStopped("the engine is not running", RESTART_HINT)
        try:
            process.stdin.write(encode(command) + b"\n")
            await process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            raise await self._death() from None

    async def _next_event(self) -> Event:
        process = self._process
        if process is None or process.stdout is None:
            raise EngineStopped("the engine is not running", RESTART_HINT)
        line = await process.stdout.readline()
        if not line.endswith(b"\n"):
            raise await self._death()
        try:
            event: Event = decode_event(line)
        except msgspec.DecodeError as error:
            self.kill("it sent something unreadable")
            raise EngineStopped(f"the engine sent something unreadable: {error}") from error
        if isinstance(event, Failed) and event.id == 0:
            # not an answer: the worker's own last words, or it does not understand us
            self.kill("it failed")
            raise await self._death(event.message, event.hint)
        return event

    async def _death(self, said: str = "", hint: str = "") -> EngineStopped:
        """Why the worker is gone, in one sentence."""
        process = self._process
        code = await process.wait() if process else 0
        return EngineStopped(said or self._reason(code), hint or RESTART_HINT)

    def _reason(self, code: int) -> str:
        if self._killed_for:
            return f"The engine was ended: {self._killed_for}."
        if code == -KILLED:
            return "The system stopped the engine, most likely for lack of memory."
        if code < 0:
            return f"The engine crashed ({_signal_name(-code)}). Its log is {self.log_path}."
        return f"The engine ended unexpectedly (exit code {code}). Its log is {self.log_path}."


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _new_log(folder: Path) -> BinaryIO:
    """A fresh log file, the oldest ones removed; nowhere, where the folder cannot be used."""
    name = f"worker-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}-{time.monotonic_ns()}.log"
    try:
        make_folder(folder)
        for old in sorted(folder.glob("worker-*.log"))[: -KEPT_LOGS + 1]:
            old.unlink(missing_ok=True)
        return (folder / name).open("wb")
    except (OSError, StorageError):
        return Path(os.devnull).open("wb")
