"""Several replies to one question: the first is shown while they are written, and then all results.

Which of them is kept is the session's choice; it also says how the vote went.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from localr1.chat.boxed import last_boxed
from localr1.chat.messages import Message
from localr1.engine.protocol import Answer, Done, Event, Notice, Reasoning
from localr1.session.reply_builder import ReplyBuilder
from localr1.terminal_text import clean_line

_RESULT_CHARACTERS = 60
"""A result that does not fit beside "Reply 2:" in a terminal of 80 columns is cut."""


async def first_and_results(
    events: AsyncIterator[Event], samples: int, kept: Callable[[], Message]
) -> AsyncIterator[Event]:
    """The events of the first reply; before the last of them, a notice for each one not kept.

    Args:
        events: of all replies.
        samples: how many replies there are.
        kept: the one that the session kept, once it is known.
    """
    replies = [ReplyBuilder(sample=number) for number in range(samples)]
    async for event in events:
        for reply in replies:
            reply.take(event)
        if isinstance(event, Done):
            for text in _results([reply.message().text for reply in replies], kept().text):
                yield Notice(kind="vote", text=text)
        if not isinstance(event, (Reasoning, Answer, Notice)) or event.sample == 0:
            yield event


def _results(answers: list[str], kept: str) -> list[str]:
    position = answers.index(kept) if kept in answers else 0
    return [
        f"Reply {number}: {_result(answer)}"
        for number, answer in enumerate(answers, 1)
        if number != position + 1
    ]


def _result(answer: str) -> str:
    r"""What is in its last \boxed{}, or else its last line."""
    lines = answer.strip().splitlines()
    result = last_boxed(answer) or (lines[-1] if lines else "no answer")
    return clean_line(result, _RESULT_CHARACTERS)
