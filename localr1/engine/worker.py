"""The worker process: reads commands, runs them one at a time, writes events.

It is a child of the interface, on two pipes that nothing else writes to. A thread reads the
commands, so that a cancel arrives while native code computes, and so that the worker ends at
once when its parent is gone, however it went.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from typing import BinaryIO

import msgspec

from localr1.engine.backend import Backend
from localr1.engine.process_limits import PRIVATE_BYTES, limit_this_process
from localr1.engine.protocol import (
    Bench,
    Cancel,
    Command,
    CountTokens,
    DeviceList,
    Devices,
    EndReasoning,
    Event,
    Failed,
    Generate,
    Load,
    LoadState,
    Prefill,
    SaveState,
    Shutdown,
    TokenCount,
    decode_command,
    encode,
)
from localr1.errors import EngineStopped, Localr1Error
from localr1.terminal_text import clean_line

NICENESS = 10
"""Keys stay quick while all cores compute; on an idle machine the engine loses nothing."""

ABORT_TEXT = "The engine stopped itself: "


class EventWriter:
    """Writes events as lines; safe from any thread, also from one that is about to abort."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        """Send one event; ends the process when nobody reads any more."""
        line = encode(event) + b"\n"
        try:
            with self._lock:
                self._stream.write(line)
                self._stream.flush()
        except (BrokenPipeError, ValueError):
            os._exit(0)


class Worker:
    """Runs commands on a backend.

    Args:
        backend: produces the replies.
        emit: sends events.
    """

    def __init__(self, backend: Backend, emit: EventWriter) -> None:
        self._backend = backend
        self._emit = emit
        self._commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._running_id: int | None = None
        self._cancelled_ids: set[int] = set()
        self._hurried_ids: set[int] = set()

    def read_commands(self, stream: BinaryIO) -> None:
        """Take commands until the stream ends; then the parent is gone and so is the worker."""
        for line in stream:
            try:
                command = decode_command(line)
            except msgspec.DecodeError as error:
                self._emit(Failed(message=f"the worker cannot read a command: {error}"))
                continue
            if isinstance(command, Cancel):
                self._interrupt(command.id, self._cancelled_ids, self._backend.cancel)
            elif isinstance(command, EndReasoning):
                self._interrupt(command.id, self._hurried_ids, self._backend.end_reasoning)
            else:
                self._commands.put(command)
        os._exit(0)

    def run(self) -> None:
        """Run commands in order until `Shutdown`."""
        while not isinstance(command := self._commands.get(), Shutdown):
            self._begin(command)
            try:
                self._emit(self._answer(command))
            except Localr1Error as error:
                self._emit(_failed(command.id, error))
            except Exception as error:
                # the traceback goes to the log; the parent gets one line
                sys.excepthook(type(error), error, error.__traceback__)
                self._emit(Failed(id=command.id, message=clean_line(f"the engine failed: {error}")))
            finally:
                with self._lock:
                    self._running_id = None

    def _begin(self, command: Command) -> None:
        with self._lock:
            self._running_id = command.id
            self._backend.resume()
            if command.id in self._cancelled_ids:
                self._backend.cancel()
            if command.id in self._hurried_ids:
                self._backend.end_reasoning()
            # ids only grow: those of commands before this one mean nothing any more
            for ids in (self._cancelled_ids, self._hurried_ids):
                ids.difference_update([each for each in ids if each <= command.id])

    def _interrupt(self, command_id: int, waiting: set[int], act: Callable[[], None]) -> None:
        """Act on the running command; remember it for one that still waits its turn."""
        with self._lock:
            if self._running_id == command_id:
                act()
            else:
                waiting.add(command_id)

    def _answer(self, command: Command) -> Event:
        if isinstance(command, Devices):
            self._backend.connect(command.rpc, self._emit)
            return DeviceList(
                id=command.id,
                devices=self._backend.devices(),
                instruction_sets=self._backend.instruction_sets(),
            )
        if isinstance(command, Load):
            return self._backend.load(command, self._emit)
        if isinstance(command, Generate):
            return self._backend.generate(command, self._emit)
        if isinstance(command, Prefill):
            return self._backend.prefill(command, self._emit)
        if isinstance(command, SaveState):
            return self._backend.save_state(command)
        if isinstance(command, LoadState):
            return self._backend.load_state(command)
        if isinstance(command, CountTokens):
            return TokenCount(id=command.id, tokens=self._backend.count_tokens(command))
        if isinstance(command, Bench):
            return self._backend.bench(command, self._emit)
        raise AssertionError(command)


def _failed(command_id: int, error: Localr1Error) -> Failed:
    return Failed(
        id=command_id, message=error.message, hint=error.hint, exit_code=int(error.exit_code)
    )


def run_worker(backend_name: str) -> None:
    """Body of the hidden `worker` command.

    Args:
        backend_name: "llama" or "scripted".
    """
    commands, events = _take_pipes()
    _be_a_quiet_child()
    emit = EventWriter(events)
    try:
        backend = _make_backend(backend_name, emit)
    except Localr1Error as error:
        emit(_failed(0, error))
        return
    if all(device.kind == "cpu" for device in backend.devices(measure=False)):
        _ask_for_no_more_than_there_is()
    worker = Worker(backend, emit)
    threading.Thread(target=worker.read_commands, args=(commands,), daemon=True).start()
    worker.run()
    # native threads and the reader need no farewell
    os._exit(0)


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Make the pipes private: native code prints to descriptors 0-2, which now are the log."""
    commands = os.fdopen(os.dup(0), "rb")
    events = os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)
    return commands, events


def _be_a_quiet_child() -> None:
    """Ctrl-C belongs to the parent, which sends a cancel; the cores belong to the interface."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "win32":
        import psutil

        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    else:
        os.nice(NICENESS)


def _ask_for_no_more_than_there_is() -> None:
    """Make an allocation beyond all memory fail, which the engine reports.

    Granted, it would end with the system killing this process, or another one. GPU drivers
    reserve address space at will, so this is for CPU builds only. RPC servers, which are
    connected later, take memory of their own computers.
    """
    import psutil

    most = psutil.virtual_memory().total + psutil.swap_memory().total
    limit_this_process({PRIVATE_BYTES: most})


def _make_backend(name: str, emit: Callable[[Event], None]) -> Backend:
    if name == "scripted":
        from localr1.engine.scripted_backend import ScriptedBackend

        return ScriptedBackend()
    from localr1.engine import device_failures

    try:
        from localr1.engine import native
    except (ImportError, OSError, RuntimeError) as error:
        raise device_failures.not_loaded(error) from error
    from localr1.engine.llama_backend import LlamaBackend
    from localr1.engine.rpc import RpcServers

    log, servers = native.NativeLog(), RpcServers()

    def say_why(text: str) -> None:
        lines = log.take_errors()
        known = servers.explain(text, lines) or device_failures.explain(lines)
        emit(_failed(0, known or EngineStopped(ABORT_TEXT + clean_line(text))))

    log.on_abort = say_why
    return LlamaBackend(log, servers)
