"""How the next token is drawn."""

from __future__ import annotations

import msgspec


class Sampling(msgspec.Struct, frozen=True, kw_only=True):
    """Parameters of the sampler chain; the chain's order is top-k, top-p, min-p, temperature."""

    temperature: float = 0.8
    """0 takes the likeliest token always."""
    top_k: int = 40
    """Candidates kept before the costlier samplers; 0 keeps all of the vocabulary."""
    top_p: float = 0.95
    min_p: float = 0.05
    seed: int | None = None
    """None draws a fresh one for each reply."""
