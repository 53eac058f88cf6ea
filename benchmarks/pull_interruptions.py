"""Interrupt a download at random positions, go on, and compare the SHA-256 with the hub's.

    python -m benchmarks.pull_interruptions [--interruptions 50] [--megabytes 200] [--output FILE]

A hub on this computer (tests/hub_server.py) sends a model; in turn its connections are reset, the
program is killed (SIGKILL), and stopped (SIGINT). Where each connection goes on is read from the
Range headers that the hub logs, and compared with what it had sent.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Literal, NamedTuple

from tests.hub_server import HubServer, Request

Kind = Literal["server cut", "SIGKILL", "SIGINT"]
KINDS: tuple[Kind, ...] = ("server cut", "SIGKILL", "SIGINT")

REPO, FILE = "example/model-GGUF", "model-Q4_K_M.gguf"
AGAIN_AT_MOST_BYTES = 256 << 10
BYTES_PER_SECOND = 8e6
"""Of a connection."""
UNREAD_AT_MOST_BYTES = 32 << 10
"""What waits in the client's receive buffer was not received by it."""
_LOOK_SECONDS = 0.002


class Interruption(NamedTuple):
    """One interruption, and how it went on."""

    kind: Kind
    position: int
    """Bytes of the file sent before it, by all connections and programs together."""
    connections: int
    """That it broke off."""
    exit_code: int | None
    """Of the program; None where it went on by itself."""
    again_bytes: int
    """Sent a second time, at most by one connection."""


class Outcome(NamedTuple):
    """All of them."""

    interruptions: list[Interruption]
    is_right: bool
    """Whether the file in the library has the right SHA-256 in the end."""
    programs: int
    sent_bytes: int
    left_over: list[str]
    """Files beside the model that should not be there."""


