"""The main views, as text for a readable difference and as a picture for the colours.

`pytest tests/tui/test_views.py --snapshot-update` accepts what is shown now; a failed run
leaves snapshot_report.html, which shows both pictures.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot

from localr1.chat.effort import CLOSING_SENTENCE
from localr1.engine.protocol import Answer, Failed, Loading, Prompt, Reasoning
from localr1.tui.app import Localr1App
from tests.tui.harness import Chat, Clock
from tests.tui.scripted_session import DONE, READY, ScriptedSession, Step, reply

QUESTION = "What is the sum of the numbers from 1 to 100? Show me Python, too."

THOUGHT = """\
Okay, I need the sum of the first hundred numbers.

I remember the story about Gauss: pair 1 with 100, 2 with 99, and so on. Each pair makes 101, \
and there are 50 pairs.

Wait, let me check that with a smaller case: 1+4 and 2+3, two times 5 is 10. Good.

So 50 times 101 is 5050.
"""

ANSWER = """\
The sum is **5050**: 50 pairs of `101`.

1. Pair *1 with 100*, *2 with 99*, and so on.
2. Every pair adds up to 101.

```python
def total(n: int) -> int:
    return n * (n + 1) // 2  # Gauss
```

| n | sum |
|---|---|
| 10 | 55 |
| 100 | 5,050 |
"""

STOPPED = Failed(
    message="The system stopped the engine, most likely for lack of memory.",
    hint="Send again to start it anew, or use a smaller window: --n-ctx 4096",
)


PAUSE = ["ctrl+s", "wait:100"]

LIMITED: list[Step] = [
    Reasoning(text=THOUGHT, tokens=512),
    Reasoning(text=CLOSING_SENTENCE, author="localr1"),
    Answer(text="The sum is **5050**."),
    msgspec.structs.replace(DONE, reasoning_ended_by="tokens", reasoning_tokens=512),
]


class View(NamedTuple):
    """How to get to a view."""

    steps: Sequence[Step] = ()
    """The reply to QUESTION; without one nothing is asked."""
    rest: Sequence[Step] = ()
    """Said when the reply is gone on with."""
    load: Sequence[Step] = (Loading(progress=0.5), READY)
    keys: Sequence[str] = ()
    theme: str | None = None
    size: tuple[int, int] = (80, 24)


VIEWS: dict[str, Callable[[], View]] = {
    "loading": lambda: View(load=[Loading(progress=0.43), asyncio.Event()]),
    "ready": View,
    "reading": lambda: View([Prompt(processed=1024, total=3300, cached=0), asyncio.Event()]),
    "thinking": lambda: View([Reasoning(text=THOUGHT, tokens=130), asyncio.Event()]),
    "steering": lambda: View([Reasoning(text=THOUGHT, tokens=130), asyncio.Event()], keys=PAUSE),
    "steered": lambda: View(
        [Reasoning(text=THOUGHT, tokens=130), asyncio.Event()],
        rest=[Reasoning(text=" and with 1 to 3: 6.", tokens=12), asyncio.Event()],
        keys=[*PAUSE, *"Check it", "enter"],
    ),
    "limit": lambda: View(LIMITED, keys=["ctrl+t"]),
    "narrow limit": lambda: View(LIMITED, keys=["ctrl+t"], size=(40, 24)),
    "answering": lambda: View([*reply(THOUGHT, ANSWER)[:-8], asyncio.Event()]),
    "done": lambda: View(reply(THOUGHT, ANSWER)),
    "light": lambda: View(reply(THOUGHT, ANSWER), theme="localr1-light"),
    "opened": lambda: View(reply(THOUGHT, ANSWER), keys=["ctrl+t"], size=(120, 40)),
    "failed": lambda: View([*reply(THOUGHT, "The sum is\n")[:-1], STOPPED]),
    "help": lambda: View(keys=["f1"]),
    "narrow": lambda: View(reply(THOUGHT, ANSWER), size=(40, 24)),
}


@pytest.mark.parametrize("name", VIEWS)
def test_view(name: str, snapshot: SnapshotAssertion, snap_compare: Callable[..., bool]) -> None:
    view = VIEWS[name]()
    session = ScriptedSession(view.steps, view.rest, load=view.load)
    clock = Clock()
    app = Localr1App(session, view.theme, clock)  # type: ignore[arg-type]
    seen: list[str] = []

    async def reach(pilot: Pilot[None]) -> None:
        running = Chat(app, pilot, clock)
        running.hold_still()
        await running.settle()
        if view.steps:
            await running.ask(QUESTION)
        await pilot.press(*view.keys)
        await running.settle()
        seen.append(running.seen)

    same_picture = snap_compare(app, terminal_size=view.size, run_before=reach)
    assert seen[0] == snapshot
    assert same_picture
