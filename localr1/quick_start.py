"""Starting without what a start does not need.

Imports make objects that stay, and little else; Python's cyclic collector looks through all of them
again and again meanwhile, which takes a fifth of the time to the first paint.
"""

from __future__ import annotations

import gc
import sys


def begin() -> None:
    """The process has begun."""
    gc.disable()


def end() -> None:
    """It has started: what is there stays to the end and need not be looked at any more.

    Nothing where the start was an ordinary one, as in tests.
    """
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def import_asyncio() -> None:
    """Import asyncio as a Python without TLS has it: that is a fiftieth of a start.

    For the chat, which talks to its worker through pipes and lets `localr1 pull` fetch; whatever
    imports `ssl` later gets it.
    """
    if "asyncio" in sys.modules or "ssl" in sys.modules:
        return
    sys.modules["ssl"] = None  # type: ignore[assignment]  # what makes importing it fail
    try:
        import asyncio  # noqa: F401
    finally:
        del sys.modules["ssl"]
