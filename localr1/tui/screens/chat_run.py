"""The chat's dealings with its session: what may be asked when, and what arrives."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from localr1.chat.effort import Asked, ReasoningLimit
from localr1.chat.messages import Message
from localr1.engine.protocol import Event, Failed, Loading, Notice
from localr1.errors import EngineError
from localr1.tui import hints
from localr1.tui.composing.attachments import Room
from localr1.tui.counter import Clock
from localr1.tui.dialogue import Dialogue, Phase
from localr1.tui.messages import EventsArrived, NotSent, Remark
from localr1.tui.question import Question, Written
from localr1.tui.screens.chat_view import ChatView

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from localr1.models.reference import ModelReference
    from localr1.session import ChatSession
    from localr1.tui.turn import Turn

READ_ONLY = "Another window writes to this conversation; here it can only be read."

_REFUSALS = {
    Phase.LOADING: "The model is being loaded.",
    Phase.CHANGING: "The conversation is being changed.",
}


class ChatRun(ChatView):
    """Starts what a session does, one thing at a time, and shows what it says."""

    def __init__(self, session: ChatSession, clock: Clock = time.monotonic) -> None:
        super().__init__(session, clock)
        self._dialogue = Dialogue(session, self.post_message)

    # ---- what whoever controls the chat adds -----------------------------------------------

    @property
    def mode_hint(self) -> hints.Hint | None:
        """What sending does now, where it does not ask."""
        raise NotImplementedError

    def trace_grew(self, *, is_over: bool) -> None:
        """The last reply has grown, or has ended."""
        raise NotImplementedError

    def stream_ended(self) -> None:
        """A load, a reply or a change is over."""
        raise NotImplementedError

    def question_came_back(self, question: Question) -> None:
        """It was not sent: what was chosen for it holds for the next one."""
        raise NotImplementedError

    # ---- to the session --------------------------------------------------------------------

    def ask(self, question: Question) -> None:
        """Ask, or keep the question until the model is loaded."""
        self._end_welcome()
        position = len(self.session.messages) if question.at is None else question.at
        self._turns.show(self.session.messages[:position], position)
        turn = self._turns.add(question.text, position, question.files)
        turn.limit = ReasoningLimit() if question.limit else self.session.reasoning_limit
        if self._dialogue.phase is Phase.LOADING:
            self._dialogue.waiting = question
            turn.wait_for_model()
        else:
            self._start(Phase.REPLYING, self._dialogue.send(question))

    def ask_again(self, turn: Turn, limit: Asked | None) -> None:
        """Another reply to the question of this turn."""
        messages = self.session.messages
        turn = self._turns.replace_reply(turn, messages)
        turn.limit = self.session.reasoning_limit
        self._start(Phase.REPLYING, self._dialogue.again(turn.position, limit))

    def resume(self, message: Message, reasoning: str | None) -> None:
        """Go on with the last reply; the message is what it is by now."""
        turn = self._turns[-1]
        turn.limit = self.session.reasoning_limit
        turn.resume(message)
        self.transcript.follow()
        self._start(Phase.REPLYING, self._dialogue.go_on(reasoning))

    def load_model(self, model: ModelReference) -> None:
        """Go on with another model."""
        self._start(Phase.LOADING, self._dialogue.change_model(model))

    def use_model(self, model: ModelReference) -> str:
        """Go on with another model; answers why not, where it cannot be now."""
        problem = self.load_refusal()
        if not problem:
            self.load_model(model)
        return problem

    def load_refusal(self) -> str:
        """Why no other model can be loaded now; empty where one can."""
        if self.session.read_only:
            return READ_ONLY
        return "" if self._dialogue.phase is Phase.IDLE else self._refusal()

    def change(self, work: Awaitable[None]) -> None:
        """Change what was said, while nothing else can start."""
        self._start(Phase.CHANGING, self._dialogue.change(work))

    def load_again(self) -> str:
        """Load the model as the settings are now; answers why not, where it cannot be now."""
        if self._dialogue.phase is not Phase.IDLE:
            return self._refusal()
        self._start(Phase.LOADING, self._dialogue.load())
        return ""

    def _start(self, phase: Phase, work: Awaitable[None]) -> None:
        self._dialogue.phase = phase
        self.run_worker(work, group="session")
        self.invite()

    async def stop(self) -> None:
        """Stop the running reply, or take back the question that waits for the model."""
        await self._dialogue.stop()
        if self._dialogue.phase is Phase.STOPPING:
            self.status_line.fall_silent()
            self.show_activity("Stopping")

    # ---- what may be done now --------------------------------------------------------------

    def _has_waiting_question(self) -> bool:
        """Does one wait for the model? If so, it says so."""
        waits = self._dialogue.waiting is not None
        if waits:
            self.say(self.with_key("A question waits already", "{stop} takes it back"))
        return waits

    def may_ask(self) -> bool:
        """May something be asked now, if only when the model is loaded? If not, it says why."""
        if self._has_waiting_question():
            return False
        if self.mode_hint is not None:
            self.say_hint(self.mode_hint)
            return False
        return self._dialogue.phase is Phase.LOADING or self.may_change()

    def may_change(self) -> bool:
        """May what was said be changed or gone on with now? If not, it says why."""
        if self.session.read_only:
            self.say(READ_ONLY)
            return False
        if self._dialogue.phase is not Phase.IDLE:
            self.say(self._refusal())
            return False
        return True

    def _refusal(self) -> str:
        writing = self.with_key("The reply is still being written", "{stop} stops it")
        return _REFUSALS.get(self._dialogue.phase, writing)

    def may_leave(self) -> bool:
        """May another conversation or branch be shown now? If not, it says why."""
        if self._has_waiting_question():
            return False
        if self.is_replying or self._dialogue.phase is Phase.CHANGING:
            self.say(self._refusal())
            return False
        return True

    @property
    def is_idle(self) -> bool:
        """Is a model loaded that does nothing?"""
        return self._dialogue.phase is Phase.IDLE and self.session.model is not None

    @property
    def window_room(self) -> Room | None:
        """The context window, as far as it is known."""
        n_ctx = self._status.n_ctx
        return Room(n_ctx, self._status.context_tokens) if n_ctx else None

    @property
    def is_replying(self) -> bool:
        """Is a reply being written?"""
        return self._dialogue.phase in (Phase.REPLYING, Phase.STOPPING)

    @property
    def is_thinking(self) -> bool:
        """Is reasoning arriving that nobody stops?"""
        return self._dialogue.phase is Phase.REPLYING and self._turns[-1].is_thinking

    # ---- from the session ------------------------------------------------------------------

    def on_events_arrived(self, message: EventsArrived) -> None:
        """Bring every widget up to what was said."""
        turn = self._turns[-1] if message.of_reply else None
        if turn is not None and turn.tps is not None:
            self._status.tps = turn.tps
        for event in message.events:
            self._status.take(event)
            if not message.of_reply:
                self._load_event = event
            if self._welcome is not None:
                self._welcome.take(event)
            if turn is not None:
                turn.apply(event)
                self._status.thinking_seconds = turn.thinking_seconds
            else:
                self._take_load(event)
        if turn is not None and message.kept is not None:
            turn.show_reply(message.kept)
        self.trace_grew(is_over=False)
        self.status_line.show_facts()
        self.show_title()
        self.invite()

    def _take_load(self, event: Event) -> None:
        if isinstance(event, Loading) and self._dialogue.waiting is not None:
            self._turns[-1].apply(event)
        elif isinstance(event, Failed):
            self.transcript.note().add(event.message, "error", event.hint)
        elif isinstance(event, Notice):
            self.transcript.note().add(event.text)

    def on_stream_ended(self) -> None:
        """A load, a reply or a change is over."""
        if self._turns:
            self._turns.mark_branches(self._turns[-1], self.session.messages)
        self.show_title()
        self.trace_grew(is_over=True)
        self.stream_ended()
        self.invite()
        self.tell_window()

    def tell_window(self) -> None:
        """Say what a conversation takes of the window that was opened and not gone on with yet."""
        if self.is_idle and self.session.messages and not self._status.context_tokens:
            self.run_worker(self._count_window(tuple(self.session.messages)), group="window")

    async def _count_window(self, counted: tuple[Message, ...]) -> None:
        with suppress(EngineError):  # the next reply tells
            use = await self.session.context_use()
            if tuple(self.session.messages) == counted:
                self.show_window(use.taken_tokens)

    def on_not_sent(self, message: NotSent) -> None:
        """Give the question back."""
        self._turns.take_back()
        self.question_came_back(message.question)
        self.composer.put_back(Written(message.question.text, message.question.files))
        self.say("The question was not sent.")
        self.invite()

    def on_remark(self, message: Remark) -> None:
        """Say it."""
        self.say(message.text)

    def invite(self) -> None:
        """Say in the empty composer what can be done now."""
        self.composer.invite(hints.READ_ONLY if self.session.read_only else self._invitation())
        # Each blink would be a paint of its own beside those of the reply
        self.composer.cursor_blink = not self.is_replying and self.app.animation_level != "none"
        self.tell_terminal()

    def _invitation(self) -> hints.Hint:
        if self.mode_hint is not None:
            return self.mode_hint
        if self._dialogue.phase is Phase.IDLE:
            return hints.UNFINISHED if self.session.can_go_on else hints.INVITATION
        if self._dialogue.phase is Phase.LOADING:
            return hints.LOADING
        if self._dialogue.samples > 1:
            return hints.several(self._dialogue.samples)
        return hints.THINKING if self.is_thinking else hints.REPLYING
