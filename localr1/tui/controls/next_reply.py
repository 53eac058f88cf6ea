"""The next reply: how long it may think, and how many are written for one question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localr1.chat.asked_effort import asked_effort
from localr1.chat.effort import EFFORT_TOKENS, Asked, Effort
from localr1.errors import Localr1Error
from localr1.models.reference import find_model
from localr1.tui.composing.threads import beside
from localr1.tui.question import Question, Written

if TYPE_CHECKING:
    from localr1.tui.screens.chat import ChatScreen

TRIES = 5
"""Odd, so that two results rarely tie; each has a fifth of what is free in the window."""

_EFFORTS: tuple[Effort | None, ...] = (None, *EFFORT_TOKENS)


class NextReply:
    """The actions of the scope "next"."""

    def __init__(self, screen: ChatScreen) -> None:
        self._screen = screen
        self._skips_thinking = False

    async def change_effort(self, asked: str = "") -> None:
        """This effort for this conversation, or else the next one.

        After the last one comes what the settings say.

        Raises:
            UsageError: what is asked for cannot be read.
        """
        session = self._screen.session
        await session.set_limit(asked_effort(asked) if asked else self._next_effort())
        self._screen.say(f"From the next reply on: {session.reasoning_limit.reason}")
        self._screen.show_effort(self.words)

    async def skip_thinking(self) -> None:
        """The next question is answered without thinking; asked for again, it is not."""
        self._skips_thinking = not self._skips_thinking
        self._screen.show_effort(self.words)

    def _next_effort(self) -> Asked | None:
        limit = self._screen.session.limit
        position = _EFFORTS.index(limit.effort if limit else None)
        effort = _EFFORTS[(position + 1) % len(_EFFORTS)]
        return None if effort is None else Asked(origin="this conversation", effort=effort)

    async def try_several(self, question: str = "") -> None:
        """Ask this, or the composer's text, several times side by side."""
        composer = self._screen.composer
        if question:
            composer.show_text(question)
        if not composer.has_words:
            self._screen.say(
                f"Write a question first; then this asks it {TRIES} times side by side."
            )
        elif self._screen.may_ask() and (written := composer.take()):
            self._screen.ask(self.question(written, TRIES))

    async def change_model(self, name: str = "") -> None:
        """Load another model; without a name, show all of them."""
        if not name:
            await self._screen.models.models()
        elif self._screen.may_change():
            await self._load(name)

    async def _load(self, name: str) -> None:
        try:
            model = await beside(lambda: find_model(name))
        except Localr1Error as error:
            self._screen.say_error(error)
            return
        if self._screen.may_change():
            self._screen.load_model(model)

    def question(self, written: Written, samples: int = 1) -> Question:
        """What was written, asked as was chosen for it."""
        limit = Asked(origin="this reply", tokens=0) if self._skips_thinking else None
        self._skips_thinking = False
        self._screen.show_effort(self.words)
        return Question(written.text, limit, samples, files=written.files)

    def take_back(self, question: Question) -> None:
        """It was not sent: what was chosen for it holds for the next one."""
        self._skips_thinking = question.limit is not None
        self._screen.show_effort(self.words)

    @property
    def words(self) -> str:
        """How long the next reply may think, for the status line; "" without a limit."""
        if self._skips_thinking:
            return "no thinking next"
        return self._screen.session.reasoning_limit.words
