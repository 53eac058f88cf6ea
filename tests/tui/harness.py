"""The chat with a scripted session, and what a person would see of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot

from localr1.tui.app import Localr1App
from localr1.tui.preferences import Preferences
from localr1.tui.screens.chat import ChatScreen
from localr1.tui.widgets.line_view import LineView
from tests.tui.scripted_session import ScriptedSession


class Clock:
    """Seconds that only go on when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Chat:
    """A running chat."""

    def __init__(self, app: Localr1App, pilot: Pilot[None], clock: Clock) -> None:
        self.app = app
        self.pilot = pilot
        self.clock = clock

    @property
    def screen(self) -> ChatScreen:
        """The chat screen, also when a sheet lies over it."""
        screen = self.app.screen_stack[0]
        assert isinstance(screen, ChatScreen)
        return screen

    async def settle(self, seconds: float = 0.07) -> None:
        """Let batches and layouts happen."""
        await self.pilot.pause(seconds)
        await self.pilot.pause()

    def hold_still(self) -> None:
        """For a picture: no cursor blinks, whatever has the focus."""
        self.app.reduce_motion(True)
        self.screen.composer.cursor_blink = False

    async def ask(self, text: str) -> None:
        """Write and send."""
        self.screen.composer.text = text
        await self.pilot.press("enter")
        await self.settle()

    def texts(self, selector: str) -> list[str]:
        """The texts of the line views that are shown and match."""
        return [view.text for view in self.screen.query(selector) if view.display]  # type: ignore[attr-defined]

    def rows(self) -> list[str]:
        """The screen as lines of text."""
        strips = self.app.screen._compositor.render_strips()
        return [strip.text.rstrip() for strip in strips]

    @property
    def seen(self) -> str:
        """All of the screen."""
        return "\n".join(self.rows())


@asynccontextmanager
async def chat(
    session: ScriptedSession,
    size: tuple[int, int] = (80, 24),
    theme: str | None = None,
    preferred: Preferences = Preferences(),  # noqa: B008 - frozen
    **options: Any,
) -> AsyncIterator[Chat]:
    """The interface over this session, loaded as far as its script goes."""
    clock = Clock()
    app = Localr1App(session, theme, clock, preferred, **options)  # type: ignore[arg-type]  # the contract
    async with app.run_test(size=size) as pilot:
        running = Chat(app, pilot, clock)
        await running.settle()
        yield running


def assert_line_view(widget: object) -> LineView:
    """This widget as a line view."""
    assert isinstance(widget, LineView)
    return widget
