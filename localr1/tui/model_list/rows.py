"""What the models screen lists: models on this computer, and those that can be fetched.

All words in here are untrusted; they become harmless where they are laid out.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

Fact = tuple[str, str]
"""A label and what is said of it, for the details."""


class Fit(NamedTuple):
    """Whether a model fits into this computer, and how well it would run."""

    fits: bool
    n_ctx: int = 0
    """Tokens of the window that it would get."""
    tps: float | None = None
    """Generation as it is estimated from the memory's bandwidth, in tokens a second."""
    why: str = ""
    """Why it does not fit, and what would."""


class ModelHere(NamedTuple):
    """A model whose file is on this computer."""

    path: Path
    name: str
    size_bytes: int
    place: str = ""
    """Whose folder it is in; empty for localr1's own."""
    quant: str = ""
    n_ctx_train: int = 0
    fit: Fit | None = None
    """None as long as that is not known."""
    used_at: str = ""
    """When it was last loaded, ISO 8601; empty where it never was."""
    freed_bytes: int | None = None
    """What its removal frees; None where it is not localr1's to remove."""
    problem: str = ""
    """Why it cannot be used; empty where it can."""
    facts: Sequence[Fact] = ()

    @property
    def key(self) -> str:
        """What it is known by on the screen."""
        return f"here {self.path}"


class Offer(NamedTuple):
    """A model that can be fetched."""

    reference: str
    """As `localr1 pull` takes it."""
    name: str
    quant: str = ""
    size_bytes: int = 0
    fit: Fit | None = None
    quality: str = ""
    """A published score, in a few words."""
    reason: str = ""
    """Why it is the one to take; empty for all others."""
    facts: Sequence[Fact] = ()
    is_usual: bool = True
    """Shown unasked; other quants are found by their words."""

    @property
    def key(self) -> str:
        """What it is known by on the screen."""
        return f"offer {self.reference}"


class Surveyed(NamedTuple):
    """What is known by now."""

    here: Sequence[ModelHere] = ()
    offers: Sequence[Offer] = ()
    folder: Path | None = None
    """localr1's own, where fetched and imported models go."""
    is_complete: bool = False
    """Nothing more will be found."""
    problem: str = ""
    """What could not be found out, as a sentence."""