class _Download:
    """A model on the hub, and the program that fetches it."""

    def __init__(self, hub: HubServer, home: Path) -> None:
        self.hub = hub
        self.home = home
        self.programs = 0
        self.cut = 0
        """Answers that were not sent to their end."""
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the program, where it does not run."""
        if self._process is None:
            self.programs += 1
            command = [sys.executable, "-m", "localr1", "pull", f"hf:{REPO}", "--json"]
            environment = {
                **os.environ,
                "HF_ENDPOINT": self.hub.url,
                "LOCALR1_HOME": str(self.home),
                "HF_HOME": str(self.home / "hf"),
                "HOME": str(self.home),
            }
            self._process = subprocess.Popen(
                command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            )

    def end(self, number: signal.Signals) -> int:
        """Send a signal; answers how the program ended."""
        assert self._process is not None
        self._process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """How the program ended."""
        assert self._process is not None
        self._process.communicate(timeout=300)
        code, self._process = self._process.returncode, None
        return code

    @property
    def is_running(self) -> bool:
        """Whether the program runs."""
        return self._process is not None and self._process.poll() is None


def interrupt(size_bytes: int, interruptions: int, seed: int, speed: float) -> Outcome:
    """Fetch a model of random bytes with so many interruptions.

    Args:
        size_bytes: of the model.
        interruptions: their kinds in turn, at random positions.
        seed: of the positions and of the model.
        speed: of a connection, in bytes a second.
    """
    chance = random.Random(seed)
    content = b"GGUF" + chance.randbytes(size_bytes - 4)
    positions = sorted(chance.randrange(1, size_bytes - AGAIN_AT_MOST_BYTES)
                       for _ in range(interruptions))  # fmt: skip
    with HubServer() as hub, tempfile.TemporaryDirectory() as folder:
        hub.add(REPO, {FILE: content})
        hub.manners.bytes_per_second = speed
        hub.manners.unread_at_most_bytes = UNREAD_AT_MOST_BYTES
        download = _Download(hub, Path(folder))
        done = [
            _one(download, KINDS[number % len(KINDS)], position)
            for number, position in enumerate(positions)
        ]
        download.start()
        code = download.wait()
        whole = _judged(done, hub.of("storage"))
        models = Path(folder) / "models"
        model = models / REPO / FILE
        is_right = code == 0 and model.read_bytes() == content
        left = [
            str(path.relative_to(models))
            for path in models.rglob("*")
            if path.is_file() and path.name not in (FILE, f"{FILE}.json", f"{FILE}.lock")
        ]
        sent = sum(request.sent_bytes for request in hub.of("storage"))
        return Outcome(whole, is_right, download.programs, sent, left)


class _Moment(NamedTuple):
    """An interruption, and the length of the log at it."""

    kind: Kind
    position: int
    connections: int
    logged: int
    exit_code: int | None


def _one(download: _Download, kind: Kind, position: int) -> _Moment:
    """Let the download come to a position, and interrupt it there."""
    hub = download.hub
    download.start()
    while _covered(hub.of("storage")) < position and download.is_running:
        time.sleep(_LOOK_SECONDS)
    under_way = [each for each in hub.of("storage") if each.sent_bytes and not each.is_whole]
    connections = len(under_way) - download.cut
    download.cut += connections
    if kind == "server cut":
        # what is asked for after this is a going on
        logged, code = len(hub.of("storage")), None
        hub.cut()
    else:
        code = download.end(signal.SIGKILL if kind == "SIGKILL" else signal.SIGINT)
        logged = len(hub.of("storage"))
    return _Moment(kind, position, connections, logged, code)


def _covered(requests: list[Request]) -> int:
    """Bytes of the file that were sent at least once."""
    covered, position = 0, 0
    for start, end in sorted(request.span for request in requests):
        covered += max(0, end - max(start, position))
        position = max(position, end)
    return covered


def _judged(moments: list[_Moment], requests: list[Request]) -> list[Interruption]:
    """What each connection that was interrupted had to send again."""
    judged = []
    ends = [moment.logged for moment in moments[1:]] + [len(requests)]
    for moment, end in zip(moments, ends, strict=True):
        judged.append(
            Interruption(
                moment.kind,
                moment.position,
                moment.connections,
                moment.exit_code,
                max((_again(number, requests) for number in range(moment.logged, end)), default=0),
            )
        )
    return judged


def _again(number: int, requests: list[Request]) -> int:
    """Bytes of this answer that earlier ones had sent."""
    both = _covered(requests[:number]) + requests[number].sent_bytes
    return both - _covered(requests[: number + 1])


def table(outcome: Outcome, arguments: argparse.Namespace) -> str:
    """The outcome as a document."""
    size = arguments.megabytes * 10**6
    worst = max(each.again_bytes for each in outcome.interruptions)
    lines = [
        "# Interrupting a download",
        "",
        f"`python -m benchmarks.pull_interruptions --interruptions {arguments.interruptions} "
        f"--megabytes {arguments.megabytes} --seed {arguments.seed}`",
        "",
        f"- a model of {size:,} bytes, interrupted {len(outcome.interruptions)} times; "
        f"the program was started {outcome.programs} times",
        f"- SHA-256 in the end: {'right' if outcome.is_right else 'WRONG'}",
        f"- sent a second time by one connection: at most {worst / 1024:.0f} KiB "
        f"(allowed: {AGAIN_AT_MOST_BYTES // 1024} KiB); "
        f"by all together: {(outcome.sent_bytes - size) / 1024:,.0f} KiB",
        f"- files left over: {', '.join(outcome.left_over) or 'none'}",
        "",
        "| | how | after bytes | connections under way | exit code | sent again, at most |",
        "|---:|---|---:|---:|---:|---:|",
    ]
    for number, each in enumerate(outcome.interruptions, start=1):
        code = "goes on" if each.exit_code is None else each.exit_code
        lines.append(
            f"| {number} | {each.kind} | {each.position:,} | {each.connections} | {code} | "
            f"{each.again_bytes / 1024:.0f} KiB |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run it, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--interruptions", type=int, default=50)
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    size = arguments.megabytes * 10**6
    outcome = interrupt(size, arguments.interruptions, arguments.seed, BYTES_PER_SECOND)
    text = table(outcome, arguments)
    print(text)
    if arguments.output:
        arguments.output.write_text(text)
    worst = max(each.again_bytes for each in outcome.interruptions)
    if not outcome.is_right or worst > AGAIN_AT_MOST_BYTES:
        sys.exit(1)


if __name__ == "__main__":
    main()
