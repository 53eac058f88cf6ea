"""How quick a large history is: listing, searching, opening, adding.

    python benchmarks/history_size.py [--conversations 2000] [--messages 100000] [--seed 1]

Makes such a history in a temporary folder: conversations of short questions and replies of about
2 kB, most of it reasoning, in words that are as unevenly common as those of a language; and one
conversation of 400 messages of 2 kB. Every time is the median of several.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

from localr1.chat.messages import Message, ReasoningPart, TextPart, user_message
from localr1.history.rows import write_message
from localr1.history.store import HistoryStore

LONG_CONVERSATION_MESSAGES = 400
LONG_MESSAGE_CHARACTERS = 2000
REASONING_CHARACTERS = 1300
ANSWER_CHARACTERS = 700
QUESTION_CHARACTERS = 120
WORDS = 30_000
REPEATS = 7
RARE = "zyzzyva"
"""A word that is in one message only."""


class Speech:
    """Texts of made-up words; the n-th of them is about 1/n as common as the first."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.words = [self._word() for _ in range(WORDS)]
        self._weights = list(itertools.accumulate(1 / (n + 3) for n in range(WORDS)))

    def text(self, characters: int) -> str:
        """About that long."""
        count = characters // 7
        return " ".join(self._random.choices(self.words, cum_weights=self._weights, k=count))

    def _word(self) -> str:
        return "".join(
            self._random.choices("etaoinshrdlucmfwypvbgk", k=self._random.randint(2, 10))
        )


def fill(connection: sqlite3.Connection, speech: Speech, conversations: int, messages: int) -> None:
    """Write the history as localr1 does, but with many messages in a transaction."""
    each = messages // conversations
    long_one = conversations // 2
    for number in range(conversations):
        texts = _long(speech) if number == long_one else _usual(speech, each, number == 7)
        stamp = (datetime(2026, 1, 1, tzinfo=timezone.utc) + timedelta(hours=number)).isoformat()
        identity = f"260101-{number:06}"
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "INSERT INTO conversation (id, title, model, created_at, updated_at)"
            " VALUES (?, ?, 'demo', ?, ?)",
            (identity, speech.text(50), stamp, stamp),
        )
        for position, message in enumerate(texts):
            write_message(connection, identity, position, message, stamp)
        connection.execute("COMMIT")


def _usual(speech: Speech, count: int, rare: bool) -> Iterator[Message]:
    for number in range(count):
        if number % 2 == 0:
            yield user_message(speech.text(QUESTION_CHARACTERS) + (f" {RARE}" if rare else ""))
            rare = False
        else:
            yield _reply(speech, REASONING_CHARACTERS, ANSWER_CHARACTERS)


def _long(speech: Speech) -> Iterator[Message]:
    for number in range(LONG_CONVERSATION_MESSAGES):
        if number % 2 == 0:
            yield user_message(speech.text(LONG_MESSAGE_CHARACTERS))
        else:
            yield _reply(
                speech, REASONING_CHARACTERS, LONG_MESSAGE_CHARACTERS - REASONING_CHARACTERS
            )


def _reply(speech: Speech, reasoning: int, answer: int) -> Message:
    thought = ReasoningPart(speech.text(reasoning), tokens=reasoning // 4, seconds=1.0)
    return Message("assistant", (thought, TextPart(speech.text(answer))), "stop", "demo")


def timed(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """The median in milliseconds; the first call, which fills caches, counts as any other."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def measure(
    store: HistoryStore, path: Path, speech: Speech, conversations: int
) -> Iterator[tuple[str, str]]:
    """What was measured, and the result."""
    common, second, third = speech.words[:3]
    yield "size of the database", f"{path.stat().st_size / 1e6:.0f} MB"
    with closing(sqlite3.connect(path)) as connection:
        text_bytes = connection.execute("SELECT sum(length(text)) FROM part").fetchone()[0]
        index_bytes = connection.execute("SELECT sum(length(block)) FROM search_data").fetchone()[0]
    yield "texts in it", f"{text_bytes / 1e6:.0f} MB"
    yield "index of words in it", f"{index_bytes / 1e6:.0f} MB"
    yield "opening the history", f"{timed(lambda: reopen(path)):.1f} ms"
    yield "listing the first 200", f"{timed(lambda: store.list(200)):.1f} ms"
    yield "the first search after a change elsewhere", f"{first_search(path, common):.0f} ms"
    for name, query in {
        "a common word": common,
        "two common words": f"{common} {second}",
        "a phrase of common words": f'"{common} {second}"',
        "a rare word": RARE,
        "a word that is nowhere": "qqqqqq",
        "the beginning of words, 2 letters": third[:2],
        "a single letter": "x",
        "a common and a rare word": f"{common} {RARE}",
        "signs, which are not indexed": "→→",
    }.items():
        yield f"searching for {name}", f"{timed(lambda query=query: store.search(query)):.1f} ms"  # type: ignore[misc]
    identity = f"260101-{conversations // 2:06}"
    yield (
        f"opening {LONG_CONVERSATION_MESSAGES} messages of 2 kB",
        f"{timed(lambda: store.open(identity).close()):.1f} ms",
    )
    conversation = store.create("demo")
    reply = _reply(speech, REASONING_CHARACTERS, ANSWER_CHARACTERS)
    yield "adding a reply of 2 kB", f"{timed(lambda: conversation.add(reply), 21):.1f} ms"
    growing = Message("assistant", (ReasoningPart(speech.text(50_000)),))
    place = conversation.add(growing)
    yield (
        "saving a growing reply of 50 kB",
        f"{timed(lambda: conversation.replace(place, growing), 21):.1f} ms",
    )
    conversation.replace(place, Message("assistant", growing.parts, "stop"))
    start = time.perf_counter()
    store.delete(identity)
    store.purge_deleted()
    yield "deleting a conversation for good", f"{(time.perf_counter() - start) * 1000:.0f} ms"
    store._database.write(lambda connection: connection.execute("DROP TABLE search"))
    start = time.perf_counter()
    store._database._connection.close()
    with closing(open_at(path)) as later:
        later.search(RARE)
    yield "making the index anew", f"{time.perf_counter() - start:.1f} s"


def open_at(path: Path) -> HistoryStore:
    """The history whose database is at `path`."""
    return HistoryStore(path, path.parent / "locks")


def reopen(path: Path) -> None:
    """Open the history as the program's start does."""
    open_at(path).close()


def first_search(path: Path, word: str) -> float:
    """Milliseconds of the first search of a process."""
    with closing(open_at(path)) as store:
        return timed(lambda: store.search(word), 1)


def main() -> None:
    """Make the history, measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--conversations", type=int, default=2000)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    speech = Speech(asked.seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.sqlite3"
        with closing(open_at(path)) as store:
            connection = store._database._connection
            connection.execute("PRAGMA synchronous = OFF")
            fill(connection, speech, asked.conversations, asked.messages)
            connection.execute("PRAGMA synchronous = EXTRA")
            for name, value in measure(store, path, speech, asked.conversations):
                print(f"| {name} | {value} |", flush=True)


if __name__ == "__main__":
    main()
