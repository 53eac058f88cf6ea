"""The context window as a conversation sees it: what is kept free, and what is left out first."""

from __future__ import annotations

from collections.abc import Sequence

from localr1.chat.messages import Message

LONGEST_RESERVE_TOKENS = 1024
"""Of the window, at least this much or a quarter stays free for the reply."""


def reserve_tokens(room: int) -> int:
    """What of so many tokens is kept for an answer, whatever the reasoning would like."""
    return min(LONGEST_RESERVE_TOKENS, room // 4)


def longest_prompt(n_ctx: int) -> int:
    """Tokens that a prompt may take of a window."""
    return n_ctx - reserve_tokens(n_ctx)


def shortened(messages: Sequence[Message]) -> list[list[Message]]:
    """The conversation, then without its oldest turn, and so on; system text always stays."""
    system = [message for message in messages if message.role == "system"]
    rest = [message for message in messages if message.role != "system"]
    starts = [index for index, message in enumerate(rest) if message.role == "user"] or [0]
    starts[0] = 0
    return [system + rest[start:] for start in starts]
