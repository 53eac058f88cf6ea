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
from typing import NamedTuple

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
LAST = "quokkish"
"""The last word of the long conversation, and nowhere else."""


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
    connection.execute("PRAGMA synchronous = OFF")
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
    connection.execute("PRAGMA synchronous = EXTRA")


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
            characters = LONG_MESSAGE_CHARACTERS - REASONING_CHARACTERS
            is_last = number == LONG_CONVERSATION_MESSAGES - 1
            yield _reply(speech, REASONING_CHARACTERS, characters, LAST if is_last else "")


def _reply(speech: Speech, reasoning: int, answer: int, end: str = "") -> Message:
    thought = ReasoningPart(speech.text(reasoning), tokens=reasoning // 4, seconds=1.0)
    return Message(
        "assistant", (thought, TextPart(f"{speech.text(answer)} {end}".strip())), "stop", "demo"
    )


class Took(NamedTuple):
    """How long something took, in milliseconds."""

    wall: float
    cpu: float
    """Of this process: what is left on a machine where nothing else runs, but for the disk."""

    def __str__(self) -> str:
        return " | ".join(f"{each:.1f} ms" if each < 100 else f"{each:.0f} ms" for each in self)


def timed(work: Callable[[], object], repeats: int = REPEATS) -> Took:
    """The medians."""
    times = [_once(work) for _ in range(repeats)]
    return Took(
        statistics.median(each.wall for each in times),
        statistics.median(each.cpu for each in times),
    )


def _once(work: Callable[[], object]) -> Took:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Took((time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000)


def sizes(path: Path) -> Iterator[str]:
    """What takes how much room; and the head of the table of times."""
    with closing(sqlite3.connect(path)) as connection:
        texts = connection.execute("SELECT sum(length(text)) FROM part").fetchone()[0]
        index = connection.execute("SELECT sum(length(block)) FROM search_data").fetchone()[0]
    yield f"SQLite {sqlite3.sqlite_version}: a database of {path.stat().st_size / 1e6:.0f} MB,"
    yield f"of which texts {texts / 1e6:.0f} MB and their index {index / 1e6:.0f} MB."
    yield "\n| | time | of the processor |\n|---|---|---|"


def measure(
    store: HistoryStore, path: Path, speech: Speech, conversations: int
) -> Iterator[tuple[str, Took]]:
    """What was measured, and the result."""
    common, second, third = speech.words[:3]
    yield "opening the history, listing the first 200", timed(lambda: first_list(path), 1)
    yield "opening the history again", timed(lambda: open_at(path).close())
    yield "listing the first 200 again", timed(lambda: store.list(200))
    yield "the first search of a window", timed(lambda: first_search(path, common), 1)
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
        yield f"searching for {name}", timed(lambda query=query: store.search(query))  # type: ignore[misc]  # a default binds it
    identity = f"260101-{conversations // 2:06}"
    opening = f"opening {LONG_CONVERSATION_MESSAGES} messages of 2 kB"
    yield opening, timed(lambda: store.open(identity).close())
    conversation = store.create("demo")
    reply = _reply(speech, REASONING_CHARACTERS, ANSWER_CHARACTERS)
    yield "adding a reply of 2 kB", timed(lambda: conversation.add(reply), 21)
    growing = Message("assistant", (ReasoningPart(speech.text(50_000)),))
    place = conversation.add(growing)
    saving = timed(lambda: conversation.replace(place, growing), 21)
    yield "saving a growing reply of 50 kB", saving
    yield "deleting a conversation for good", timed(lambda: delete(store, identity), 1)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DROP TABLE search")
    yield "making the index anew", timed(lambda: first_search(path, RARE), 1)


def delete(store: HistoryStore, identity: str) -> None:
    """Delete a conversation, not to be undone."""
    store.delete(identity)
    store.purge_deleted()


def open_at(path: Path) -> HistoryStore:
    """The history whose database is at `path`."""
    return HistoryStore(path, path.parent / "locks")


def first_list(path: Path) -> None:
    """What a start of the program does."""
    with closing(open_at(path)) as store:
        store.list(200)


def first_search(path: Path, word: str) -> None:
    """The first search of a process."""
    with closing(open_at(path)) as store:
        store.search(word)


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
            store._database.read(
                lambda connection: fill(connection, speech, asked.conversations, asked.messages)
            )
            print("\n".join(sizes(path)))
            for name, took in measure(store, path, speech, asked.conversations):
                print(f"| {name} | {took} |", flush=True)


if __name__ == "__main__":
    main()
