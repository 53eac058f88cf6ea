"""`localr1` in a terminal of its own, typed at and read from outside."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.cli.command_line import LOCALR1

PATIENCE_SECONDS = 60.0


class TypedAt:
    """A running command and its terminal; standard output may go elsewhere.

    `screen` is all that the terminal got so far, with escape sequences.
    """

    def __init__(self, process: subprocess.Popen[bytes], terminal: int) -> None:
        self.process = process
        self._terminal = terminal
        self.screen = b""

    def type(self, keys: bytes) -> None:
        """Type; a long text is typed as fast as it is taken."""
        while keys:
            _, writable, _ = select.select([], [self._terminal], [], PATIENCE_SECONDS)
            assert writable, "the terminal takes no more"
            keys = keys[os.write(self._terminal, keys[:256]) :]
            self._read(0.0)

    def wait_for(self, text: bytes, times: int = 1) -> None:
        """Read until the screen has the text so often."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.screen.count(text) < times:
            assert time.monotonic() < deadline, self.screen
            assert self._read(0.1) or self.process.poll() is None, self.screen

    def end(self) -> int:
        """Read to the end; answers the exit code."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.process.poll() is None:
            assert time.monotonic() < deadline, self.screen
            self._read(0.1)
        while self._read(0.0):
            pass
        return self.process.returncode

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._terminal], [], [], seconds)
        with contextlib.suppress(OSError):  # the other side is gone
            if ready and (piece := os.read(self._terminal, 65536)):
                self.screen += piece
                return True
        return False


@contextlib.contextmanager
def typed_at(
    *arguments: str | Path, stdout: Path | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[TypedAt]:
    """Start a command whose controlling terminal is a new one."""
    ours, theirs = pty.openpty()
    out = stdout.open("wb") if stdout else None
    process = subprocess.Popen(
        [*LOCALR1, *arguments],
        stdin=theirs,
        stdout=out or theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=_take_terminal,  # noqa: PLW1509 - one call, which takes no lock
        env={**os.environ, "TERM": "xterm", **(environment or {})},
    )
    os.close(theirs)
    try:
        yield TypedAt(process, ours)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        os.close(ours)
        if out:
            out.close()


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
