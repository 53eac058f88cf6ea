"""A conversation's own limit of reasoning as the JSON text under which it is kept."""

from __future__ import annotations

from typing import Annotated

import msgspec

from localr1.chat.effort import Asked, Effort

ORIGIN = "this conversation"
"""Where such a limit comes from, as `Asked.origin` says it."""

_JSON_CHARACTERS_AT_MOST = 200
"""All three fields at their longest take 83; a longer text was not written here."""

_Tokens = Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]
"""Whole numbers beyond 2^53 are not exact in every reader of JSON."""
_Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e9)]
"""Thirty years: what is longer was not asked for by a person."""


class _KeptLimit(msgspec.Struct, frozen=True, omit_defaults=True):
    effort: Effort | None = None
    tokens: _Tokens | None = None
    seconds: _Seconds | None = None


def limit_as_json(asked: Asked | None) -> str | None:
    """The fields that say something, as {"effort":"low"}; None where none does."""
    if asked is None:
        return None
    kept = _KeptLimit(asked.effort, asked.tokens, asked.seconds)
    return None if kept == _KeptLimit() else msgspec.json.encode(kept).decode()


def limit_from_json(document: object) -> Asked | None:
    """What was kept; None for what is no such limit, as in a damaged file. Never raises."""
    if not isinstance(document, str) or len(document) > _JSON_CHARACTERS_AT_MOST:
        return None
    try:
        kept = msgspec.json.decode(document, type=_KeptLimit)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    if kept == _KeptLimit():
        return None
    return Asked(origin=ORIGIN, effort=kept.effort, tokens=kept.tokens, seconds=kept.seconds)
