"""The terminal goes away: what is still written to it goes nowhere, and the chat ends."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator

_OUTPUTS = (1, 2)


@contextlib.contextmanager
def told_of_hanging_up(hang_up: Callable[[], object]) -> Iterator[None]:
    """Within, this is called as soon as the terminal is lost, between any two steps of the program.

    Not by asyncio, which would be too late: the system sends SIGCONT after SIGHUP, and at that
    Textual writes to the terminal again, at once.
    """
    number = getattr(signal, "SIGHUP", None)
    if number is None:  # on Windows
        yield
        return
    before = signal.signal(number, lambda *_: hang_up())
    try:
        yield
    finally:
        signal.signal(number, before)


def let_go_of_output() -> None:
    """Let all that is written from now on go nowhere.

    To write to a lost terminal fails. Textual's writing thread would end of that, and the chat
    would wait for it forever.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for output in _OUTPUTS:
        os.dup2(nowhere, output)
    os.close(nowhere)
