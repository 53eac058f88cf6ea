"""The thinking as people see it: its limit, its outline, words found in it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot

from localr1.chat.effort import ReasoningLimit
from localr1.engine.protocol import Reasoning
from localr1.tui.app import Localr1App
from tests.tui.harness import Chat, Clock
from tests.tui.scripted_session import ScriptedSession, Step, reply

FOLDER = Path(__file__).parents[1] / "data"
TRACE = (FOLDER / "thought-english.txt").read_text(encoding="utf-8")
CHINESE = (FOLDER / "thought-chinese.txt").read_text(encoding="utf-8")


def thinking() -> list[Step]:
    """A reply that is still thinking."""
    return [Reasoning(text=TRACE[:900], tokens=310), asyncio.Event()]


async def outline(running: Chat) -> None:
    """At the third step."""
    await running.pilot.press("alt+o", "home", "down", "down", "enter")


async def narrow_outline(running: Chat) -> None:
    """In the place of the conversation."""
    await running.pilot.press("alt+o")


async def found(running: Chat) -> None:
    """The second hit."""
    await running.screen.find("divisible", 1)
    await running.settle()
    await running.pilot.press("enter")


async def nothing(_: Chat) -> None:
    """What is there."""


class View(NamedTuple):
    """How to get to a view."""

    steps: list[Step]
    reach: Callable[[Chat], Awaitable[None]]
    size: tuple[int, int] = (80, 24)
    theme: str | None = None


VIEWS = {
    "limit": lambda: View(thinking(), nothing),
    "outline": lambda: View(reply(TRACE, "It is **114**."), outline, (130, 24)),
    "outline narrow": lambda: View(reply(CHINESE, "36。"), narrow_outline, (40, 20)),
    "outline light": lambda: View(thinking(), outline, (120, 20), "localr1-light"),
    "found": lambda: View(reply(TRACE, "It is **114**."), found),
}


@pytest.mark.parametrize("name", VIEWS)
def test_view(name: str, snapshot: SnapshotAssertion, snap_compare: Callable[..., bool]) -> None:
    view = VIEWS[name]()
    session = ScriptedSession(view.steps, thinks=ReasoningLimit(tokens=512))
    clock = Clock()
    app = Localr1App(session, view.theme, clock)  # type: ignore[arg-type]
    seen: list[str] = []

    async def reach(pilot: Pilot[None]) -> None:
        running = Chat(app, pilot, clock)
        running.hold_still()
        await running.settle()
        await running.ask("How many numbers below 1000 are divisible by 7 but not by 5?")
        await view.reach(running)
        await running.settle()
        await running.settle()
        seen.append(running.seen)

    same_picture = snap_compare(app, terminal_size=view.size, run_before=reach)
    assert seen[0] == snapshot
    assert same_picture
