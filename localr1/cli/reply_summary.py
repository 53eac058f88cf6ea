"""What a reply took and how it ended, in a line."""

from __future__ import annotations

from collections.abc import Mapping

from localr1.chat.boxed import Vote
from localr1.chat.messages import FinishReason, ReasoningEnd
from localr1.engine.protocol import Done
from localr1.terminal_text import clean_line
from localr1.units import count, duration

_FINISHES: Mapping[FinishReason, str] = {
    "cancelled": "stopped",
    "length": "cut at the token limit",
    "loop": "stopped, looping",
}
_THOUGHT_ENDS: Mapping[ReasoningEnd, str] = {
    "tokens": "ended at its limit",
    "seconds": "ended at its limit",
    "asked": "ended when asked",
    "room": "ended to leave room for the answer",
    "repetition": "ended for looping",
}
"""Only what localr1 ended; the model's own end needs no words."""

_BOX_CHARACTERS = 60
"""Of a result in a heading: with its words it fits a line of 100."""


def done_line(event: Done) -> str:
    """What the reply took; of replies side by side, all of them together."""
    parts = [_FINISHES[event.finish_reason]] if event.finish_reason in _FINISHES else []
    if event.reasoning_tokens:
        parts.append(_thought(event))
    if event.answer_tokens or not event.reasoning_tokens:
        parts.append(f"answer {count(event.answer_tokens, 'token')}")
    if event.generation_tps:
        parts.append(f"{event.generation_tps:.1f} tokens/s")
    if event.drafted_tokens:
        parts.append(
            f"{event.accepted_tokens:,} of {count(event.drafted_tokens, 'guessed token')} right"
        )
    return "; ".join(parts)


def _thought(event: Done) -> str:
    thought = count(event.reasoning_tokens, "token")
    line = f"thought for {duration(event.reasoning_seconds)}, {thought}"
    end = _THOUGHT_ENDS.get(event.reasoning_ended_by) if event.reasoning_ended_by else None
    return f"{line}, {end}" if end and not event.samples else line


def heading(number: int, replies: int, result: str | None) -> str:
    r"""Above one of several replies: `Reply 1 of 5: \boxed{933}`."""
    line = f"Reply {number} of {replies}"
    return line if result is None else rf"{line}: \boxed{{{clean_line(result, _BOX_CHARACTERS)}}}"


def kept_heading(number: int, vote: Vote | None) -> str:
    """Above the reply that is kept: `Kept: reply 2 (3 of 5 say 933)`."""
    if vote is None:
        return f"Kept: reply {number} (no reply has a result to compare)"
    result = clean_line(vote.answer, _BOX_CHARACTERS)
    return f"Kept: reply {number} ({vote.count} of {vote.replies} say {result})"
