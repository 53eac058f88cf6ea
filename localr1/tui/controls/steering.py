"""A thought while it is written: end it, pause it, add to it, edit it, go on with it."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from localr1.chat.messages import ReasoningPart
from localr1.session.reply_builder import with_reasoning
from localr1.terminal_text import clean
from localr1.tui import hints
from localr1.tui.composing.enclosures import Aside
from localr1.tui.hints import Hint
from localr1.tui.marks import MarkLimit
from localr1.tui.question import Written
from localr1.tui.widgets.composer import LIMIT_BYTES
from localr1.units import download_size

if TYPE_CHECKING:
    from localr1.tui.screens.chat import ChatScreen
    from localr1.tui.turn import Turn


class Mode(enum.Enum):
    """What sending the composer's text does; the value is the activity shown."""

    ASK = "Ready"
    STEER = "Paused"
    """It is added to the thought."""
    EDIT = "Editing the thought"
    """It becomes the thought."""
    RESEND = "Editing the question"
    """It is asked in place of an earlier question."""

    @property
    def hint(self) -> Hint | None:
        """What the keys do."""
        return {Mode.STEER: hints.STEER, Mode.EDIT: hints.EDIT, Mode.RESEND: hints.RESEND}.get(self)


class Steering:
    """The actions of the scope "steering"; `mode` says whose words the composer holds."""

    def __init__(self, screen: ChatScreen) -> None:
        self._screen = screen
        self._after_stop = Mode.ASK
        self._draft: Aside | None = None
        self._position = 0
        self._paused: Turn | None = None
        self.mode = Mode.ASK

    # ---- while it thinks -------------------------------------------------------------------

    async def answer_now(self) -> None:
        """End the thought; the answer follows."""
        if self._thinks():
            self._screen.say("The thought ends here; the answer follows.")
            await self._screen.session.answer_now()

    async def pause(self) -> None:
        """Stop the thought, to add words to it or to go on."""
        if self._thinks():
            await self._stop_for(Mode.STEER)

    async def edit_thought(self) -> None:
        """Put the thought into the composer; what was made of it replaces it."""
        if self._screen.is_thinking:
            await self._stop_for(Mode.EDIT)
        elif self._screen.may_change() and self._thought() is not None:
            self._begin(Mode.EDIT)

    def _thinks(self) -> bool:
        if not self._screen.is_thinking:
            self._screen.say("Nothing is being thought now.")
        return self._screen.is_thinking

    async def _stop_for(self, mode: Mode) -> None:
        self._after_stop = mode
        await self._screen.stop()

    def stream_ended(self) -> None:
        """A reply is over: begin what it was stopped for, unless it had come to its answer."""
        mode, self._after_stop = self._after_stop, Mode.ASK
        session = self._screen.session
        if mode is not Mode.ASK and session.can_go_on and not session.messages[-1].text:
            self._begin(mode)
            if self.mode is mode:
                self._paused = self._screen.turns[-1]
                self._paused.show_paused(True)

    # ---- the composer ----------------------------------------------------------------------

    def edit_question(self, position: int, question: Written) -> None:
        """Put an earlier question into the composer; sent, it is asked in its place."""
        self._position = position
        self._begin_with(Mode.RESEND, question)

    def _begin(self, mode: Mode) -> None:
        thought = self._thought()
        self._begin_with(mode, Written(thought.text if thought and mode is Mode.EDIT else ""))

    def _begin_with(self, mode: Mode, written: Written) -> None:
        # As the transcript shows it: the composer draws what it is given
        text = MarkLimit()(clean(written.text))
        size_bytes = len(text.encode())
        # A question may be folded, a thought is there to be edited
        if size_bytes > LIMIT_BYTES and mode is not Mode.RESEND:
            size, limit = download_size(size_bytes), download_size(LIMIT_BYTES)
            self._screen.say(f"It is too long to edit here: {size}; {limit} fit.")
            return
        if self.mode is Mode.ASK:
            self._draft = self._screen.composer.set_aside()
        self._set(mode)
        self._screen.composer.show_written(Written(text, written.files))

    def leave(self) -> None:
        """Leave the thought as it is; what was written for the next question comes back."""
        draft, self._draft = self._draft, None
        paused, self._paused = self._paused, None
        if paused is not None:
            paused.show_paused(False)
        self._set(Mode.ASK)
        if draft is not None:
            self._screen.composer.take_up(draft)

    def _set(self, mode: Mode) -> None:
        self.mode = mode
        self._screen.composer.sends_nothing = mode in (Mode.STEER, Mode.EDIT)
        self._screen.show_activity(mode.value)
        if mode in (Mode.EDIT, Mode.RESEND):
            # Where there are words, the composer's own hint is not seen
            self._screen.say_hint(mode.hint)

    def submit(self, written: Written) -> None:
        """Go on with the thought that a person added to, or rewrote."""
        text = written.text
        mode, thought, words = self.mode, self._thought(), text.strip()
        self.leave()
        if mode is Mode.RESEND:
            self._screen.ask_instead(self._position, written)
        elif mode is Mode.EDIT:
            self._go_on(text)
        elif words:
            # A paragraph of its own: a thought is mostly paused in the middle of a sentence
            self._go_on(f"{thought.text}\n\n{words}" if thought else words)
        else:
            self._go_on(None)

    async def go_on(self) -> None:
        """Continue a reply that was stopped or cut."""
        if not self._screen.may_change():
            return
        if self.mode is not Mode.ASK:
            self.leave()
        if self._screen.session.can_go_on:
            self._go_on(None)
        else:
            self._screen.say("There is no unfinished reply to go on with.")

    def _go_on(self, reasoning: str | None) -> None:
        last = self._screen.session.messages[-1]
        resumed = last if reasoning is None else with_reasoning(last, clean(reasoning))
        self._screen.resume(resumed, reasoning)

    def _thought(self) -> ReasoningPart | None:
        messages = self._screen.session.messages
        return messages[-1].reasoning if messages else None
