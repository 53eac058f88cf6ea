"""What a person prefers of the interface, as far as its settings say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from localr1.tui.terminal import Notify

if TYPE_CHECKING:
    from localr1.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Preferences:
    """How the interface behaves; the defaults are those of the settings."""

    collapse_thinking: bool = True
    """Fold the thinking when the answer starts."""
    notify: Notify = "auto"
    """How the end of a long reply is told."""
    reduced_motion: bool = False
    """Little moves."""


def preferences(settings: Settings) -> Preferences:
    """Those of the settings."""
    return Preferences(
        collapse_thinking=settings.collapse_thinking,
        notify=settings.notify or "auto",
        reduced_motion=bool(settings.reduced_motion),
    )
