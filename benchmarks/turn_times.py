"""How soon a reply starts: in a growing conversation, and in one that is opened again.

    python -m benchmarks.turn_times [--turns 6] [--reading 10] [--reopened 8000]

The models have random weights in real shapes, so their words mean nothing and their speed is that
of trained ones: Qwen3-0.6B for the turns, four layers of R1-Distill-Qwen-7B for reopening. Times
are from sending to the first piece of the reply, side by side in one run.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.random_model import QWEN3_0_6B, R1_DISTILL_QWEN_7B_PART, random_model
from localr1 import paths
from localr1.engine.protocol import Answer, Done, Failed, Reasoning
from localr1.history.store import HistoryStore
from localr1.models.reference import find_model
from localr1.session import ChatSession
from localr1.settings import load_settings

MESSAGE_WORDS = 60
GOAL_TURN, GOAL_REOPENED = 1.25, 1.5
_WORDS = [
    "sea", "wind", "ship", "sail", "rope", "mast", "wave", "salt", "harbour", "light", "stone",
    "gull", "tide", "storm", "cloud",
]  # fmt: skip


def message(number: int, words: int = MESSAGE_WORDS) -> str:
    """So many words, other ones for each number."""
    return " ".join(_WORDS[(number * 7 + n * (1 + number % 3)) % len(_WORDS)] for n in range(words))


def new_session(
    model: Path, store: HistoryStore | None = None, *, read_ahead: bool | None = None
) -> ChatSession:
    """A conversation with short replies."""
    given: Mapping[str, object] = {
        "max_tokens": 48,
        "reasoning_budget": 0,
        "n_ctx": 12288,
        "temperature": 1.0,
        "read_ahead": read_ahead,
    }
    conversation = store.create("random") if store else None
    return ChatSession(find_model(str(model)), load_settings(given, {}), conversation)


async def load(session: ChatSession) -> None:
    """Load the model, and wait for what is done then."""
    async for event in session.load():
        if isinstance(event, Failed):
            raise SystemExit(event.message)
    await session.settle()


async def ask(session: ChatSession, text: str) -> tuple[float, Done]:
    """Seconds to the first piece of the reply, and its end."""
    started, first = time.monotonic(), 0.0
    async for event in session.send(text):
        if isinstance(event, (Reasoning, Answer)) and not first:
            first = time.monotonic() - started
        last = event
    if not isinstance(last, Done):
        raise SystemExit(f"the reply failed: {last}")
    return first, last


async def turns(
    model: Path, count: int, reading_seconds: float, *, read_ahead: bool
) -> list[float]:
    """Seconds to the first piece of each turn of a conversation."""
    session = new_session(model, read_ahead=read_ahead)
    await load(session)
    await ask(session, message(100))  # first use of the weights
    session = await _afresh(session, model, read_ahead=read_ahead)
    times = []
    for number in range(count):
        seconds, done = await ask(session, message(number))
        times.append(seconds)
        print(
            f"  turn {number + 1}: {seconds:.2f} s, {done.prompt_tokens:,} tokens in the prompt, "
            f"{done.cached_tokens:,} of them held",
            flush=True,
        )
        await asyncio.sleep(reading_seconds)
    await session.close()
    return times


async def _afresh(session: ChatSession, model: Path, *, read_ahead: bool) -> ChatSession:
    await session.close()
    session = new_session(model, read_ahead=read_ahead)
    await load(session)
    return session


async def reopened(model: Path, tokens: int) -> tuple[float, float]:
    """Seconds to the first piece in a new conversation, and in one of so many tokens reopened."""
    store = HistoryStore(paths.history_file(), paths.locks_folder())
    long = new_session(model, store)
    await load(long)
    seconds, done = await ask(long, message(3, tokens * 9 // 10))
    print(f"  {done.prompt_tokens:,} tokens read in {seconds:.0f} s", flush=True)
    await long.settle()
    identity = long.conversation_id or ""
    started = time.monotonic()
    await long.close()
    print(f"  closed in {time.monotonic() - started:.1f} s", flush=True)
    fresh, again = [], []
    for number in range(3):
        session = new_session(model)
        await load(session)
        fresh.append((await ask(session, message(number)))[0])
        await session.close()
        with _copy_of_home():
            again.append(await _ask_again(model, identity, message(number)))
        print(f"  new {fresh[-1]:.2f} s, reopened {again[-1]:.2f} s", flush=True)
    return statistics.median(fresh), statistics.median(again)


async def _ask_again(model: Path, identity: str, text: str) -> float:
    """Seconds to the first piece of a reply in a conversation that is opened again."""
    store = HistoryStore(paths.history_file(), paths.locks_folder())
    flags = {"max_tokens": 48, "reasoning_budget": 0, "n_ctx": 12288}
    settings = load_settings(flags, {})
    session = ChatSession(find_model(str(model)), settings, store.open(identity), is_brief=True)
    started = time.monotonic()
    await load(session)
    print(f"  model and state loaded in {time.monotonic() - started:.1f} s", end="")
    seconds, done = await ask(session, text)
    print(f", {done.cached_tokens:,} of {done.prompt_tokens:,} tokens held")
    await session.close()
    return seconds


@contextlib.contextmanager
def _copy_of_home() -> Iterator[None]:
    """Each time the same conversation: what is said in it is said in a copy."""
    home = os.environ["LOCALR1_HOME"]
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copytree(home, Path(folder) / "home")
        os.environ["LOCALR1_HOME"] = str(copy)
        try:
            yield
        finally:
            os.environ["LOCALR1_HOME"] = home


def main() -> int:
    """Measure both, print ratios; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--turns", type=int, default=6)
    parser.add_argument("--reading", type=float, default=10.0, help="seconds between turns")
    parser.add_argument("--reopened", type=int, default=8000, help="tokens; 0 leaves it out")
    arguments = parser.parse_args()
    small = random_model("0.6b", QWEN3_0_6B)
    is_met = True
    with tempfile.TemporaryDirectory() as home:
        os.environ["LOCALR1_HOME"] = home
        ratios = {}
        for name, is_on in (("reading ahead", True), ("without", False)):
            print(f"{name}:")
            seconds = asyncio.run(
                turns(small, arguments.turns, arguments.reading, read_ahead=is_on)
            )
            ratios[name] = seconds[-1] / seconds[0]
        for name, ratio in ratios.items():
            print(f"turn {arguments.turns} / turn 1, {name}: {ratio:.2f}")
        is_met = ratios["reading ahead"] <= GOAL_TURN
        if arguments.reopened:
            print("reopening:")
            fresh, again = asyncio.run(
                reopened(random_model("7b-part", R1_DISTILL_QWEN_7B_PART), arguments.reopened)
            )
            print(f"reopened / new: {again / fresh:.2f} (goal: at most {GOAL_REOPENED})")
            is_met = is_met and again / fresh <= GOAL_REOPENED
    print(f"goal for the last turn: at most {GOAL_TURN}; {'met' if is_met else 'missed'}")
    return 0 if is_met else 1


if __name__ == "__main__":
    raise SystemExit(main())
