"""How long replies may think, as a person types it after `/effort`."""

from __future__ import annotations

import math
import re
from typing import get_args

from localr1.chat.effort import Asked, Effort
from localr1.errors import UsageError
from localr1.terminal_text import clean_line

_ORIGIN = "this conversation"
_EFFORTS = get_args(Effort)
_TOKENS_AT_MOST, _SECONDS_AT_MOST = 1 << 24, 86_400.0
"""As for the settings reasoning_budget and reasoning_seconds."""

_AMOUNT = re.compile(r"([0-9][0-9,]*(?:\.[0-9]+)?)\s*(tokens?|seconds?|s)?(?:\s+|$)")


def asked_effort(text: str) -> Asked | None:
    """What `/effort` asks for; None leaves it to the settings.

    Raises:
        UsageError: it cannot be read.
    """
    word = text.strip().lower()
    if word == "default":
        return None
    if word == "off":
        return Asked(origin=_ORIGIN, tokens=0)
    if word in _EFFORTS:
        return Asked(origin=_ORIGIN, effort=word)  # type: ignore[arg-type]  # one of its words
    tokens, seconds = _amounts(word)
    return Asked(origin=_ORIGIN, tokens=tokens, seconds=seconds)


def _amounts(text: str) -> tuple[int | None, float | None]:
    """Tokens and seconds of "512 tokens", "30 seconds", or both; a bare number means tokens."""
    fault = UsageError(
        f"cannot read the effort {clean_line(text, 40)}",
        f"use {', '.join(_EFFORTS)}, off, default, or 512 tokens, 30 seconds",
    )
    tokens: int | None = None
    seconds: float | None = None
    rest = text
    while rest:
        match = _AMOUNT.match(rest)
        if match is None:
            raise fault
        number = float(match[1].replace(",", ""))
        if (match[2] or "tokens").startswith("token"):
            if not number.is_integer() or number > _TOKENS_AT_MOST:
                raise fault
            tokens = int(number)
        else:
            if not math.isfinite(number) or number > _SECONDS_AT_MOST:
                raise fault
            seconds = number
        rest = rest[match.end() :]
    return tokens, seconds
