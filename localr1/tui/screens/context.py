"""What fills the context window, over the chat: counted when it rests, live while it replies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.events import Resize

from localr1.errors import EngineError
from localr1.session.context_use import ContextUse, live_use
from localr1.tui.gauges import advice, gauges, headline
from localr1.tui.keymap import keymap_of
from localr1.tui.screens.sheet import TextSheet
from localr1.tui.themed import counter_seconds
from localr1.tui.widgets.context_view import ContextView
from localr1.tui.widgets.notes import sentence

if TYPE_CHECKING:
    from localr1.session import ChatSession
    from localr1.tui.screens.chat import ChatScreen

COUNTING = "Counting…"
NOT_LOADED = "No model is loaded yet, so there is no window to fill."

_AROUND_ROWS = 8
"""Margins, heading and keys."""


class ContextScreen(TextSheet):
    """Gauges of the window.

    Args:
        session: counts.
        chat: knows what a running reply has taken so far.
    """

    AUTO_FOCUS = ""
    heading = "Context window"

    def __init__(self, session: ChatSession, chat: ChatScreen) -> None:
        self._view = ContextView(id="sheet-text")
        super().__init__(self._view)
        self.search.display = False
        self._session = session
        self._chat = chat
        self._counted: object = None
        """What was counted last, or is being counted."""

    @property
    def copied(self) -> str:
        """All that is shown."""
        return self._view.text

    def searched(self, words: str) -> None:
        """A few rows need no search."""

    def on_resize(self, event: Resize) -> None:
        """As high as the rows are, as far as the screen has room for the rest of the sheet."""
        super().on_resize(event)
        self.body.styles.max_height = max(1, event.size.height - _AROUND_ROWS)

    def on_mount(self) -> None:
        """Show what is known, from now on as it changes."""
        self._look()
        self.set_interval(counter_seconds(self), self._look)

    def _look(self) -> None:
        if self._session.model is None:
            self._view.show(NOT_LOADED)
        elif self._chat.is_replying:
            self._counted = None
            self._show(self._live())
        elif self._chat.is_idle:
            self._count_where_changed()

    def _live(self) -> ContextUse:
        status = self._chat.status_line.status
        return live_use(
            status.n_ctx,
            prompt=status.prompt_tokens,
            thinking=status.thinking_tokens,
            reply=status.answer_tokens,
        )

    def _count_where_changed(self) -> None:
        session = self._session
        now = (session.messages, session.settings.system, session.plan)
        if now != self._counted:
            self._counted = now
            self._view.show(COUNTING)
            # Not of this screen: what the engine was asked is heard to its end, shown or not
            self._chat.run_worker(self._count(now), group="context")

    async def _count(self, counted: object) -> None:
        try:
            use = await self._session.context_use()
        except EngineError as error:
            if self._counted is counted:
                self._view.show(f"{sentence(error.message)}.")
        else:
            if self._counted is counted:
                self._chat.show_window(use.taken_tokens)
                self._show(use)

    def _show(self, use: ContextUse) -> None:
        model = self._session.model
        held = self._chat.status_line.status.context_tokens
        limit = model.n_ctx_train if model else 0
        words = advice(use, keymap_of(self), held=held, n_ctx_train=limit)
        self._view.show(headline(use), gauges(use), words)
