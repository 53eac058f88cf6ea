"""Every test of the interface sees a usual terminal, and nobody's clipboard."""

from __future__ import annotations

import pytest

_DECIDING = (
    *("NO_COLOR", "COLORFGBG", "LC_ALL", "LC_CTYPE", "TERM_PROGRAM", "KITTY_WINDOW_ID"),
    *("KONSOLE_VERSION", "TMUX", "STY", "TEXTUAL_ANIMATIONS"),
)


@pytest.fixture(autouse=True)
def usual_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """UTF-8, many colours."""
    for name in _DECIDING:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("LANG", "C.UTF-8")


@pytest.fixture(autouse=True)
def no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    """As over SSH: the system's clipboard is another computer's."""
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22")
