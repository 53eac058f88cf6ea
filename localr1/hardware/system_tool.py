"""Running a tool of the system that may be missing, broken, endless or without end."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

if sys.platform == "win32":
    _NO_WINDOW: int = subprocess.CREATE_NO_WINDOW
else:
    import signal

    _NO_WINDOW = 0

QUICK_SECONDS = 1.0
SLOW_SECONDS = 3.0
"""For tools that start a runtime first (PowerShell, system_profiler) or wake a sleeping card."""

OUTPUT_LIMIT_BYTES = 1 << 20
_GOODBYE_SECONDS = 0.2
"""A killed process that hangs in a driver cannot be waited for."""


class ToolOutput(NamedTuple):
    """What a tool printed on standard output, and how it ended."""

    text: str
    exit_code: int


class ToolFailed(Exception):
    """A tool gave no usable answer; the text is a sentence for people."""


class ToolMissing(ToolFailed):
    """The tool is not installed."""


class Runner(Protocol):
    """Runs the tool of this name: `run_tool`, or a recorded answer in a test."""

    def __call__(self, name: str, arguments: Sequence[str], seconds: float, /) -> ToolOutput:
        """Raises ToolMissing or ToolFailed."""


def run_tool(name: str, arguments: Sequence[str], seconds: float) -> ToolOutput:
    """What the tool prints within that time; it and its children are killed after it.

    Raises:
        ToolMissing: there is no such tool.
        ToolFailed: it does not start, does not end in time or prints more than 1 MiB.
    """
    path = find_tool(name)
    if path is None:
        raise ToolMissing(f"{name} is not installed")
    deadline = time.monotonic() + seconds
    process = _start(name, [path, *arguments])
    output = bytearray()
    reader = threading.Thread(target=_read, args=(process, output), daemon=True)
    reader.start()
    reader.join(seconds)
    # The process is not waited for, so not forgotten by the system, while something else holds
    # the pipe open: until then its id still names its group.
    if not reader.is_alive() and len(output) <= OUTPUT_LIMIT_BYTES:
        with contextlib.suppress(subprocess.TimeoutExpired):
            exit_code = process.wait(max(0.0, deadline - time.monotonic()))
            return ToolOutput(output.decode(errors="replace"), exit_code)
    _kill(process)
    if len(output) > OUTPUT_LIMIT_BYTES:
        raise ToolFailed(f"{name} printed more than {OUTPUT_LIMIT_BYTES >> 20} MiB")
    raise ToolFailed(f"{name} gave no answer within {seconds:g} s")


def find_tool(name: str) -> str | None:
    """The absolute path of a tool; a file in the current folder is never one."""
    for folder in _folders():
        path = folder / (f"{name}.exe" if sys.platform == "win32" else name)
        with contextlib.suppress(OSError):
            if path.is_file() and os.access(path, os.X_OK):
                return str(path)
    return None


def _folders() -> Iterator[Path]:
    if sys.platform == "win32":
        system = Path(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32")
        yield from (system, system / "WindowsPowerShell" / "v1.0")
        return
    for entry in os.environ.get("PATH", os.defpath).split(os.pathsep):
        if Path(entry).is_absolute():
            yield Path(entry)
    yield from (Path("/usr/bin"), Path("/usr/sbin"), Path("/usr/lib/wsl/lib"))


def _start(name: str, command: list[str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command,
            bufsize=0,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            start_new_session=True,
            creationflags=_NO_WINDOW,
        )
    except OSError as error:
        raise ToolFailed(f"{name} does not start: {error.strerror}") from error


def _environment() -> dict[str, str]:
    environment = {**os.environ, "LC_ALL": "C"}
    if getattr(sys, "frozen", False):
        # A frozen program points the loader at its own libraries; the system's tools need theirs.
        environment.pop("LD_LIBRARY_PATH", None)
        if original := os.environ.get("LD_LIBRARY_PATH_ORIG"):
            environment["LD_LIBRARY_PATH"] = original
    return environment


def _read(process: subprocess.Popen[bytes], output: bytearray) -> None:
    assert process.stdout is not None  # it was asked for
    with process.stdout as stream:
        while len(output) <= OUTPUT_LIMIT_BYTES and (piece := stream.read(1 << 16)):
            output += piece


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_GOODBYE_SECONDS)
