"""How long a reply may think: what was asked for at each level, as a rule for the engine."""

from __future__ import annotations

from collections.abc import Iterator

from localr1.chat.effort import CLOSING_SENTENCE, Asked, ReasoningLimit, grace_tokens, resolve
from localr1.engine.protocol import ReasoningRule
from localr1.settings import Origin, Settings

_LEVELS: tuple[Origin, ...] = ("flag", "environment", "model's settings", "settings file")
"""Highest first. A level replaces those below it wholly."""


def reasoning_limit(
    settings: Settings, conversation: Asked | None = None, reply: Asked | None = None
) -> ReasoningLimit:
    """How long the next reply may think, and why.

    Args:
        settings: of the model.
        conversation: what was asked for in this conversation.
        reply: what was asked for this one reply.
    """
    return resolve([reply, conversation, *_levels(settings)])


def reasoning_rule(
    settings: Settings, conversation: Asked | None = None, reply: Asked | None = None
) -> ReasoningRule:
    """`reasoning_limit` in the engine's terms."""
    limit = reasoning_limit(settings, conversation, reply)
    return ReasoningRule(
        max_tokens=limit.tokens,
        max_seconds=limit.seconds,
        grace_tokens=0 if limit.tokens is None else grace_tokens(limit.tokens),
        closing_words=_closing_words(settings.closing_sentence),
    )


def _levels(settings: Settings) -> Iterator[Asked]:
    for origin in _LEVELS:
        yield Asked(
            origin=origin,
            effort=settings.effort if settings.origin("effort") == origin else None,
            tokens=_from(settings, "reasoning_budget", origin),
            seconds=_from(settings, "reasoning_seconds", origin),
        )


def _from(settings: Settings, name: str, origin: Origin) -> int | None:
    value: int | None = getattr(settings, name)
    return value if settings.origin(name) == origin else None


def _closing_words(sentence: str | None) -> str:
    if sentence is None:
        return CLOSING_SENTENCE
    return f"\n\n{sentence.strip()}\n" if sentence.strip() else ""
