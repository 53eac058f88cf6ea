"""The chat: hands keys to the dialogue and what the session says to the widgets."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from localr1.engine.protocol import Event, Failed, Loading, Notice
from localr1.tui.actions import bindings
from localr1.tui.counter import Clock
from localr1.tui.dialogue import Dialogue, Phase
from localr1.tui.marks import one_line
from localr1.tui.messages import (
    EventsArrived,
    NotSent,
    PasteRefused,
    Submitted,
    ThinkingToggled,
)
from localr1.tui.status import Status
from localr1.tui.turn import Turn
from localr1.tui.widgets.composer import LIMIT_BYTES, Composer
from localr1.tui.widgets.status_line import StatusLine
from localr1.tui.widgets.transcript import Transcript
from localr1.tui.widgets.welcome import Welcome
from localr1.units import download_size

if TYPE_CHECKING:
    from localr1.session import ChatSession

COLUMN = 100
"""Cells that words may take: longer lines are hard to read."""

MARGIN = 2

INVITATION = "Ask something    Enter sends   Ctrl+J new line   F1 all keys"
LOADING = "You can write already; it is sent when the model is loaded"
REPLYING = "Esc stops the reply"
READ_ONLY = "Another window writes to this conversation; here it can only be read."


class ChatScreen(Screen[None]):
    """Title, transcript, composer and status line over one session."""

    BINDINGS = bindings("chat")
    AUTO_FOCUS = "Composer"

    def __init__(self, session: ChatSession, clock: Clock = time.monotonic) -> None:
        super().__init__()
        self._session = session
        self._clock = clock
        self._dialogue = Dialogue(session, self.post_message)
        self._status = Status(model=one_line(session.model_name, 60))
        self._turns: list[Turn] = []
        self._title = ""
        # Kept at hand: to look for them would walk through all widgets for each event
        self.title_line = Static(id="title", markup=False)
        self.transcript = Transcript(id="transcript")
        self.composer = Composer(id="composer")
        self.status_line = StatusLine(self._status, id="status")
        self._welcome: Welcome | None = Welcome(session.model_name)

    def compose(self) -> ComposeResult:
        """Four widgets below each other; turns are added to the transcript."""
        yield self.title_line
        yield self.transcript
        yield self.composer
        yield self.status_line

    def on_resize(self, event: events.Resize) -> None:
        """Keep the words in a column in the middle."""
        side = max(MARGIN, (event.size.width - COLUMN) // 2)
        for widget in self.children:
            widget.styles.padding = widget.styles.padding._replace(left=side, right=side)

    def on_mount(self) -> None:
        """Show what is there; everything slow starts after the first paint."""
        if self._welcome is not None:
            self.transcript.mount(self._welcome)
        self._show_title()
        self._invite()
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        if self._session.messages:
            self._end_welcome()
            self._turns += self.transcript.show_history(self._session.messages)
            self.transcript.follow()
        if self._session.read_only:
            self.composer.read_only = True
            self.transcript.note().add(READ_ONLY, "warning")
        self.run_worker(self._dialogue.load(), group="session")

    def _end_welcome(self) -> None:
        if self._welcome is not None:
            self._welcome.remove()
            self._welcome = None

    # ---- from the composer -----------------------------------------------------------------

    def on_submitted(self, message: Submitted) -> None:
        """Ask, or keep the question until the model is loaded."""
        if self._dialogue.phase in (Phase.REPLYING, Phase.STOPPING):
            self._give_back(message.text, "The reply is still being written; Esc stops it.")
        elif self._dialogue.waiting is not None:
            self._give_back(message.text, "A question waits already; Esc takes it back.")
        else:
            self._ask(message.text)

    def _ask(self, text: str) -> None:
        self._end_welcome()
        turn = Turn(text, self._clock)
        self._turns.append(turn)
        self.transcript.add_turn(turn)
        if self._dialogue.phase is Phase.LOADING:
            self._dialogue.waiting = text
            turn.wait_for_model()
        else:
            self._dialogue.phase = Phase.REPLYING
            self.run_worker(self._dialogue.send(text), group="session")
        self._invite()

    def on_paste_refused(self, message: PasteRefused) -> None:
        """Say how much was pasted and how much fits."""
        size, limit = download_size(message.size_bytes), download_size(LIMIT_BYTES)
        self.status_line.say(f"[pasted {size}: too long, {limit} fit in a message]")

    # ---- from the session ------------------------------------------------------------------

    def on_events_arrived(self, message: EventsArrived) -> None:
        """Bring every widget up to what was said."""
        turn = self._turns[-1] if message.of_reply else None
        if turn is not None and turn.tps is not None:
            self._status.tps = turn.tps
        for event in message.events:
            self._status.take(event)
            if self._welcome is not None:
                self._welcome.take(event)
            if turn is not None:
                turn.apply(event)
            else:
                self._take_load(event)
        self.status_line.show_facts()
        self._show_title()

    def _take_load(self, event: Event) -> None:
        if isinstance(event, Loading) and self._dialogue.waiting is not None:
            self._turns[-1].apply(event)
        elif isinstance(event, Failed):
            self.transcript.note().add(event.message, "error", event.hint)
        elif isinstance(event, Notice):
            self.transcript.note().add(event.text)

    def on_stream_ended(self) -> None:
        """A load or a reply is over."""
        self._show_title()
        self._invite()

    def on_not_sent(self, message: NotSent) -> None:
        """Give the question back."""
        for widget in self._turns.pop().widgets:
            widget.remove()
        self._give_back(message.text, "The question was not sent.")
        self._invite()

    def _give_back(self, text: str, reason: str) -> None:
        self.composer.put_back(text)
        self.status_line.say(reason)

    # ---- actions ---------------------------------------------------------------------------

    async def action_stop(self) -> None:
        """Stop the running reply."""
        self.clear_selection()
        await self._dialogue.stop()
        if self._dialogue.phase is Phase.STOPPING:
            self._status.activity = "Stopping"
            self.status_line.show_facts()

    def action_toggle_thinking(self) -> None:
        """Open or close the thinking of the last reply that has one."""
        for turn in reversed(self._turns):
            if turn.trace.text:
                self._toggle_thinking(turn)
                break

    def on_thinking_toggled(self, message: ThinkingToggled) -> None:
        """Open or close the thinking whose line was clicked."""
        for turn in self._turns:
            if turn.header is message.header:
                self._toggle_thinking(turn)

    def _toggle_thinking(self, turn: Turn) -> None:
        turn.toggle_thinking()
        if not self.is_replying:
            # An opened block is read from its beginning; following the end would hide that
            show = self.transcript.scroll_to_widget
            self.call_after_refresh(show, turn.header, animate=False, top=turn.trace.display)

    def action_copy_answer(self) -> None:
        """Put the last answer on the clipboard."""
        answers = [turn.answer.text for turn in self._turns if turn.answer.text]
        if not answers:
            self.status_line.say("There is no answer to copy yet.")
            return
        self.app.copy_to_clipboard(answers[-1])
        self.status_line.say("Copied the answer.")

    def action_page_up(self) -> None:
        """Scroll the conversation up."""
        self.transcript.scroll_page_up(animate=False)

    def action_page_down(self) -> None:
        """Scroll the conversation down."""
        self.transcript.scroll_page_down(animate=False)

    def action_top(self) -> None:
        """Scroll to the first message."""
        self.transcript.scroll_home(animate=False)

    def action_bottom(self) -> None:
        """Scroll to the end and follow it."""
        self.transcript.follow()

    @property
    def is_replying(self) -> bool:
        """Is a reply being written?"""
        return self._dialogue.phase in (Phase.REPLYING, Phase.STOPPING)

    # ---- words -----------------------------------------------------------------------------

    def _show_title(self) -> None:
        title = one_line(self._session.title, 200) or "New conversation"
        if title != self._title:
            self._title = title
            self.title_line.update(Content(title))

    def _invite(self) -> None:
        words = {Phase.IDLE: INVITATION, Phase.LOADING: LOADING}.get(self._dialogue.phase, REPLYING)
        self.composer.placeholder = READ_ONLY if self._session.read_only else words
