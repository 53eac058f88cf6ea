"""Kill the real chat in the middle of replies and look for words that were on the screen.

    python -m benchmarks.chat_kills [--kills 100] [--seed 1] [--output PAGE.md]

A scripted model writes numbered words, two hundred a second. At a random moment the interface is
killed with SIGKILL. Every word that had been painted more than a second before must be in the
history, whose file must be sound, and the next chat must open with it and take up the reply.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import re
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.chat_terminal import ChatTerminal, write_transcript
from localr1.chat.messages import Message
from localr1.history.store import HistoryStore

ON_SCREEN_SECONDS = 1.0
WORDS = 4000
LONGEST_REPLY_SECONDS = 4.0
_WORD = re.compile(rb"w(\d{5})")


class Kill(NamedTuple):
    """One kill: the newest words that had been painted long enough, and that were kept."""

    seen: int
    kept: int
    is_sound: bool
    opened_seconds: float


def main() -> int:
    """Kill, print what was found; 1 when something was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as folder:
        kills = list(run(Path(folder), arguments.kills, chance))
    page = _page(kills, arguments.seed)
    print(page)
    if arguments.output:
        arguments.output.write_text(page)
    return 0 if all(each.kept >= each.seen and each.is_sound for each in kills) else 1


def run(home: Path, kills: int, chance: random.Random) -> Iterator[Kill]:
    """Kill so often; each time the next chat goes on with the same conversation."""
    thought = " ".join(f"w{number:05d}" for number in range(WORDS))
    path = write_transcript(home / "long.transcript.json", f"{thought}</think>Done.")
    for number in range(kills):
        yield _kill(home, path, chance.uniform(0.3, LONGEST_REPLY_SECONDS), is_first=number == 0)


def _kill(home: Path, path: Path, seconds: float, *, is_first: bool) -> Kill:
    arguments = [] if is_first else ["--continue"]
    with ChatTerminal(home, str(path), *arguments) as chat:
        opened = chat.wait_for("Ask something") - chat.started
        if not is_first:
            chat.wait_for("Broken off")
        time.sleep(0.5)
        start = chat.painted_bytes()
        chat.press("Go\r")
        chat.wait_for("Thinking", start=start)
        time.sleep(seconds)
        chat.kill()
        killed = time.monotonic()
        sizes = [size for size, at in chat.times() if at <= killed - ON_SCREEN_SECONDS]
        painted = chat.painted(start)[: max(0, (sizes[-1] if sizes else 0) - start)]
    seen = max((int(match) for match in _WORD.findall(painted)), default=-1)
    return Kill(seen, _newest_kept(home), _is_sound(home), opened)


def _newest_kept(home: Path) -> int:
    with contextlib.closing(HistoryStore(_database(home), home / "kills-locks")) as store:
        identity = store.latest()
        messages: Sequence[Message] = store.open(identity).messages if identity else ()
    last = messages[-1] if messages else None
    thought = last.reasoning if last is not None else None
    words = _WORD.findall(thought.text.encode()) if thought else []
    return int(words[-1]) if words else -1


def _is_sound(home: Path) -> bool:
    with contextlib.closing(sqlite3.connect(_database(home))) as connection:
        return bool(connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok")


def _database(home: Path) -> Path:
    return next(home.rglob("*.sqlite3"))


def _page(kills: Sequence[Kill], seed: int) -> str:
    lost = [each for each in kills if each.kept < each.seen]
    unsound = sum(not each.is_sound for each in kills)
    slowest = max(each.opened_seconds for each in kills)
    return "\n".join(
        [
            "# Killing the chat in the middle of replies",
            "",
            f"`python -m benchmarks.chat_kills --kills {len(kills)} --seed {seed}`",
            "",
            f"- kills: {len(kills)}, {sum(each.seen >= 0 for each in kills)} of them later than a"
            " second after the first word",
            f"- replies of which a word was lost that had been on the screen for more than"
            f" {ON_SCREEN_SECONDS:g} s: {len(lost)}",
            f"- histories that were not sound afterwards: {unsound}",
            f"- next starts that showed the conversation: {len(kills)} of {len(kills)}, the slowest"
            f" in {slowest:.2f} s",
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
