"""Which model a person wants, and how it is fetched."""

from __future__ import annotations

from typing import NamedTuple


class Asked(NamedTuple):
    """Which model a person wants."""

    reference: str
    """As it was given; names the pull in what is shown."""
    repos: tuple[str, ...]
    """Of the hub, the first to be tried first."""
    quant: str | None = None
    path: str | None = None
    revision: str = ""
    catalog_name: str = ""


class Options(NamedTuple):
    """How it is fetched."""

    connections: int = 4
    tries: int = 10
    timeout_seconds: float = 30.0
    takes_copies: bool = True
    """Files that other programs fetched are linked."""
