"""What words take of the context window, counted by the engine."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from localr1.chat.messages import FilePart, Message, Part, ReasoningPart, user_message
from localr1.engine.client import EngineClient
from localr1.engine.protocol import CountTokens, TokenCount
from localr1.errors import EngineError
from localr1.session.between_questions import BetweenQuestions


class TokenCounts:
    """Counts between two questions; reading ahead is interrupted for it.

    A question that is sent meanwhile waits its turn. Every method raises EngineError where no
    model is loaded to count with, or where it is busy.

    Args:
        engine: counts.
        between: does so beside what else is done between questions.
    """

    def __init__(self, engine: EngineClient, between: BetweenQuestions) -> None:
        self._engine = engine
        self._between = between

    async def of_prompt(self, messages: Sequence[Message]) -> int:
        """The prompt that these messages make."""
        command = CountTokens(self._engine.new_id(), tuple(messages))
        event = await self._between.answer(command)
        if not isinstance(event, TokenCount):
            raise EngineError("the engine cannot count now")
        return event.tokens

    async def of_question(self, text: str, files: Sequence[FilePart]) -> int:
        """What a question and its files take."""
        whole = await self.of_prompt([user_message(text, files)])
        return whole - await self.of_prompt([user_message("")])

    async def of_thought(self, message: Message) -> int:
        """What carrying the thought of a reply takes; 0 without a thought or an answer."""
        thought = message.reasoning
        if thought is None or not message.text:
            return 0
        counts = []
        for is_carried in (True, False):
            part = msgspec.structs.replace(thought, carried=is_carried)
            reply = msgspec.structs.replace(message, parts=with_thought(message, part))
            counts.append(await self.of_prompt([user_message(""), reply]))
        return counts[0] - counts[1]


def with_thought(message: Message, thought: ReasoningPart | None) -> tuple[Part, ...]:
    """The parts of a message with another thought, or without one."""
    replacement = () if thought is None else (thought,)
    before = message.reasoning
    return tuple(
        new for part in message.parts for new in (replacement if part is before else (part,))
    )
