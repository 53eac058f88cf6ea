"""The chat: hands keys, words and clicks to its controls."""

from __future__ import annotations

import time
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING

from localr1.session.pulls import Pulls
from localr1.tui.actions import CONTROLS, Scope, bindings
from localr1.tui.controls.answers import Answers
from localr1.tui.controls.find import Find
from localr1.tui.controls.kept_thought import KeptThought
from localr1.tui.controls.lists import HINT as LIST_HINT
from localr1.tui.controls.lists import Lists
from localr1.tui.controls.next_reply import NextReply
from localr1.tui.controls.steering import Mode, Steering
from localr1.tui.controls.thinking import Thinking
from localr1.tui.controls.turns import Turns
from localr1.tui.controls.writing import Writing
from localr1.tui.counter import Clock
from localr1.tui.dialogue import Phase
from localr1.tui.idle_cards import IdleCards
from localr1.tui.messages import (
    CodeClicked,
    CommandGiven,
    FetchChanged,
    LinkClicked,
    PasteRefused,
    Submitted,
)
from localr1.tui.preferences import Preferences
from localr1.tui.question import Question, Written
from localr1.tui.screens.chat_run import READ_ONLY, ChatRun
from localr1.tui.themed import read_css
from localr1.tui.widgets.branch_line import BranchTurned
from localr1.tui.widgets.chips import Chips
from localr1.tui.widgets.conversation_list import ConversationList
from localr1.tui.widgets.notes import sentence
from localr1.tui.widgets.offers import Offers
from localr1.units import download_size

if TYPE_CHECKING:
    from textual.events import DescendantBlur, DescendantFocus
    from textual.widget import Widget

    from localr1.history.search import SearchHit
    from localr1.session import ChatSession
    from localr1.tui.controls.models import Models
    from localr1.tui.hints import Hint
    from localr1.tui.model_list.shelf import Shelf
    from localr1.tui.turn import Turn
    from localr1.tui.widgets.find_bar import FindBar
    from localr1.tui.widgets.outline_panel import OutlinePanel

WIDE = 140
"""Cells from which the list of conversations is shown from the start."""


