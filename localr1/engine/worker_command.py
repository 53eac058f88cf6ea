"""How localr1 starts itself as a child process."""

from __future__ import annotations

import os
import sys


def worker_command(subcommand: str, *arguments: str) -> list[str]:
    """The command line of a hidden subcommand: the frozen program itself, or `python -m`."""
    if getattr(sys, "frozen", False):
        return [sys.executable, subcommand, *arguments]
    return [sys.executable, "-m", "localr1", subcommand, *arguments]


def worker_environment() -> dict[str, str]:
    """The environment for a child: nothing is imported from the current directory."""
    return {
        **os.environ,
        "PYTHONSAFEPATH": "1",
        "PYTHONUNBUFFERED": "1",
        # a backtrace by gdb delays the report of an assertion and prints nothing a user needs
        "GGML_NO_BACKTRACE": "1",
    }
