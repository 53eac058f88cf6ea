"""The session as the interface uses it: one thing at a time; a question may wait for the load."""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING

from textual.message import Message

from localr1.chat.effort import Asked
from localr1.engine.protocol import Done, Event, Failed, Ready
from localr1.errors import Localr1Error
from localr1.tui.messages import EventsArrived, NotSent, Remark, StreamEnded
from localr1.tui.pacing import SHARE_BESIDE_CPU, Pacer, is_beside_cpu
from localr1.tui.question import Question
from localr1.tui.widgets.notes import sentence

if TYPE_CHECKING:
    from localr1.models.reference import ModelReference
    from localr1.session import ChatSession


class Phase(enum.Enum):
    """What the session is doing."""

    IDLE = "idle"
    LOADING = "loading"
    REPLYING = "replying"
    STOPPING = "stopping"
    CHANGING = "changing"
    """What was said is changed; a moment's work."""


class Dialogue:
    """Runs loads, replies and changes of a session and posts what happens as messages.

    Whoever starts a reply or a change sets the phase at once, so that nothing starts beside it.
    """

    def __init__(self, session: ChatSession, post: Callable[[Message], object]) -> None:
        self._session = session
        self._post = post
        self._loaded = False
        self.phase = Phase.LOADING
        self.waiting: Question | None = None
        """One that is sent when the model is loaded."""
        self.samples = 1
        """Replies that are being written side by side."""

    async def load(self) -> None:
        """Load the model, then send the question that waits."""
        self._loaded = False
        await self._run(self._session.load(), Phase.LOADING)
        question, self.waiting = self.waiting, None
        if question is not None and self._loaded:
            await self.send(question)
        elif question is not None:
            self._post(NotSent(question))

    async def change_model(self, model: ModelReference) -> None:
        """Load another model."""
        self._loaded = False
        await self._run(self._session.change_model(model), Phase.LOADING)

    async def send(self, question: Question) -> None:
        """Ask, and post the reply's events until it has ended."""
        text, limit, samples, at, files = question
        self.samples = samples
        events = self._session.send(text, limit, samples, at=at, files=files)
        if samples > 1:
            from localr1.tui.side_by_side import first_and_results  # seldom wanted

            events = first_and_results(events, samples, lambda: self._session.messages[-1])
        await self._run(events, Phase.REPLYING)

    async def again(self, position: int, limit: Asked | None) -> None:
        """Let the model reply once more to the question at this position."""
        self.samples = 1
        await self._run(self._session.again(position, limit), Phase.REPLYING)

    async def go_on(self, reasoning: str | None = None) -> None:
        """Continue the last reply, from this thought if there is one, and post its events."""
        self.samples = 1
        await self._run(self._session.go_on(reasoning), Phase.REPLYING)

    async def stop(self) -> None:
        """Stop the running reply, or take back the question that waits for the model."""
        if self.phase is Phase.REPLYING:
            self.phase = Phase.STOPPING
            await self._session.stop()
        elif self.waiting is not None:
            question, self.waiting = self.waiting, None
            self._post(NotSent(question))

    async def change(self, work: Awaitable[None]) -> None:
        """Change what was said; what goes wrong becomes a remark."""
        try:
            await work
        except Localr1Error as error:
            self._post(Remark(sentence(error.message)))
        finally:
            self.phase = Phase.IDLE
            self._post(StreamEnded())

    async def _run(self, events: AsyncIterator[Event], phase: Phase) -> None:
        self.phase = phase
        pacer = Pacer(
            lambda batch: self._deliver(batch, of_reply=phase is Phase.REPLYING),
            SHARE_BESIDE_CPU if is_beside_cpu(self._session.plan) else None,
        )
        try:
            async for event in events:
                self._loaded = isinstance(event, Ready) or self._loaded
                pacer.push(event)
        except Localr1Error as error:
            pacer.push(Failed(message=error.message, hint=error.hint))
        finally:
            pacer.flush()
            self.phase = Phase.IDLE
            self._post(StreamEnded())

    def _deliver(self, batch: list[Event], *, of_reply: bool) -> None:
        is_last = of_reply and isinstance(batch[-1], Done)
        kept = self._session.messages[-1] if is_last else None
        self._post(EventsArrived(batch, of_reply, kept))
