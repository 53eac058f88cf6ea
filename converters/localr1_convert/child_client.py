"""The parent's side of the child process: starts it, asks, and says what happened if it dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from types import TracebackType

from localr1.errors import EngineError, EngineMissing, EngineStopped, StorageError, UsageError
from localr1.terminal_text import clean_line
from localr1_convert.child import (
    ChooseTypes,
    Measure,
    Progress,
    Refused,
    Reply,
    Request,
    Speeds,
    Types,
    Write,
    Written,
    decode_reply,
    encode,
)

_CHANGED = "a weight file became shorter while it was read"


def child_command() -> list[str]:
    """The frozen program's hidden option, or `python -m`."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "convert", "--child"]
    return [sys.executable, "-m", "localr1_convert.child"]


class Child:
    """A running child process; use it in a `with` block."""

    def __init__(self) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 # closed with the process
        self._process = subprocess.Popen(
            child_command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            # Nothing is imported from the current directory; a debugger only delays the end.
            env={**os.environ, "PYTHONSAFEPATH": "1", "GGML_NO_BACKTRACE": "1"},
        )

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # What it has written is safe, so it can be stopped in the middle.
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._log):
            assert pipe is not None
            pipe.close()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def choose_types(self, request: ChooseTypes) -> Types:
        """llama.cpp's choice of a type for each tensor.

        Raises:
            UsageError: llama.cpp refuses these options.
        """
        reply = next(self._ask(request))
        if isinstance(reply, Refused):
            if "not installed" in reply.reason or "ggml-base" in reply.reason:
                raise EngineMissing(reply.reason, "install localr1 again")
            raise UsageError(f"llama.cpp refuses these options: {clean_line(reply.reason)}")
        assert isinstance(reply, Types)
        return reply

    def measure(self, request: Measure) -> Speeds:
        """Seconds one thread takes for one value of each type, and with which kernels."""
        reply = next(self._ask(request))
        if not isinstance(reply, Speeds):
            raise self._failed(reply)
        return reply

    def write(self, request: Write) -> Iterator[Progress | Written]:
        """Write the tensors; the last thing that comes is `Written`.

        Raises:
            StorageError: the disk is full or a file cannot be read or written.
            EngineError: native code failed.
        """
        for reply in self._ask(request):
            if isinstance(reply, (Progress, Written)):
                yield reply
            else:
                raise self._failed(reply)

    def _ask(self, request: Request) -> Iterator[Reply]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(encode(request) + b"\n")
            self._process.stdin.flush()
        except OSError:
            raise self._died() from None
        while line := self._process.stdout.readline():
            reply = decode_reply(line)
            yield reply
            if not isinstance(reply, Progress):
                return
        raise self._died()

    def _failed(self, reply: Reply) -> EngineError | StorageError:
        reason = clean_line(getattr(reply, "reason", "an unexpected reply"))
        if isinstance(reply, Refused) and reply.busy:
            return StorageError("another conversion is writing this file", "wait until it is done")
        if isinstance(reply, Refused) and reply.disk_full:
            return StorageError(f"the disk is full: {reason}")
        if isinstance(reply, Refused):
            return StorageError(f"the conversion stopped: {reason}")
        return EngineError(f"the conversion stopped: {reason}")

    def _died(self) -> EngineStopped:
        code = self._process.wait()
        if code == -getattr(signal, "SIGBUS", 7):
            return EngineStopped(f"the conversion stopped: {_CHANGED}", "download it again")
        if code == -getattr(signal, "SIGKILL", 9):
            return EngineStopped(
                "the system stopped the conversion, most likely for lack of memory",
                "run the same command again, with fewer --threads, to continue",
            )
        self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, self._log.tell() - 2000))
        lines = self._log.read().decode("utf-8", "replace").strip().splitlines() or ["no message"]
        asserted = [line for line in lines if "GGML_ASSERT" in line]
        words = clean_line((asserted or lines)[-1])
        return EngineStopped(f"llama.cpp's code stopped ({code}): {words}")
