"""The next reply: how long it may think, and how many are written for one question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localr1.chat.effort import EFFORT_TOKENS, Asked, Effort
from localr1.errors import Localr1Error
from localr1.models.reference import find_model
from localr1.tui.question import Question
from localr1.tui.screens.line_question import LineQuestion

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

    async def change_effort(self) -> None:
        """The next effort, for this conversation; after the last one, what the settings say."""
        session = self._screen.session
        limit = session.limit
        position = _EFFORTS.index(limit.effort if limit else None)
        effort = _EFFORTS[(position + 1) % len(_EFFORTS)]
        asked = None if effort is None else Asked(origin="this conversation", effort=effort)
        await session.set_limit(asked)
        self._screen.say(f"From the next reply on: {session.reasoning_limit.reason}")
        self._screen.show_effort(self.words)

    async def skip_thinking(self) -> None:
        """The next question is answered without thinking; asked for again, it is not."""
        self._skips_thinking = not self._skips_thinking
        self._screen.show_effort(self.words)

    async def try_several(self) -> None:
        """Ask the composer's text several times side by side."""
        text = self._screen.composer.text.strip()
        if not text:
            self._screen.say(
                f"Write a question first; then this asks it {TRIES} times side by side."
            )
        elif self._screen.may_ask():
            self._screen.composer.clear()
            self._screen.ask(self.question(text, TRIES))

    async def change_model(self, name: str = "") -> None:
        """Load another model; asked for where no name is given."""
        if not self._screen.may_change():
            return
        if name:
            self._load(name)
            return

        def take(line: str | None) -> None:
            if line:
                self._load(line)

        question = LineQuestion("Model: the path of a GGUF file, or demo")
        self._screen.app.push_screen(question, take)

    def _load(self, name: str) -> None:
        try:
            model = find_model(name)
        except Localr1Error as error:
            self._screen.say_error(error)
            return
        if self._screen.may_change():
            self._screen.load_model(model)

    def question(self, text: str, samples: int = 1) -> Question:
        """This text, asked as was chosen for it."""
        limit = Asked(origin="this reply", tokens=0) if self._skips_thinking else None
        self._skips_thinking = False
        self._screen.show_effort(self.words)
        return Question(text, limit, samples)

    def take_back(self, question: Question) -> None:
        """It was not sent: what was chosen for it holds for the next one."""
        self._skips_thinking = question.limit is not None
        self._screen.show_effort(self.words)

    @property
    def words(self) -> str:
        """What was chosen here, for the status line."""
        if self._skips_thinking:
            return "no thinking next"
        limit = self._screen.session.limit
        return f"effort {limit.effort}" if limit and limit.effort else ""
