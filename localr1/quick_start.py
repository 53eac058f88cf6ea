"""Starting without looking for garbage: imports make objects that stay, and little else.

Python's cyclic collector looks through all of them again and again meanwhile, which takes a fifth
of the time to the first paint.
"""

from __future__ import annotations

import gc


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
