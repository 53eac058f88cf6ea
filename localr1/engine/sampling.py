"""How the next token is drawn, and why so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from localr1.chat.prompt import ChatFormat

if TYPE_CHECKING:
    from localr1.settings import Settings


class Sampling(msgspec.Struct, frozen=True, kw_only=True):
    """Parameters of the sampler chain; `Sampler` in native.py says in which order they act."""

    temperature: float = 0.8
    """0 takes the likeliest token always."""
    top_k: int = 40
    """Candidates kept before the costlier samplers; 0 keeps all of the vocabulary."""
    top_p: float = 0.95
    min_p: float = 0.05
    seed: int | None = None
    """None draws a fresh one for each reply."""
    reason: str = ""
    """A sentence why these values."""


def choose_sampling(chat: ChatFormat, settings: Settings) -> Sampling:
    """The preset for this kind of model, with what was asked for put over it."""
    preset = _preset(chat)
    names = ("temperature", "top_k", "top_p", "min_p", "seed")
    asked = {name: getattr(settings, name) for name in names}
    asked = {name: value for name, value in asked.items() if value is not None}
    origins = [f"{name} {value} ({settings.origin(name)})" for name, value in asked.items()]
    reason = ", ".join(origins) + f"; else {preset.reason}" if origins else preset.reason
    return msgspec.structs.replace(preset, reason=reason, **asked)


def _preset(chat: ChatFormat) -> Sampling:
    if chat.style == "r1":
        return Sampling(
            temperature=0.6,
            top_p=0.95,
            min_p=0.0,
            reason="temperature 0.6 and top-p 0.95, as R1's authors advise; greedy choice loops",
        )
    return Sampling(reason="temperature 0.8, top-k 40, top-p 0.95, min-p 0.05: llama.cpp's own")
