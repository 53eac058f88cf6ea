"""The session as the interface uses it: one thing at a time; a question may wait for the load."""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

from textual.message import Message

from localr1.engine.protocol import Event, Failed, Ready
from localr1.errors import Localr1Error
from localr1.tui.messages import EventsArrived, NotSent, StreamEnded
from localr1.tui.pacing import Pacer

if TYPE_CHECKING:
    from localr1.session import ChatSession


class Phase(enum.Enum):
    """What the session is doing."""

    IDLE = "idle"
    LOADING = "loading"
    REPLYING = "replying"
    STOPPING = "stopping"


class Dialogue:
    """Runs loads and replies of a session and posts what happens as messages."""

    def __init__(self, session: ChatSession, post: Callable[[Message], object]) -> None:
        self._session = session
        self._post = post
        self._loaded = False
        self.phase = Phase.LOADING
        self.waiting: str | None = None
        """A message that is sent when the model is loaded."""

    async def load(self) -> None:
        """Load the model, then send the message that waits."""
        await self._run(self._session.load(), Phase.LOADING)
        text, self.waiting = self.waiting, None
        if text is not None and self._loaded:
            await self.send(text)
        elif text is not None:
            self._post(NotSent(text))

    async def send(self, text: str) -> None:
        """Ask, and post the reply's events until it has ended."""
        await self._run(self._session.send(text), Phase.REPLYING)

    async def stop(self) -> None:
        """Stop the running reply, or take back the message that waits for the model."""
        if self.phase is Phase.REPLYING:
            self.phase = Phase.STOPPING
            await self._session.stop()
        elif self.waiting is not None:
            text, self.waiting = self.waiting, None
            self._post(NotSent(text))

    async def _run(self, events: AsyncIterator[Event], phase: Phase) -> None:
        self.phase = phase
        pacer = Pacer(lambda batch: self._post(EventsArrived(batch, phase is Phase.REPLYING)))
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
