"""A reply as its events build it up."""

from __future__ import annotations

from localr1.chat.messages import (
    CLOSED_ENDS,
    FinishReason,
    Insertion,
    Message,
    Part,
    ReasoningEnd,
    ReasoningPart,
    TextPart,
)
from localr1.engine.protocol import Answer, BegunReply, Done, Event, Notice, Reasoning, Sample
from localr1.engine.shared_prefix import shared_prefix


class ReplyBuilder:
    """Collects one reply.

    Args:
        earlier: the reply that is gone on with.
        sample: which of several replies side by side is collected.
    """

    def __init__(self, earlier: Message | None = None, sample: int = 0) -> None:
        thought = earlier.reasoning if earlier else None
        self._earlier = thought or ReasoningPart("")
        self._sample = sample
        self._reasoning = self._earlier.text
        self._insertions = list(self._earlier.insertions)
        self._answer = earlier.text if earlier else ""
        self._tokens = self._earlier.tokens
        self._end: Done | Sample | None = None
        self.model = earlier.model if earlier else ""
        """The name of the model that writes it."""

    def take(self, event: Event) -> None:
        """Add what this event says."""
        if isinstance(event, (Reasoning, Answer, Notice)) and event.sample != self._sample:
            return
        if isinstance(event, Reasoning):
            self._think(event)
        elif isinstance(event, Answer):
            self._answer += event.text
        elif isinstance(event, Notice) and event.kind == "late_reasoning":
            self._reasoning, self._answer = self._reasoning + self._answer, ""
        elif isinstance(event, Done):
            self._end = event.samples[self._sample] if event.samples else event

    def _think(self, event: Reasoning) -> None:
        start = len(self._reasoning)
        self._reasoning += event.text
        self._tokens += event.tokens
        if event.author == "localr1":
            self._insertions.append(Insertion(start, len(self._reasoning), "localr1"))

    def message(self, reason: FinishReason | None = None) -> Message:
        """The reply so far; with a reason, the finished one."""
        parts: list[Part] = []
        answer = self._answer.strip()
        if self._reasoning.strip():
            parts.append(self._reasoning_part(reason, has_answer=bool(answer)))
        if answer:
            parts.append(TextPart(answer))
        return Message("assistant", tuple(parts), reason, self.model)

    def _reasoning_part(self, reason: FinishReason | None, *, has_answer: bool) -> ReasoningPart:
        text = self._reasoning.rstrip()
        tokens, seconds = self._tokens, self._earlier.seconds
        ended_by: ReasoningEnd = "closed" if has_answer or reason is None else reason
        if self._end is not None and self._end.reasoning_ended_by:
            tokens = self._earlier.tokens + self._end.reasoning_tokens
            # a reply that is gone on with counts the seconds before
            seconds, ended_by = self._end.reasoning_seconds, self._end.reasoning_ended_by
        return ReasoningPart(
            text,
            tokens,
            seconds,
            ended_by,
            tuple(each for each in self._insertions if each.start < len(text)),
            self._earlier.carried,
        )


def begun_reply(message: Message) -> BegunReply:
    """What the engine has to know to go on with this reply."""
    thought, answer = message.reasoning, message.text
    is_over = thought is not None and thought.ended_by in CLOSED_ENDS
    return BegunReply(
        reasoning=thought.text if thought else "",
        is_closed=bool(answer) or is_over,
        answer=answer,
        reasoning_tokens=thought.tokens if thought else 0,
        reasoning_seconds=thought.seconds if thought else 0.0,
    )


def with_reasoning(message: Message, text: str) -> Message:
    """The reply with another thought, which is not over, and no answer.

    What differs from the old thought counts as the person's words.
    """
    old = message.reasoning or ReasoningPart("")
    kept = shared_prefix(old.text, text)
    insertions = [
        Insertion(each.start, min(each.end, kept), each.author)
        for each in old.insertions
        if each.start < kept
    ]
    if kept < len(text):
        insertions.append(Insertion(kept, len(text), "person"))
    part = ReasoningPart(text, old.tokens, old.seconds, "cancelled", tuple(insertions), old.carried)
    return Message("assistant", (part,), "cancelled")
