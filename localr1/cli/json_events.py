"""Showing a session's events as JSON lines, for programs."""

from __future__ import annotations

import msgspec

from localr1.cli.output import Printer
from localr1.engine.protocol import Done, Event, Ready
from localr1.session import ChatSession
from localr1.terminal_text import clean


class JsonEvents:
    """Every event as one JSON line on standard output (docs/cli.md lists the fields)."""

    def __init__(self, printer: Printer, session: ChatSession) -> None:
        self._printer = printer
        self._session = session
        self._samples = 1

    @property
    def shows_thoughts(self) -> bool:
        """Not in words."""
        return False

    def begin(self, samples: int = 1, *, goes_on: bool = False) -> None:
        """So many replies to a question begin, or the last one goes on."""
        self._samples = samples

    def show(self, event: Event) -> None:
        """Show one event."""
        fields = msgspec.to_builtins(event)
        del fields["id"]
        if isinstance(event, Ready):
            fields["conversation"] = self._session.conversation_id
        elif isinstance(event, Done):
            vote = self._session.vote if self._samples > 1 else None
            fields["vote"] = msgspec.to_builtins(vote)
            fields["kept"] = vote.voters[0] if vote else 0
        self._write(fields)

    def pause(self, event: Done) -> None:
        """The reply was stopped to be gone on with."""
        self.show(event)

    def leave(self, event: Done) -> None:
        """Nothing to show: the pause showed its end."""

    def replace_thought(self, thought: str) -> None:
        """A person changed the thought; the reply goes on from this."""
        self._write({"type": "thought", "text": clean(thought)})

    def _write(self, fields: object) -> None:
        self._printer.data(msgspec.json.encode(fields).decode() + "\n")
