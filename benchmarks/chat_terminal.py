"""The real chat in a pseudo-terminal: keys go in, what it paints comes out with its times."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Sequence
from pathlib import Path

ROWS, COLUMNS = 40, 120

BUSY = "while True: pass"


def write_transcript(path: Path, reply: str, tokens_per_second: float = 200.0) -> Path:
    """A scripted model that says this; a token is a word."""
    document = {
        "replies": [{"text": reply}],
        "name": "Scripted",
        "tokens_per_second": tokens_per_second,
    }
    path.write_text(json.dumps(document))
    return path


def _environment() -> dict[str, str]:
    """This one; Python may keep what it compiled, as it does where a program is installed."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


class ChatTerminal:
    """A running `localr1 chat`.

    Args:
        home: its LOCALR1_HOME.
        arguments: of the chat.
        busy_processes: beside it, at the worker's niceness and in its session, so that they
            compete for the processor as an engine's threads do.
        program: Python's arguments, where another program than localr1 is run.
    """

    def __init__(
        self,
        home: Path,
        *arguments: str,
        busy_processes: int = 0,
        program: Sequence[str] = ("-m", "localr1", "chat"),
    ) -> None:
        chat = [sys.executable, *program, *arguments]
        busy = f'nice -n 10 {sys.executable} -c "{BUSY}" & ' * busy_processes
        leader, follower = pty.openpty()
        self._leader: int | None = leader
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.started = time.monotonic()
        self._child = subprocess.Popen(
            ["sh", "-c", f'{busy}exec "$@"', "sh", *chat],
            stdin=follower,
            stdout=follower,
            stderr=follower,
            env={
                **_environment(),
                "LOCALR1_HOME": str(home),
                "TERM": "xterm-256color",
                "COLORTERM": "truecolor",
            },
            start_new_session=True,
            # a controlling terminal, as a shell gives it
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
        )
        os.close(follower)
        self._painted = bytearray()
        self._times: list[tuple[int, float]] = []
        """How many bytes had been painted at which time."""
        self._arrived = threading.Condition()
        self._reader = threading.Thread(target=self._read, args=(leader,), daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Of the interface's process."""
        return self._child.pid

    def _read(self, leader: int) -> None:
        while True:
            try:
                chunk = os.read(leader, 1 << 16)
            except OSError:  # the last process on the terminal is gone, or it was closed
                return
            if not chunk:
                return
            with self._arrived:
                self._painted += chunk
                self._times.append((len(self._painted), time.monotonic()))
                self._arrived.notify_all()

    def press(self, keys: str) -> float:
        """Type; returns the time of it."""
        assert self._leader is not None, "the terminal is closed"
        now = time.monotonic()
        os.write(self._leader, keys.encode())
        return now

    def painted(self, start: int = 0) -> bytes:
        """Everything painted since this many bytes."""
        with self._arrived:
            return bytes(self._painted[start:])

    def painted_bytes(self) -> int:
        """How much has been painted."""
        return len(self._painted)

    def times(self) -> Sequence[tuple[int, float]]:
        """How many bytes had been painted at which time, in order."""
        with self._arrived:
            return list(self._times)

    def wait_for(self, text: str, seconds: float = 60.0, start: int = 0) -> float:
        """The time at which this text was painted.

        Raises:
            TimeoutError: it was not.
        """
        wanted, deadline = text.encode(), time.monotonic() + seconds
        with self._arrived:
            while True:
                found = self._painted.find(wanted, start)
                if found >= 0:
                    end = found + len(wanted)
                    return next(at for size, at in self._times if size >= end)
                if not self._arrived.wait(deadline - time.monotonic()):
                    raise TimeoutError(f"{text!r} was not painted within {seconds:g} s")

    def cpu_seconds(self) -> float:
        """Processor time that the interface's process has used, without its worker."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def hang_up(self, seconds: float = 30.0) -> int:
        """Close the terminal; the interface's exit status.

        Raises:
            subprocess.TimeoutExpired: it goes on without one.
        """
        self._shut()
        return self._child.wait(seconds)

    def _shut(self) -> None:
        leader, self._leader = self._leader, None
        if leader is not None:
            os.close(leader)

    def kill(self) -> None:
        """SIGKILL for the interface; its worker ends by itself."""
        self._child.kill()
        self._child.wait()

    def close(self) -> None:
        """End everything that was started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._child.wait()
        self._shut()
        self._reader.join(5)

    def __enter__(self) -> ChatTerminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
