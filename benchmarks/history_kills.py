"""Kill a process that writes conversations, again and again, and look for what was lost.

    python benchmarks/history_kills.py [--kills 100] [--seed 1] [--output PAGE.md]

A child writes turns as fast as it can: a question, then a reply that grows five times. It
prints each write that the history has acknowledged. After a random time it is killed with
SIGKILL; a new process then opens the history and every acknowledged write must be there.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from localr1.chat.messages import Message, ReasoningPart, TextPart, user_message
from localr1.history.store import Conversation, HistoryStore

LONGEST_LIFE_SECONDS = 0.25
GROWTHS = 5
"""Versions of one reply; each is longer than the one before."""
MESSAGES_EACH = 60
"""Messages after which the writer starts another conversation."""

Written = tuple[str, int]
"""Conversation id and position."""


@dataclass
class Tally:
    """What happened over all kills."""

    kills: int = 0
    acknowledged: int = 0
    lost: int = 0
    damaged: int = 0
    integrity_failures: int = 0
    still_locked: int = 0
    interrupted_commits: int = 0
    """Kills that left a rollback journal, so fell into the middle of a transaction."""
    slowest_reopen_seconds: float = 0.0
    versions: dict[Written, int] = field(default_factory=dict)
    """The newest acknowledged version of each message."""

    @property
    def sound(self) -> bool:
        """Nothing was lost, damaged or left locked."""
        return not (self.lost or self.damaged or self.integrity_failures or self.still_locked)


def open_store(home: Path) -> HistoryStore:
    """The history under a folder."""
    return HistoryStore(home / "history.sqlite3", home / "locks")


def write_until_killed(home: Path) -> None:
    """The child: prints "id position version" for each write that is durable."""
    store = open_store(home)
    latest = store.latest()
    conversation = store.open(latest) if latest else store.create("benchmark")
    while True:
        if len(conversation.messages) >= MESSAGES_EACH:
            conversation.close()
            conversation = store.create("benchmark")
        question = conversation.add(user_message(f"question {len(conversation.messages)}"))
        _acknowledge(conversation, question, 0)
        _write_reply(conversation)


def _write_reply(conversation: Conversation) -> None:
    position = conversation.add(_reply(0))
    _acknowledge(conversation, position, 0)
    for version in range(1, GROWTHS + 1):
        conversation.replace(position, _reply(version))
        _acknowledge(conversation, position, version)


def _reply(version: int) -> Message:
    thought = ReasoningPart("step by step " * 200 * version, tokens=version, seconds=0.5)
    return Message("assistant", (thought, TextPart(f"answer {version}")), None)


def _acknowledge(conversation: Conversation, position: int, version: int) -> None:
    print(conversation.id, position, version, flush=True)


def kill_writers(home: Path, kills: int, seed: int) -> Tally:
    """Let `kills` writers die at random moments; check the history after each."""
    chance, tally = random.Random(seed), Tally()
    for _ in range(kills):
        for identity, position, version in _one_life(home, chance.uniform(0, LONGEST_LIFE_SECONDS)):
            tally.versions[identity, position] = version
            tally.acknowledged += 1
        tally.kills += 1
        tally.interrupted_commits += (home / "history.sqlite3-journal").exists()
        _check(home, tally)
    return tally


def _one_life(home: Path, seconds: float) -> list[tuple[str, int, int]]:
    command = [sys.executable, __file__, "--write", str(home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        first = writer.stdout.readline()
        time.sleep(seconds)
        writer.kill()
        lines = (first + writer.stdout.read()).splitlines(keepends=True)
    whole = [line.split() for line in lines if line.endswith("\n")]
    return [(identity, int(position), int(version)) for identity, position, version in whole]


def _check(home: Path, tally: Tally) -> None:
    begun = time.perf_counter()
    with contextlib.closing(open_store(home)) as store:
        opened = {summary.id: store.open(summary.id) for summary in store.list(limit=10_000)}
        reopened_seconds = time.perf_counter() - begun
        tally.slowest_reopen_seconds = max(tally.slowest_reopen_seconds, reopened_seconds)
        tally.still_locked += sum(each.read_only for each in opened.values())
        tally.damaged += sum(len(each.damaged_positions) for each in opened.values())
        tally.lost += sum(
            _version(opened.get(identity), position) < version
            for (identity, position), version in tally.versions.items()
        )
    with contextlib.closing(sqlite3.connect(home / "history.sqlite3")) as connection:
        verdict = connection.execute("PRAGMA integrity_check").fetchone()[0]
        tally.integrity_failures += verdict != "ok"


def _version(conversation: Conversation | None, position: int) -> int:
    """Which version of a message is there; -1 for none."""
    if conversation is None or position >= len(conversation.messages):
        return -1
    reasoning = conversation.messages[position].reasoning
    return reasoning.tokens if reasoning else 0


def table(tally: Tally, seed: int) -> str:
    """The tally as Markdown."""
    rows = (
        ("writers killed with SIGKILL", tally.kills),
        ("kills in the middle of a transaction", tally.interrupted_commits),
        ("writes acknowledged before the kill", tally.acknowledged),
        ("acknowledged writes missing afterwards", tally.lost),
        ("messages whose checksum failed", tally.damaged),
        ("failures of SQLite's integrity check", tally.integrity_failures),
        ("conversations still locked after the kill", tally.still_locked),
        ("slowest reopening with all messages", f"{tally.slowest_reopen_seconds * 1000:.0f} ms"),
    )
    lines = "\n".join(f"| {what} | {number} |" for what, number in rows)
    return (
        f"| SQLite {sqlite3.sqlite_version}, {sys.platform}, seed {seed} | |\n|---|---|\n{lines}\n"
    )


PAGE = """# What a kill does to the history

Measured by `python benchmarks/history_kills.py` (part of `make acceptance`; a short form is a
test). A writer adds turns as fast as it can and is killed at a random moment; the next process
opens the history and looks for every write that had been acknowledged.

"""


def main() -> int:
    """Run the kills, print the table; 1 when anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path, help="write the page here as well")
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.write:
        write_until_killed(chosen.write)
    with tempfile.TemporaryDirectory() as folder:
        tally = kill_writers(Path(folder), chosen.kills, chosen.seed)
    print(table(tally, chosen.seed))
    if chosen.output:
        chosen.output.write_text(PAGE + table(tally, chosen.seed), encoding="utf-8")
    return 0 if tally.sound else 1


if __name__ == "__main__":
    raise SystemExit(main())
