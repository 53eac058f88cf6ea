"""What the chat shows, and the keys that only look: scroll, fold, copy, say."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from localr1.tui.clipboard import TERMINAL_LIMIT_BYTES
from localr1.tui.copying import CopyingApp
from localr1.tui.counter import Clock
from localr1.tui.hints import GAP, Hint
from localr1.tui.keymap import keymap_of
from localr1.tui.marks import one_line
from localr1.tui.messages import ThinkingToggled
from localr1.tui.row_compositor import RowCompositor
from localr1.tui.saving import Saving
from localr1.tui.status import Status
from localr1.tui.turn_list import TurnList
from localr1.tui.widgets.composer import Composer
from localr1.tui.widgets.conversation_list import ConversationList
from localr1.tui.widgets.notes import sentence
from localr1.tui.widgets.status_line import StatusLine
from localr1.tui.widgets.transcript import Transcript
from localr1.tui.widgets.welcome import EXAMPLES, Welcome
from localr1.units import count, download_size

if TYPE_CHECKING:
    from localr1.engine.protocol import Event
    from localr1.errors import Localr1Error
    from localr1.session import ChatSession
    from localr1.tui.turn import Turn

COLUMN = 100
"""Cells that words may take: longer lines are hard to read."""

MARGIN = 2
NARROW, LOW = 36, 12
"""Screens of fewer columns or lines do without some margins."""

LIST_CELLS = 32
"""Width of the list of conversations."""

NARROWEST_COLUMN = 56
"""A column narrower than this is covered by the list instead of being squeezed by it."""


class ChatView(Screen[None]):
    """Title, transcript, composer and status line."""

    AUTO_FOCUS = "Composer"

    def __init__(self, session: ChatSession, clock: Clock = time.monotonic) -> None:
        super().__init__()
        self._compositor = RowCompositor()
        self.session = session
        self._clock = clock
        self._status = Status(model=one_line(session.model_name, 60))
        self._title = ""
        self._load_event: Event | None = None
        """The newest one of the model's load."""
        # Kept at hand: to look for them would walk through all widgets for each event
        self.title_line = Static(id="title", markup=False)
        self.conversation_list = ConversationList(id="conversations")
        self.transcript = Transcript(id="transcript")
        self._turns = TurnList(self.transcript, session.branches, clock)
        self.composer = Composer(id="composer")
        self.status_line = StatusLine(self._status, id="status")
        self._welcome: Welcome | None = Welcome(session.model_name)
        self._show_example()

    @property
    def turns(self) -> Sequence[Turn]:
        """What is shown of the conversation; the last one may still be growing."""
        return self._turns

    @property
    def current_turn(self) -> Turn | None:
        """The turn that actions are about: the one picked, or else the last one."""
        raise NotImplementedError

    @property
    def thinking_turn(self) -> Turn | None:
        """The current turn if it has a thought; where none was picked, the last one that has."""
        current = self.current_turn
        if current is None or current.trace.text:
            return current
        turns = self._turns if current is self._turns[-1] else []
        return next((turn for turn in reversed(turns) if turn.trace.text), None)

    @property
    def is_replying(self) -> bool:
        """Is a reply being written?"""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """Widgets below each other, beside the list; turns go to the transcript."""
        yield self.conversation_list
        yield self.title_line
        yield self.transcript
        yield self.composer.offers
        yield self.composer.chips
        yield self.composer
        yield self.status_line

    def on_resize(self) -> None:
        """Keep the words in a column in the middle, beside panels where there is room."""
        self.fit_column()

    @property
    def is_narrow(self) -> bool:
        """The list of conversations covers the conversation."""
        return self.size.width < LIST_CELLS + NARROWEST_COLUMN

    @property
    def room(self) -> int:
        """Cells that the list of conversations leaves to the rest."""
        is_beside = self.conversation_list.display and not self.is_narrow
        return self.size.width - (LIST_CELLS if is_beside else 0)

    def show_list(self, is_shown: bool) -> None:
        """Show or hide the list of conversations."""
        self.conversation_list.display = is_shown
        self.fit_column()

    def fit_column(self) -> None:
        """Keep the words in a column in the middle of what the panels leave."""
        self.conversation_list.set_class(self.is_narrow, "-over")
        panels = [widget for widget in self.children if widget.has_class("panel")]
        taken = sum(panel.outer_size.width for panel in panels if panel.has_class("-side"))
        margin = MARGIN if self.size.width >= NARROW else 1
        side = max(margin, (self.room - taken - COLUMN) // 2)
        is_low = self.size.height < LOW
        for widget in self.children:
            if widget is not self.conversation_list and widget not in panels:
                padding = widget.styles.padding._replace(left=side, right=side)
                if widget in (self.transcript, self.composer):
                    padding = padding._replace(top=int(not is_low), bottom=int(not is_low))
                widget.styles.padding = padding

    def _begin_welcome(self) -> None:
        """An empty conversation, with a model that is loaded or being loaded."""
        self._welcome = Welcome(self.session.model_name)
        self._show_example()
        self.transcript.mount(self._welcome)
        if self._load_event is not None:
            self._welcome.take(self._load_event)

    def _end_welcome(self) -> None:
        if self._welcome is not None:
            self._welcome.remove()
            self._welcome = None
            self.composer.example = ""

    def _show_example(self) -> None:
        self.composer.example = EXAMPLES.get(self.session.model_name, "")

    def on_earlier_wanted(self) -> None:
        """Show more of what was said before."""
        self._turns.show_earlier(self.session.messages)

    # ---- actions ---------------------------------------------------------------------------

    def action_toggle_thinking(self) -> None:
        """Open or close the thinking of the current turn, or of the last reply that has one."""
        if self.thinking_turn is not None:
            self._toggle_thinking(self.thinking_turn)

    def on_thinking_toggled(self, message: ThinkingToggled) -> None:
        """Open or close the thinking whose line was clicked."""
        for turn in self._turns:
            if turn.header is message.header:
                self._toggle_thinking(turn)

    def open_thinking(self, turn: Turn) -> None:
        """Let the thinking of a turn be seen."""
        turn.open_thinking()

    def _toggle_thinking(self, turn: Turn) -> None:
        if turn.hides_thinking:
            self.open_thinking(turn)
        else:
            turn.toggle_thinking()
        if not self.is_replying:
            # An opened block is read from its beginning; following the end would hide that
            show = self.transcript.scroll_to_widget
            self.call_after_refresh(show, turn.header, animate=False, top=turn.trace.display)

    def action_copy_answer(self) -> None:
        """Put the last answer on the clipboard."""
        turns = [self.current_turn, *reversed(self._turns)]
        answers = [turn.answer.text for turn in turns if turn is not None and turn.answer.text]
        if not answers:
            self.say("There is no answer to copy yet.")
            return
        self.put_on_clipboard(answers[0], "the answer", "answer.md")

    def action_copy_text(self) -> None:
        """Put what is selected on the clipboard, and say so."""
        selected = self.get_selected_text()
        if selected is None:
            raise SkipAction
        self.put_on_clipboard(selected, "the selection", "selection.txt")

    def put_on_clipboard(self, text: str, what: str, file_name: str) -> None:
        """Copy text and say so; what a terminal may cut is offered to be saved.

        Args:
            text: is copied.
            what: its name in words.
            file_name: suggested where it is to be saved.
        """
        self.app.copy_to_clipboard(text)
        self.say(f"Copied {what}, {count(text.strip().count(chr(10)) + 1, 'line')}.")
        size_bytes = len(text.encode(errors="replace"))
        app = self.app
        is_safe = isinstance(app, CopyingApp) and app.system_clipboard.is_there
        if size_bytes > TERMINAL_LIMIT_BYTES and not is_safe:
            question = f"Copied {download_size(size_bytes)}, which the terminal may cut. Save it as"
            Saving(self).ask(text, file_name, question)

    def action_page_up(self) -> None:
        """Scroll the conversation up, or the thinking under the pointer."""
        self._scrolled.scroll_page_up(animate=False)

    def action_page_down(self) -> None:
        """Scroll the conversation down, or the thinking under the pointer."""
        self._scrolled.scroll_page_down(animate=False)

    def action_top(self) -> None:
        """Scroll to the first message, or to the beginning of the thinking under the pointer."""
        self._scrolled.scroll_home(animate=False)

    def action_bottom(self) -> None:
        """Scroll to the end and follow it, the end of the thinking as well."""
        if self._turns and self._turns[-1].is_thinking:
            self._turns[-1].trace.anchor()
        if self._scrolled is self.transcript:
            self.transcript.follow()

    @property
    def _scrolled(self) -> Widget:
        """What keys scroll: a small window of thinking under the pointer, else everything."""
        from localr1.tui.widgets.trace_view import TraceView

        under = self.app.mouse_over
        is_window = isinstance(under, TraceView) and under.max_scroll_y > 0
        return under if is_window and under is not None else self.transcript

    # ---- words -----------------------------------------------------------------------------

    def say(self, text: str) -> None:
        """Say something in the status line for a moment."""
        self.status_line.say(text)

    def say_hint(self, hint: Hint | None) -> None:
        """Say in the status line what keys do."""
        if hint is not None:
            text = hint.text(keymap_of(self), self.status_line.content_size.width)
            self.say(f"{'; '.join(text.split(GAP))}.")

    def with_key(self, sentence: str, about_key: str) -> str:
        """A sentence, and where the action has a key what it does: "...; Esc stops it."."""
        told = keymap_of(self).fill(about_key)
        return f"{sentence}; {told}." if told else f"{sentence}."

    def say_error(self, error: Localr1Error) -> None:
        """Say what went wrong and what to do, for a moment."""
        self.say(sentence(f"{error.message}; {error.hint}" if error.hint else error.message))

    def show_activity(self, activity: str) -> None:
        """What is being done now, in the status line."""
        self._status.activity = activity
        self.status_line.show_facts()

    def show_fetching(self, words: str) -> None:
        """What is being fetched, or was, in the status line."""
        self._status.fetching = words
        self.status_line.show_facts()

    def show_effort(self, words: str) -> None:
        """How long replies may think, in the status line."""
        self._status.effort = words
        self.status_line.refresh()

    def show_window(self, tokens: int) -> None:
        """What the next prompt takes of the window, where no reply has told what it holds."""
        if not self._status.context_tokens:
            self._status.context_tokens = tokens
            self.status_line.show_facts()

    def tell_terminal(self) -> None:
        """The title around the interface, and whether it works."""
        tell = getattr(self.app, "tell_terminal", None)
        if tell is not None:
            tell(self.session.title, is_working=self.is_replying)

    def notify_terminal(self, text: str) -> None:
        """Something is done; a person who looks elsewhere is told."""
        tell = getattr(self.app, "notify_terminal", None)
        if tell is not None:
            tell(text)

    def show_title(self) -> None:
        """The title as it is now."""
        title = one_line(self.session.title, 200) or "New conversation"
        if title != self._title:
            self._title = title
            self.title_line.update(Content(title))
