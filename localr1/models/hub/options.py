"""How models are fetched."""

from __future__ import annotations

from typing import NamedTuple


class Options(NamedTuple):
    """How it is fetched."""

    connections: int = 4
    tries: int = 10
    timeout_seconds: float = 30.0
    takes_copies: bool = True
    """Files that other programs fetched are linked."""
