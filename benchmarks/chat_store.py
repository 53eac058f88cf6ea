"""The real chat over a large history: start, list, search, opening a long conversation, scrolling.

    python -m benchmarks.chat_store [--conversations 2000] [--messages 100000]

The chat runs in a pseudo-terminal of 120 by 40 cells with a scripted model; times are from the key
press (or the start of the process) to the paint of what was asked for. A start is compared with
one of the least that Textual starts with, in turns: on a computer that is busy both take longer.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path

from benchmarks.chat_terminal import ChatTerminal, write_transcript
from benchmarks.history_size import LAST, RARE, Speech, fill
from localr1.history.database import connect
from localr1.history.store import HistoryStore

PAGE_UP, F5, F6, ESCAPE = "\x1b[5~", "\x1b[15~", "\x1b[17~", "\x1b"
STARTS = 9
"""After one that fills caches."""
INVITATION = "sk something"
"""Without its first letter, which the cursor may be on."""
PAGES = 60


def main() -> None:
    """Make the history, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--conversations", type=int, default=2000)
    parser.add_argument("--messages", type=int, default=100_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        _make_history(home, arguments.conversations, arguments.messages)
        transcript = write_transcript(home / "short.transcript.json", "Hm.</think>Yes.")
        _measure_starts(home, str(transcript))
        with ChatTerminal(home, str(transcript)) as chat:
            chat.wait_for("Ready")
            _measure(chat)


def _make_history(home: Path, conversations: int, messages: int) -> None:
    path = home / "history.sqlite3"
    HistoryStore(path, home / "locks").close()
    with closing(connect(path)) as connection:
        fill(connection, Speech(1), conversations, messages)
    with closing(HistoryStore(path, home / "locks")) as store:
        store.search(RARE)  # what is indexed is what a running program would have indexed


def _measure_starts(home: Path, transcript: str) -> None:
    starts, bare = [], []
    for _ in range(STARTS + 1):
        with ChatTerminal(home, transcript) as chat:
            starts.append(chat.wait_for(INVITATION) - chat.started)
        with ChatTerminal(home, program=("-m", "benchmarks.bare_app")) as app:
            bare.append(app.wait_for(INVITATION) - app.started)
    middle, least = statistics.median(starts[1:]), statistics.median(bare[1:])
    _say("start to first paint", middle)
    _say("of a bare Textual program", least)
    print(f"{'start, times the bare one':32} {middle / least:8.2f}", flush=True)


def _measure(chat: ChatTerminal) -> None:
    _say("the list of conversations", _until(chat, F5, "2026"))
    time.sleep(0.5)
    chat.press(ESCAPE)
    time.sleep(0.5)
    _say("search, from the last letter", _search(chat, RARE))
    chat.press(ESCAPE)
    time.sleep(0.5)
    _search(chat, LAST)
    time.sleep(1)
    _say("opening 400 long messages", _until(chat, "\r", LAST))
    time.sleep(1)
    _scroll(chat)


def _search(chat: ChatTerminal, word: str) -> float:
    """Type a word into the search; seconds from its last letter to what was found."""
    chat.press(F6)
    time.sleep(0.5)
    for letter in word[:-1]:
        chat.press(letter)
        time.sleep(0.05)
    time.sleep(1)
    return _until(chat, word[-1], "1 place")


def _until(chat: ChatTerminal, keys: str, words: str) -> float:
    start = chat.painted_bytes()
    pressed = chat.press(keys)
    return chat.wait_for(words, 30, start) - pressed


def _scroll(chat: ChatTerminal) -> None:
    waits, cpu = [], chat.cpu_seconds()
    for _ in range(PAGES):
        start, pressed = chat.painted_bytes(), chat.press(PAGE_UP)
        while chat.painted_bytes() == start and time.monotonic() < pressed + 2:
            time.sleep(0.001)
        waits.append(time.monotonic() - pressed)
        time.sleep(0.08)
    waits.sort()
    _say("scrolling a page, median", statistics.median(waits))
    _say("scrolling a page, slowest", waits[-1])
    _say("scrolling a page, CPU", (chat.cpu_seconds() - cpu) / PAGES)


def _say(what: str, seconds: float) -> None:
    print(f"{what:32} {seconds * 1000:8.0f} ms", flush=True)


if __name__ == "__main__":
    main()
