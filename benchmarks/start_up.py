"""Time to `--help` and to the first paint of the chat, from exec, on a real pseudo-terminal.

python -m benchmarks.start_up [--runs 7]
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

FIRST_CONTENT = b"Ask something"
"""Words of the composer: once they are there, a person can type."""


PATIENCE_SECONDS = 20


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    helps = [time_help() for _ in range(runs)]
    completions = [time_completion() for _ in range(runs)]
    paints = [time_first_paint() for _ in range(runs)]
    print("| | min | median | goal |\n|---|---|---|---|")
    print(f"| `localr1 --help` | {min(helps):.3f} s | {statistics.median(helps):.3f} s | 0.2 s |")
    print(
        f"| completing a line | {min(completions):.3f} s | "
        f"{statistics.median(completions):.3f} s | 0.2 s |"
    )
    print(
        f"| chat, first paint | {min(paints):.3f} s | {statistics.median(paints):.3f} s | 0.5 s |"
    )


def time_help() -> float:
    """Seconds of the whole process."""
    started = time.monotonic()
    command = [sys.executable, "-m", "localr1", "--help"]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - started


def time_completion() -> float:
    """Seconds of the process that a shell starts at the Tab key."""
    environment = {**os.environ, "_LOCALR1_COMPLETE": "bash_complete", "COMP_LINE": "localr1 run "}
    started = time.monotonic()
    command = [sys.executable, "-m", "localr1"]
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - started


def time_first_paint() -> float:
    """Seconds from fork to the composer's words on the terminal."""
    with tempfile.TemporaryDirectory() as home:
        transcript = Path(home) / "show.transcript.json"
        transcript.write_text(json.dumps({"replies": [{"text": "</think>Hi"}]}))
        started = time.monotonic()
        pid, terminal = pty.fork()
        if pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
            environment = {**os.environ, "LOCALR1_HOME": home, "TERM": "xterm-256color"}
            command = [sys.executable, "-m", "localr1", "chat", str(transcript)]
            os.execvpe(command[0], command, environment)
        seconds = _wait_for(terminal, FIRST_CONTENT, started)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)
    return seconds


def _wait_for(terminal: int, content: bytes, started: float) -> float:
    shown = b""
    while content not in shown:
        ready, _, _ = select.select([terminal], [], [], 1)
        if time.monotonic() - started > PATIENCE_SECONDS:
            raise SystemExit(f"no first paint within {PATIENCE_SECONDS} s: {shown[-200:]!r}")
        if ready:
            shown += os.read(terminal, 65536)
    return time.monotonic() - started


if __name__ == "__main__":
    main()
