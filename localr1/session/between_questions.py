"""What is done so that the next reply starts at once: reading ahead, and kept states."""

from __future__ import annotations

import os
from collections.abc import Sequence

from localr1 import paths
from localr1.chat.messages import Message
from localr1.engine.client import EngineClient
from localr1.engine.protocol import CountTokens, Event, LoadState, Prefill, SaveState
from localr1.session.background import Background
from localr1.session.prompt_messages import prompt_messages
from localr1.settings import Settings

_GIB = 1 << 30


class BetweenQuestions:
    """Keeps the engine ready for one conversation.

    Args:
        engine: does the work, while nobody waits for it.
        is_brief: one question and no more: nothing is read ahead or kept.
    """

    def __init__(self, engine: EngineClient, *, is_brief: bool) -> None:
        self._engine = engine
        self._background = Background(engine)
        self._is_brief = is_brief

    async def interrupt(self) -> None:
        """Return when the engine is free for a question."""
        await self._background.stop()

    async def settle(self) -> None:
        """Return when nothing is left to do."""
        await self._background.wait()

    async def hand_over(self) -> None:
        """Return when the engine goes on without this event loop."""
        await self._background.hand_over()

    def begin(
        self,
        messages: Sequence[Message],
        settings: Settings,
        *,
        may_work: bool,
        from_disk: str | None = None,
    ) -> None:
        """Get ready for the next question.

        Args:
            messages: the conversation.
            settings: say what is wanted.
            may_work: the computer may be kept busy; a setting goes before it.
            from_disk: the conversation whose state is looked for first.
        """
        is_replying = self._engine.is_busy and not self._background.is_working
        if not self._engine.is_alive or is_replying:
            return  # whoever lets it reply gets ready afterwards
        commands: list[LoadState | Prefill] = []
        budget = _budget_bytes(settings)
        if from_disk and messages and budget:
            commands.append(LoadState(self._engine.new_id(), _states(), from_disk, budget))
        asked = prompt_messages(messages, settings.system)
        wanted = may_work if settings.read_ahead is None else settings.read_ahead
        if wanted and not self._is_brief and any(each.role == "assistant" for each in asked):
            is_seeded = settings.seed is not None
            commands.append(Prefill(self._engine.new_id(), asked, exactly=is_seeded))
        if commands:
            self._background.start(commands)

    async def answer(self, command: CountTokens) -> Event | None:
        """Ask the engine something short beside what is going on; `interrupt` waits for its end.

        Returns:
            None where the engine is gone, or busy with a reply.
        """
        await self.interrupt()
        if not self._engine.is_alive or self._engine.is_busy:
            return None
        return await self._background.answer(command)

    async def keep_state(self, identity: str | None, settings: Settings) -> None:
        """Keep what the engine holds, so that opening the conversation again is quick."""
        budget = _budget_bytes(settings)
        if self._is_brief or not identity or not budget or not self._engine.is_alive:
            return
        self._background.start([SaveState(self._engine.new_id(), _states(), identity, budget)])
        await self._background.wait()


def _budget_bytes(settings: Settings) -> int:
    return int(settings.state_disk_gib * _GIB)


def _states() -> bytes:
    return os.fsencode(paths.states_folder())
