"""Conversations of other programs, and of localr1's own exports, as plain values."""

from __future__ import annotations

from localr1.chat.imports.documents import conversations_in
from localr1.chat.imports.found import Found, LeftOut, Unreadable

__all__ = ["Found", "LeftOut", "Unreadable", "conversations_in"]