class ChatScreen(ChatRun):
    """One session: its controls, and the conversation, branch or place that is shown."""

    BINDINGS = bindings("chat", *CONTROLS)

    def __init__(
        self,
        session: ChatSession,
        clock: Clock = time.monotonic,
        preferred: Preferences = Preferences(),  # noqa: B008 - frozen
        *,
        pulls: Pulls | None = None,
        shelf: Shelf | None = None,
        fetch: str = "",
    ) -> None:
        super().__init__(session, clock)
        self._fetch = fetch
        self.composer.on_draft = self._keep_draft_soon
        if session.conversations is not None:
            self.composer.earlier_questions = session.conversations.latest_questions
        self._steering = Steering(self)
        self._next_reply = NextReply(self)
        self._thinking = Thinking(self, preferred)
        self._turns.prepare = self._thinking.prepare
        self._find = Find(self)
        self._picker = Turns(self)
        self._lists = Lists(self)
        self._writing = Writing(self)
        self._answers = Answers(self)
        self._idle_cards = IdleCards(self)
        self._pulls, self._shelf = pulls or Pulls(), shelf
        self._controls: dict[Scope, object] = {
            "turns": self._picker,
            "lists": self._lists,
            "answer": self._answers,
            "steering": self._steering,
            "next": self._next_reply,
            "kept": KeptThought(self, clock),
            "thinking": self._thinking,
            "find": self._find,
            "writing": self._writing,
        }

    @cached_property
    def models(self) -> Models:
        """What is done with model files; not imported before it is wanted."""
        from localr1.tui.controls.models import Models
        from localr1.tui.model_list.own_shelf import OwnShelf

        return Models(self, self._pulls, self._shelf or OwnShelf(self.session))

    def on_mount(self) -> None:
        """Show what is there; everything slow starts after the first paint."""
        if not self.transcript.is_attached:
            return  # left before anything was shown
        if self._welcome is not None:
            self.transcript.mount(self._welcome)
        self.show_title()
        self.show_effort(self._next_reply.words)
        self.invite()
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        read_css(self.app, "conversation.tcss", "sheets.tcss")
        self._show_messages()
        import_module("localr1.tui.turn")  # the first question finds it there
        self.run_worker(self._dialogue.load(), group="session")
        if self._fetch:
            self.models.begin(self._fetch)
        self.run_worker(self._open_history())

    async def _open_history(self) -> None:
        for words in await self.session.open_history():
            self.transcript.note().add(sentence(words), "warning")
        if self.session.conversations is not None and self.size.width >= WIDE:
            self.show_list(True)
            await self._lists.refresh()

    def _show_messages(self) -> None:
        if self.session.messages:
            self._end_welcome()
            self._turns.show(self.session.messages)
            self.transcript.follow()
        self.composer.read_only = self.session.read_only
        self._writing.begin()
        if self.session.draft:
            self.composer.show_draft(self.session.draft)
        if self.session.read_only:
            self.transcript.note().add(READ_ONLY, "warning")

    @property
    def current_turn(self) -> Turn | None:
        """The turn that actions are about: the one picked, or else the last one."""
        return self._picker.picked or (self._turns[-1] if self._turns else None)

    def back_to_composer(self) -> None:
        """Keys go to the composer; the list stays where there is room for both."""
        self._picker.forget()
        self.composer.focus()
        if self.is_narrow:
            self.show_list(False)

    def _keep_draft_soon(self, _: str) -> None:
        self.run_worker(self.keep_draft(), group="draft")

    async def keep_draft(self) -> None:
        """Keep what is being written with the conversation that is shown."""
        if self._steering.mode is Mode.ASK:
            await self.session.keep_draft(self.composer.draft)

    async def on_unmount(self) -> None:
        """The chat is left."""
        await self.keep_draft()

    # ---- what the session's work means to the controls -------------------------------------

    @property
    def mode_hint(self) -> Hint | None:
        """What sending does now, where it does not ask."""
        return self._steering.mode.hint

    def trace_grew(self, *, is_over: bool) -> None:
        """The outline follows the last reply."""
        self._thinking.shown_outline.follow(is_over=is_over)

    def stream_ended(self) -> None:
        """What was waited for can be done."""
        self._steering.stream_ended()
        self._writing.stream_ended()
        self.run_worker(self._lists.refresh())
        # a model that was loaded may have a limit of its own
        self.show_effort(self._next_reply.words)
        self._idle_cards.look()

    def question_came_back(self, question: Question) -> None:
        """It was not sent: what was chosen for it holds for the next one."""
        self._next_reply.take_back(question)

    def ask(self, question: Question) -> None:
        """Ask, where the conversation can be seen."""
        self.uncover()
        super().ask(question)

    # ---- another conversation, another branch ----------------------------------------------

    def show_conversation(self) -> None:
        """Show the conversation that the session has taken up."""
        self._picker.forget()
        self._steering.leave()
        self.composer.show_draft("")
        self.clear_selection()
        self.transcript.clear()
        self._turns.show(())
        if not self.session.messages:
            self._begin_welcome()
        self._show_messages()
        self._thinking.shown_outline.follow()
        self._status.forget_reply()
        self.status_line.show_facts()
        self.show_effort(self._next_reply.words)
        self.show_title()
        self.invite()
        self.tell_window()

    def show_from(self, start: int) -> None:
        """Show the messages from this position on, which have changed."""
        self._picker.forget()
        self._turns.show(self.session.messages, start)
        self.show_title()

    def turn_at(self, position: int) -> Turn | None:
        """The turn with this message; earlier ones are shown first where it is among them."""
        if self._turns.has_earlier and (not self._turns or position < self._turns[0].position):
            self._turns.show_earlier(self.session.messages, position)
        return self._turns.at(position)

    async def visit(self, hit: SearchHit) -> int | None:
        """Show the place of a hit, on whichever branch it is; its position where there is one."""
        if hit.position is None:
            return None  # its title was found
        shown = self.session.messages
        position = await self.session.reveal(hit.position)
        if self.session.messages != shown:
            self.show_from(0)
        turn = None if position is None else self.turn_at(position)
        if turn is not None:
            self.call_after_refresh(self.transcript.show_turn, turn)
        return position

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """In the list, single keys do something."""
        if event.widget is self.conversation_list:
            self.status_line.show_hint(LIST_HINT)

    def on_descendant_blur(self, event: DescendantBlur) -> None:
        """Outside of it they do not."""
        if event.widget is self.conversation_list:
            self.status_line.show_hint("")

    async def on_conversation_list_opened(self, message: ConversationList.Opened) -> None:
        """Open what was chosen in the list."""
        await self._lists.open(message.identity)
        self.back_to_composer()

    def on_branch_turned(self, message: BranchTurned) -> None:
        """An arrow was clicked."""
        for turn in self._turns:
            if turn.branches is message.line:
                self._picker.turn_branch(message.step, turn)

    # ---- to the session --------------------------------------------------------------------

    def on_submitted(self, message: Submitted) -> None:
        """Ask, or do what the composer is used for now."""
        is_steering = self._steering.mode is not Mode.ASK
        if not (self.may_change() if is_steering else self.may_ask()):
            self.composer.put_back(message.written)
        elif is_steering:
            self._steering.submit(message.written)
        else:
            self.ask(self._next_reply.question(message.written))

    def edit_question(self, turn: Turn) -> None:
        """Let the person change a question and ask it again."""
        question = self.session.messages[turn.position]
        self._steering.edit_question(turn.position, Written(question.text, question.files))

    def ask_instead(self, position: int, written: Written) -> None:
        """Ask in place of an earlier question, on a branch of its own."""
        self.ask(self._next_reply.question(written)._replace(at=position))

    def on_fetch_changed(self, message: FetchChanged) -> None:
        """Show how far a model is, or that it is here."""
        self.models.changed(message.job)

    def prefer(self, preferred: Preferences) -> None:
        """Behave like this from the next reply on."""
        self._thinking.preferred = preferred
        self.show_effort(self._next_reply.words)

    def on_paste_refused(self, message: PasteRefused) -> None:
        """Say how much was pasted and how much fits."""
        size, limit = download_size(message.size_bytes), download_size(message.limit_bytes)
        self.say(f"[pasted {size}: too long, {limit} fit in a message]")

    def on_link_clicked(self, message: LinkClicked) -> None:
        """Nothing opens before the person has seen the whole address."""
        self._answers.ask_to_open(message.address)

    def on_code_clicked(self, message: CodeClicked) -> None:
        """Copy the code."""
        self._answers.copy_block(message.block)

    async def on_effort_clicked(self) -> None:
        """The next effort."""
        await self._next_reply.change_effort()

    # ---- actions ---------------------------------------------------------------------------

    async def on_command_given(self, message: CommandGiven) -> None:
        """Run an action whose word was typed."""
        await self._writing.run(message.action, message.argument)

    def on_offers_clicked(self, message: Offers.Clicked) -> None:
        """Take what was clicked."""
        self.composer.click_offer(message.index)

    def on_chips_clicked(self, message: Chips.Clicked) -> None:
        """Open or remove what was clicked."""
        self._writing.clicked(message)

    async def stop(self) -> None:
        """Stop the running reply, or leave a stopped thought as it is."""
        if self._steering.mode is not Mode.ASK:
            self._steering.leave()
            self.invite()
        await super().stop()

    async def action_stop(self) -> None:
        """Close offers or a panel, or back to the composer; there, stop or leave a thought."""
        if self.composer.has_focus and self.composer.close_offers():
            return
        if self._close_panel():
            return
        self.clear_selection()
        if self.composer.has_focus:
            await self.stop()
        else:
            self.back_to_composer()

    def _close_panel(self) -> bool:
        """Close what has the focus; where nothing is being written, anything that is open."""
        is_idle = self._dialogue.phase is Phase.IDLE and self._steering.mode is Mode.ASK
        rests = is_idle and self.composer.has_focus
        panels = (self._find, self._thinking.shown_outline)
        return any((rests or panel.has_focus) and panel.close() for panel in panels)

    def on_resize(self) -> None:
        """Panels may stand elsewhere now."""
        super().on_resize()
        self._thinking.shown_outline.place()

    def show_list(self, is_shown: bool) -> None:
        """Show or hide the list of conversations, which takes its room from the other panels."""
        super().show_list(is_shown)
        self._thinking.shown_outline.place()

    def focus_after_panel(self, earlier: Widget | None) -> None:
        """Give the keys back to the turns where one is picked, or else to the composer."""
        is_picking = earlier is self.transcript and self._picker.picked is not None
        (self.transcript if is_picking else self.composer).focus()

    def uncover(self) -> None:
        """Let the conversation be seen where the outline stands in its place."""
        if not self.transcript.display:
            self._thinking.shown_outline.close()

    def open_thinking(self, turn: Turn) -> None:
        """Let the thinking of a turn be seen, also where all thinking is hidden."""
        self._thinking.open(turn)

    async def find(self, text: str, position: int) -> None:
        """Open the find bar with this text and show where it occurs in a message.

        Args:
            text: untrusted words.
            position: of the message in the session's; it is shown without a hit, too.
        """
        await self._find.find_text(text, position)

    def on_find_bar_changed(self, message: FindBar.Changed) -> None:
        """Find other words."""
        self._find.changed(message.words)

    def on_find_bar_stepped(self, message: FindBar.Stepped) -> None:
        """Go to the next hit, or to the one before."""
        self._find.step(message.direction)

    def on_outline_panel_chosen(self, message: OutlinePanel.Chosen) -> None:
        """Show that step."""
        self._thinking.shown_outline.jump(message.step)

    async def action_control(self, scope: Scope, name: str, argument: str = "") -> None:
        """An action of one of the controls; an argument only where it takes one."""
        method = getattr(self.models if scope == "models" else self._controls[scope], name)
        await (method(argument) if argument else method())
        self.invite()
