"""The terminal interface over a chat session."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from textual.app import SystemCommand
from textual.screen import Screen

from localr1 import paths
from localr1.errors import UsageError
from localr1.session.pulls import Pulls
from localr1.tui.actions import ACTIONS, bindings, commands
from localr1.tui.copying import CopyingApp
from localr1.tui.counter import Clock
from localr1.tui.keymap import USUAL, Keymap
from localr1.tui.preferences import Preferences, preferences
from localr1.tui.screens.chat import ChatScreen
from localr1.tui.terminal import Surroundings
from localr1.tui.theme import next_theme, theme_name

if TYPE_CHECKING:
    from localr1.session import ChatSession
    from localr1.settings import Settings
    from localr1.tui.model_list.shelf import Shelf

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
        *,
        keymap: Keymap = USUAL,
        environment: Mapping[str, str] = os.environ,
        pulls: Pulls | None = None,
        shelf: Shelf | None = None,
        fetch: str = "",
    ) -> None:
        super().__init__(theme, reduced_motion=preferred.reduced_motion, environment=environment)
        self.keymap = keymap
        self.set_keymap(keymap.changes)
        self._session = session
        self.pulls = pulls or Pulls()
        """Models that are being fetched; whoever runs the interface closes them."""
        self._shelf = shelf
        self._fetch = fetch
        self._preferred = preferred
        self._clock = clock
        self._interrupted = float("-inf")
        self._theme_setting = theme
        self._surroundings = Surroundings(self._send, clock, preferred.notify, environment)

    def get_default_screen(self) -> Screen[None]:
        """The chat."""
        return ChatScreen(
            self._session,
            self._clock,
            self._preferred,
            pulls=self.pulls,
            shelf=self._shelf,
            fetch=self._fetch,
        )

    @property
    def _chat(self) -> ChatScreen:
        """The screen below all sheets."""
        chat = self.screen_stack[0]
        assert isinstance(chat, ChatScreen)
        return chat

    def on_mount(self) -> None:
        """Give the terminal its title back while somebody else has it."""
        # At once: a moment later the process is stopped
        leave = self._surroundings.leave
        self.app_suspend_signal.subscribe(self, lambda _: leave(), immediate=True)
        self.app_resume_signal.subscribe(self, lambda _: self._come_back())

    def _come_back(self) -> None:
        self._surroundings.come_back()
        self.refresh(layout=True)

    def _send(self, sequence: str) -> None:
        """To the terminal, between two updates of the screen."""
        if self._driver is not None:
            self._driver.write(sequence)

    def tell_terminal(self, title: str, *, is_working: bool) -> None:
        """What the conversation is called, and whether a reply is being written."""
        self._surroundings.show(title, is_working=is_working, is_focused=self.app_focus)

    def notify_terminal(self, text: str) -> None:
        """Something is done; a person who looks elsewhere is told."""
        self._surroundings.tell(text, is_focused=self.app_focus)

    def on_unmount(self) -> None:
        """The terminal is given back."""
        self._surroundings.leave()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: our actions, and Textual's choice of themes."""
        for action, name in commands():
            run = functools.partial(self.run_action, name, screen)
            key = self.keymap.label(action.name)
            told = f"{action.explanation} · {key}" if key else action.explanation
            yield SystemCommand(action.title, told, run)
        yield SystemCommand("Theme", "Choose other colours", self.action_change_theme)

    def follow_settings(self, settings: Settings) -> None:
        """Show what the interface itself follows of changed settings."""
        if settings.theme != self._theme_setting:
            self._theme_setting = settings.theme
            with contextlib.suppress(UsageError):
                self.theme = theme_of(settings)
        preferred = preferences(settings)
        self._surroundings.notify = preferred.notify
        self.reduce_motion(preferred.reduced_motion)
        self._chat.prefer(preferred)
        self.run_worker(self._chat.models.obey_settings())

    # Screens are imported when they are first wanted

    def action_help(self) -> None:
        """Show all keys."""
        from localr1.tui.screens.help import HelpScreen

        names = [action.name for action in ACTIONS]
        self._open(HelpScreen, lambda: HelpScreen({n: self.keymap.keys(n) for n in names}))

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

    def action_context(self) -> None:
        """Show what fills the context window."""
        from localr1.tui.screens.context import ContextScreen

        self._open(ContextScreen, lambda: ContextScreen(self._session, self._chat))

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

    def action_switch_colours(self) -> None:
        """The next of our themes."""
        self.theme = next_theme(self.theme)
        self._say(f"Theme: {self.theme}")

    def action_suspend(self) -> None:
        """Stop this process and let the shell go on; its `fg` comes back."""
        if can_suspend():
            self.action_suspend_process()
        else:
            self._say("There is no shell to go to here.")

    async def action_interrupt(self) -> None:
        """Ctrl+C without a selection: stop the reply; pressed again, quit."""
        now = self._clock()
        if now - self._interrupted < QUIT_SECONDS:
            self.exit()
            return
        self._interrupted = now
        if isinstance(self.screen, ChatScreen) and self.screen.is_replying:
            await self.screen.stop()
        self._say(self.keymap.fill("Press {interrupt} again to quit."))

    def _say(self, text: str) -> None:
        if isinstance(self.screen, ChatScreen):
            self.screen.say(text)

    def _print_error_renderables(self) -> None:
        # Textual prints a traceback with the values of all variables; an error of ours is
        # raised by `run_chat` instead, and the command line says it in one line
        self._exit_renderables.clear()


def run_chat(session: ChatSession, settings: Settings, fetch: str = "") -> Sequence[str]:
    """Show the chat until it is left; the session is closed then.

    Args:
        session: that is shown.
        settings: of which the interface follows some.
        fetch: a model that is fetched meanwhile, as `localr1 pull` takes it.

    Returns:
        References of models whose fetching ended with the chat.
    """
    app = Localr1App(
        session,
        theme_of(settings),
        keymap=Keymap(settings.keys, f"[keys] of {paths.settings_file()}"),
        preferred=preferences(settings),
        fetch=fetch,
    )
    asyncio.run(_run(app, session))
    return app.pulls.broken_off


def theme_of(settings: Settings) -> str:
    """The theme to begin with.

    Raises:
        UsageError: the settings name one that does not exist.
    """
    is_flag = settings.origin("theme") == "flag"
    return theme_name(settings.theme, os.environ, insists=is_flag)


def can_suspend() -> bool:
    """Whether somebody could let a stopped process go on: a shell that has jobs."""
    if sys.platform == "win32":
        return False
    # A process in the group of its session's leader was not started as a job
    return os.getpgrp() != os.getsid(0)


async def _run(app: Localr1App, session: ChatSession) -> None:
    loop = asyncio.get_running_loop()
    for name in ("SIGTERM", "SIGHUP"):
        # Windows has neither handlers nor SIGHUP
        with contextlib.suppress(NotImplementedError, AttributeError):
            loop.add_signal_handler(getattr(signal, name), app.exit)
    try:
        await app.run_async()
    finally:
        with contextlib.suppress(asyncio.TimeoutError):
            ends = asyncio.gather(session.close(), app.pulls.close())
            await asyncio.wait_for(ends, CLOSE_SECONDS)
    if app._exception is not None:
        raise app._exception
