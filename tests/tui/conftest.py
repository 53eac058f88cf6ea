"""No test touches the clipboard of whoever runs it."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    """As over SSH: the system's clipboard is another computer's."""
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22")
