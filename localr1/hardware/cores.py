"""A processor core, the same on every system."""

from __future__ import annotations

from typing import NamedTuple


class Core(NamedTuple):
    """A physical core."""

    cpus: frozenset[int]
    """The logical CPUs (hyperthreads) on it."""
    fast: bool
    """A performance core, or the only kind there is."""
