"""What a person should know, each sentence once in a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from localr1.chat.prompt import ChatFormat
from localr1.engine.protocol import Done, Notice
from localr1.errors import Localr1Error

if TYPE_CHECKING:
    from localr1.chat.boxed import Vote

_SKIPPED_TEXT = (
    "The model answered without thinking; --force-thinking opens its reasoning block for it."
)


class Notices:
    """Makes notices and remembers which were told."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def forget(self) -> None:
        """Another conversation begins, in which everything may be told once."""
        self._told.clear()

    def once(self, notices: Sequence[tuple[str, str]]) -> list[Notice]:
        """Those of these (kind, sentence) pairs that were not told yet."""
        fresh = [(kind, text) for kind, text in notices if text not in self._told]
        self._told.update(text for _, text in fresh)
        return [Notice(kind=kind, text=text) for kind, text in fresh]

    def of_storage(self, failure: Localr1Error | None) -> list[Notice]:
        """That nothing is stored any more."""
        if failure is None:
            return []
        text = f"{failure.message}. You can go on; this chat is not stored."
        return self.once([("storage", text)])

    def of_question(self, chat: ChatFormat | None, question: str) -> list[Notice]:
        """That it goes against the advice of the model's authors."""
        from localr1.chat.guards import question_notices

        return self.once(question_notices(chat, question)) if chat else []

    def of_end(self, chat: ChatFormat | None, done: Done) -> list[Notice]:
        """That a model which thinks did not."""
        had_none = done.reasoning_ended_by is None and done.finish_reason == "stop"
        if chat is None or not had_none or not chat.thinks or chat.force_thinking:
            return []
        return self.once([("think_prefix", _SKIPPED_TEXT)])


def vote_notice(vote: Vote | None) -> Notice:
    """What replies side by side came to."""
    if vote is None:
        text = "No reply has a \\boxed{} result, so there is no vote; the first one is kept."
        return Notice(kind="vote", text=text)
    tie = f"; as many say {', '.join(vote.ties)}" if vote.ties else ""
    text = f"{vote.count} of {vote.replies} replies say {vote.answer}{tie}."
    return Notice(kind="vote", text=text)
