"""The terminal interface over a chat session."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import signal
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from textual.app import SystemCommand
from textual.screen import Screen

from localr1 import paths
from localr1.errors import ExitCode
from localr1.tui.actions import bindings, commands
from localr1.tui.copying import CopyingApp
from localr1.tui.counter import Clock
from localr1.tui.preferences import Preferences, preferences
from localr1.tui.screens.chat import ChatScreen
from localr1.tui.theme import DARK, LIGHT

if TYPE_CHECKING:
    from localr1.session import ChatSession
    from localr1.settings import Settings

QUIT_SECONDS = 3.0
"""A second Ctrl+C within this time quits."""

CLOSE_SECONDS = 8.0
"""Time the engine gets to end; its process is gone with ours in any case."""


class Localr1App(CopyingApp):
    """Themes, the palette and quitting; everything else belongs to the screens."""

    TITLE = "localr1"
    CSS_PATH = "localr1.tcss"
    BINDINGS = bindings("app")

    def __init__(
        self,
        session: ChatSession,
        theme: str | None = None,
        clock: Clock = time.monotonic,
        preferred: Preferences = Preferences(),  # noqa: B008 - frozen
    ) -> None:
        super().__init__()
        self._session = session
        self._preferred = preferred
        self._clock = clock
        self._interrupted = float("-inf")
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self._theme_setting = theme
        self.theme = self._usable_theme(theme)

    def get_default_screen(self) -> Screen[None]:
        """The chat."""
        return ChatScreen(self._session, self._clock, self._preferred)

    @property
    def _chat(self) -> ChatScreen:
        """The screen below all sheets."""
        chat = self.screen_stack[0]
        assert isinstance(chat, ChatScreen)
        return chat

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: our actions, and Textual's choice of themes."""
        for action, name in commands():
            run = functools.partial(self.run_action, name, screen)
            yield SystemCommand(action.title, action.explanation, run)
        yield SystemCommand("Theme", "Choose other colours", self.action_change_theme)

    def follow_settings(self, settings: Settings) -> None:
        """Show what the interface itself follows of changed settings."""
        if settings.theme != self._theme_setting:
            self._theme_setting = settings.theme
            self.theme = self._usable_theme(settings.theme)
        self._chat.prefer(preferences(settings))

    def _usable_theme(self, name: str | None) -> str:
        return name if name in self.available_themes else DARK.name

    # Screens are imported when they are first wanted

    def action_help(self) -> None:
        """Show all keys."""
        from localr1.tui.screens.help import HelpScreen

        self._open(HelpScreen, lambda: HelpScreen(self._keys_in_use()))

    def action_settings(self) -> None:
        """Show every setting."""
        from localr1.tui.screens.settings import SettingsScreen

        again, themes = self._chat.load_again, sorted(self.available_themes)
        self._open(
            SettingsScreen,
            lambda: SettingsScreen(self._session, again, self.follow_settings, themes),
        )

    def action_doctor(self) -> None:
        """Show what the computer has."""
        from localr1.tui.screens.doctor import DoctorScreen

        self._open(DoctorScreen, lambda: DoctorScreen(self._session))

    def action_log(self) -> None:
        """Show the engine's log."""
        from localr1.tui.screens.log import LogScreen

        running = self._session.log_path
        self._open(LogScreen, lambda: LogScreen(paths.logs_folder(), running))

    def _open(self, kind: type[Screen[None]], make: Callable[[], Screen[None]]) -> None:
        """Open a sheet over the chat; asked for again, it closes."""
        if isinstance(self.screen, kind):
            self.pop_screen()
        elif not any(isinstance(screen, kind) for screen in self.screen_stack):
            self.push_screen(make())

    def _keys_in_use(self) -> dict[str, str]:
        """The keys of the chat's actions as they are now, by the names of the actions."""
        keys: dict[str, list[str]] = {}
        for key, active in self._chat.active_bindings.items():
            keys.setdefault(active.binding.id or "", []).append(key)
        return {name: ",".join(of_action) for name, of_action in keys.items()}

    def action_switch_colours(self) -> None:
        """Dark becomes light, light becomes dark."""
        self.theme = LIGHT.name if self.current_theme.dark else DARK.name

    async def action_interrupt(self) -> None:
        """Ctrl+C without a selection: stop the reply; pressed again, quit."""
        now = self._clock()
        if now - self._interrupted < QUIT_SECONDS:
            self.exit()
            return
        self._interrupted = now
        if isinstance(self.screen, ChatScreen):
            if self.screen.is_replying:
                await self.screen.stop()
            self.screen.status_line.say("Press Ctrl+C again to quit.")

    def _print_error_renderables(self) -> None:
        # Textual prints a traceback with the values of all variables; an error of ours is
        # raised by `run_chat` instead, and the command line says it in one line
        self._exit_renderables.clear()


def run_chat(session: ChatSession, settings: Settings) -> int:
    """Show the chat until it is left; the session is closed then. The process's exit code."""
    app = Localr1App(session, settings.theme, preferred=preferences(settings))
    return asyncio.run(_run(app, session))


async def _run(app: Localr1App, session: ChatSession) -> int:
    loop = asyncio.get_running_loop()
    for name in ("SIGTERM", "SIGHUP"):
        # Windows has neither handlers nor SIGHUP
        with contextlib.suppress(NotImplementedError, AttributeError):
            loop.add_signal_handler(getattr(signal, name), app.exit)
    try:
        await app.run_async()
    finally:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(session.close(), CLOSE_SECONDS)
    if app._exception is not None:
        raise app._exception
    return int(ExitCode.OK)
