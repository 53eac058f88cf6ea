"""The system's clipboard, for terminals that do not take text for it (OSC 52).

`pyperclip` was looked at: it waits for its programs without a limit and does not know whether the
display it finds is the one that the person sits at.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence

TIME_LIMIT_SECONDS = 3.0
"""A clipboard that does not answer by then is left alone."""

TERMINAL_LIMIT_BYTES = 100_000
"""Text that terminals take over OSC 52, as far as they say: some cut it, some drop it."""

_UTF_16_MARK = b"\xff\xfe"

Find = Callable[[str], str | None]
"""The path of a program; None where there is none."""


class SystemClipboard:
    """Takes text with the program that the system has for it.

    Args:
        environment: which display there is; over SSH it would be the wrong one.
        platform: as `sys.platform`.
        find: looks for programs.
    """

    def __init__(
        self,
        environment: Mapping[str, str] = os.environ,
        platform: str = sys.platform,
        find: Find = shutil.which,
    ) -> None:
        self._command = _command(environment, platform, find)
        self._numbers = itertools.count(1)
        self._newest = 0
        self._lock = threading.Lock()

    @property
    def is_there(self) -> bool:
        """Is there a program for it?"""
        return bool(self._command)

    def announce(self) -> int:
        """A number for the next text: of two, the later one stays, whichever thread is quicker."""
        self._newest = next(self._numbers)
        return self._newest

    def put(self, text: str, number: int) -> bool:
        """Hand a text over, on a thread of its own; whether the program took it."""
        with self._lock:
            if not self._command or number != self._newest:
                return False
            try:
                done = subprocess.run(
                    self._command,
                    input=_encoded(text, self._command[0]),
                    # Some stay in the background to serve the text, and keep what they were given
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    timeout=TIME_LIMIT_SECONDS,
                    check=False,
                )
            except (OSError, subprocess.SubprocessError):
                return False
            return done.returncode == 0


def _command(environment: Mapping[str, str], platform: str, find: Find) -> Sequence[str]:
    if any(environment.get(name) for name in ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY")):
        return ()
    for name, *arguments in _candidates(environment, platform):
        path = find(name)
        if path:
            return (path, *arguments)
    return ()


def _candidates(environment: Mapping[str, str], platform: str) -> list[tuple[str, ...]]:
    if platform == "darwin":
        return [("pbcopy",)]
    if platform == "win32" or environment.get("WSL_DISTRO_NAME"):
        return [("clip.exe",)]
    found: list[tuple[str, ...]] = []
    if environment.get("WAYLAND_DISPLAY"):
        found.append(("wl-copy",))
    if environment.get("DISPLAY"):
        found += [("xclip", "-selection", "clipboard"), ("xsel", "--clipboard", "--input")]
    return found


def _encoded(text: str, program: str) -> bytes:
    if program.endswith("clip.exe"):
        return _UTF_16_MARK + text.encode("utf-16-le", errors="replace")
    return text.encode(errors="replace")
