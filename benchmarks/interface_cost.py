"""CPU time of the chat per update, by how much text is shown already.

    python -m benchmarks.interface_cost

The chat runs in a pseudo-terminal of 120 by 40 cells, so that layout, painting and encoding are
counted. An update is 32 characters (8 tokens), 25 of them a second.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import tempfile
import termios
import time
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from localr1.tui.app import Localr1App

SIZES_KB = (1, 10, 50, 130)
UPDATES = 75
UPDATE_CHARACTERS = 32
INTERVAL_SECONDS = 0.04

PARAGRAPH = (
    "Let me think about this again, since the first attempt was not quite right; the sum of the "
    "parts has to be the same on both sides, and 17 times 23 is 391, so that part holds.\n\n"
)
CODE = "```python\ndef total(n):\n    return sum(range(1, n + 1))  # slow\n```\n\n"
LIST = "".join(f"{n}. The step number {n} uses **what was shown** before.\n" for n in range(1, 9))
TABLE = "| n | sum |\n|---|---|\n| 10 | 55 |\n| 100 | 5,050 |\n\n"
FORMULAS = (
    "With \\(x_1 = \\frac{1}{2}\\) and $a^2 + b^2 = c^2$ the sum is\n\\[\n"
    "\\sum_{k=1}^{n} k = \\frac{n(n+1)}{2}\n\\]\nso that $x \\in \\mathbb{R}$ holds.\n\n"
)
MIXED = [PARAGRAPH, PARAGRAPH, LIST + "\n", PARAGRAPH, CODE, PARAGRAPH, f"## Next\n\n{TABLE}"]


def main() -> None:
    """Print the table, or be the chat that is measured."""
    if len(sys.argv) > 1:
        report = Path(sys.argv[1])
        report.write_text(json.dumps(asyncio.run(_run_chat())))
        return
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        _run_in_terminal([sys.executable, "-m", "benchmarks.interface_cost", str(report)])
        print(f"{'CPU ms per update':25}" + "".join(f"{size:>7} KB" for size in SIZES_KB))
        for name, costs in json.loads(report.read_text()).items():
            print(f"{name:25}" + "".join(f"{cost:10.1f}" for cost in costs))


def _run_in_terminal(command: list[str]) -> None:
    """Run to the end in a pseudo-terminal whose output is read and dropped."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    with subprocess.Popen(
        command, stdin=follower, stdout=follower, stderr=follower, env=environment
    ) as child:
        os.close(follower)
        while _read(leader):
            pass
        child.wait()
    os.close(leader)


def _read(leader: int) -> bytes:
    try:
        return os.read(leader, 1 << 16)
    except OSError:  # the last process on the terminal is gone
        return b""


async def _run_chat() -> dict[str, list[float]]:
    from localr1.tui.app import Localr1App
    from tests.tui.scripted_session import ScriptedSession

    app = Localr1App(ScriptedSession(load=()))  # type: ignore[arg-type]  # same contract
    running = asyncio.create_task(app.run_async())
    await asyncio.sleep(1.0)
    costs = await _measure(app)
    app.exit()
    await running
    return costs


async def _measure(app: Localr1App) -> dict[str, list[float]]:
    return {
        "thinking, 12 rows": [await _cost(app, "thinking", kb, "") for kb in SIZES_KB],
        "thinking, all rows": [await _cost(app, "thinking", kb, "all") for kb in SIZES_KB],
        "thinking, outline open": [await _cost(app, "thinking", kb, "outline") for kb in SIZES_KB],
        "thinking, words found": [await _cost(app, "thinking", kb, "found") for kb in SIZES_KB],
        "thinking, folded": [await _cost(app, "thinking", kb, "folded") for kb in SIZES_KB],
        "answer, mixed Markdown": [await _cost(app, "answer", kb, "") for kb in SIZES_KB],
        "answer, formulas": [await _cost(app, "answer", kb, "formulas") for kb in SIZES_KB],
    }


async def _cost(app: Localr1App, what: str, size_kb: int, how: str) -> float:
    """CPU ms per update with this much text shown."""
    from localr1.engine.protocol import Answer, Reasoning
    from localr1.tui.messages import EventsArrived
    from localr1.tui.screens.chat import ChatScreen

    screen = app.screen
    assert isinstance(screen, ChatScreen)
    screen._turns.show(())
    turn = screen._turns.add("What does an update cost?", 0)
    event = Reasoning if what == "thinking" else Answer
    pieces = _pieces([PARAGRAPH, FORMULAS] if how == "formulas" else MIXED)
    for _ in range(size_kb * 1024 // UPDATE_CHARACTERS):
        turn.apply(event(text=next(pieces), tokens=8))
    turn.trace.set_class(how != "all", "-live")
    turn.trace.display = what == "thinking" and how != "folded"
    if how == "outline":
        screen.call_later(screen.action_control, "thinking", "outline")
    elif how == "found":
        screen.call_later(screen.find, "the", 0)
    await asyncio.sleep(1.5)
    started = time.process_time()
    for _ in range(UPDATES):
        update = event(text=next(pieces), tokens=8)
        screen.post_message(EventsArrived([update], of_reply=True))
        await asyncio.sleep(INTERVAL_SECONDS)
    cost = (time.process_time() - started) / UPDATES * 1000
    screen._close_panel()
    return cost


def _pieces(blocks: Sequence[str]) -> Iterator[str]:
    waiting = ""
    for block in cycle(blocks):
        waiting += block
        while len(waiting) >= UPDATE_CHARACTERS:
            yield waiting[:UPDATE_CHARACTERS]
            waiting = waiting[UPDATE_CHARACTERS:]


if __name__ == "__main__":
    main()
