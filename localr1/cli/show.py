"""Showing a session's events as text, for a person or a pipe."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import msgspec

from localr1.chat.messages import ReasoningEnd
from localr1.cli.output import Printer
from localr1.cli.reply_summary import done_line
from localr1.cli.side_by_side import SideBySide
from localr1.engine.protocol import (
    Answer,
    Done,
    Event,
    Failed,
    Loading,
    Notice,
    Prompt,
    Ready,
    Reasoning,
)
from localr1.errors import ExitCode, Localr1Error
from localr1.session import ChatSession
from localr1.units import count

_SLOW_PROMPT_TOKENS = 256
"""Shorter prompts are read before a progress line could be."""


class Spent(NamedTuple):
    """What a reply took so far, all its runs together."""

    reasoning_tokens: int = 0
    answer_tokens: int = 0
    reasoning_ended_by: ReasoningEnd | None = None


_NOTHING_SPENT = Spent()


class EventShower(Protocol):
    """Shows events as they come."""

    @property
    def shows_thoughts(self) -> bool:
        """A person can read the thought while it is written."""

    def begin(self, samples: int = 1, *, goes_on: bool = False) -> None:
        """So many replies to a question begin, or the last one goes on."""

    def show(self, event: Event) -> None:
        """Show one event."""

    def pause(self, event: Done) -> None:
        """The reply was stopped to be gone on with."""

    def leave(self, event: Done) -> None:
        """The reply that was paused stays as it is."""

    def replace_thought(self, thought: str) -> None:
        """A person changed the thought; the reply goes on from this."""


class TextEvents:
    """Answer to standard output, reasoning and talk to standard error.

    Args:
        printer: the sink.
        session: whose vote is told.
        reasoning: "show", "hide" or "only"; None shows it for single replies only.
    """

    def __init__(self, printer: Printer, session: ChatSession, reasoning: str | None) -> None:
        self._printer = printer
        self._session = session
        self._reasoning = reasoning or "show"
        self._reasoning_of_many = reasoning or "hide"
        self._many: SideBySide | None = None
        self._in_reasoning = False
        self._thinking_tokens = 0
        self._before = self._last = _NOTHING_SPENT

    @property
    def shows_thoughts(self) -> bool:
        """A person can read the thought while it is written."""
        return self._reasoning != "hide"

    def begin(self, samples: int = 1, *, goes_on: bool = False) -> None:
        """So many replies to a question begin, or the last one goes on."""
        self._before = self._last if goes_on else _NOTHING_SPENT
        self._many = None
        if samples > 1:
            self._many = SideBySide(self._printer, samples, self._reasoning_of_many)

    def show(self, event: Event) -> None:
        """Show one event."""
        if self._many and isinstance(event, (Reasoning, Answer, Notice)):
            self._many.take(event)
        elif isinstance(event, Reasoning):
            self._show_reasoning(event)
        elif isinstance(event, Answer):
            self._end_reasoning()
            if self._reasoning != "only":
                self._printer.data(event.text)
        elif isinstance(event, Notice):
            self._end_reasoning()
            self._printer.line(event.text)
        elif isinstance(event, (Loading, Prompt)):
            self._show_progress(event)
        elif isinstance(event, Ready):
            self._show_ready(event)
        elif isinstance(event, Done):
            self._show_done(event)
        elif isinstance(event, Failed):
            self._show_failure(event)

    def pause(self, event: Done) -> None:
        """The reply was stopped to be gone on with."""
        self._last = self._spent(event)

    def leave(self, event: Done) -> None:
        """The reply that was paused stays as it is."""
        self._show_done(event)

    def replace_thought(self, thought: str) -> None:
        """Nothing to show: the person typed what is new."""

    def _show_reasoning(self, event: Reasoning) -> None:
        self._in_reasoning = True
        if self._reasoning == "show":
            self._printer.aside(event.text)
        elif self._reasoning == "only":
            self._printer.data(event.text)
        else:
            self._thinking_tokens += event.tokens
            self._printer.status(f"Thinking… {count(self._thinking_tokens, 'token')}")

    def _end_reasoning(self) -> None:
        if self._in_reasoning and self._reasoning == "show":
            self._printer.end_aside()
        self._in_reasoning = False
        self._thinking_tokens = 0

    def _show_progress(self, event: Loading | Prompt) -> None:
        if isinstance(event, Loading):
            self._printer.status(f"Loading {event.progress:.0%}")
        elif event.processed >= event.total:
            self._printer.clear_status()
        elif event.total - event.cached > _SLOW_PROMPT_TOKENS:
            self._printer.status(f"Reading {event.processed:,} of {event.total:,} tokens")

    def _show_ready(self, event: Ready) -> None:
        if self._printer.talks_to_person:
            self._printer.dim_line(ready_line(event))

    def _show_done(self, event: Done) -> None:
        self._end_text()
        if self._many:
            self._many.show(self._session.vote)
        self._last = self._spent(event)
        if self._printer.talks_to_person:
            whole = msgspec.structs.replace(event, **self._last._asdict())
            self._printer.dim_line(done_line(whole))

    def _show_failure(self, event: Failed) -> None:
        self._end_text()
        if self._many and self._many.has_text:
            self._many.show_replies()
        self._printer.error(Localr1Error(event.message, event.hint))

    def _end_text(self) -> None:
        self._end_reasoning()
        self._printer.end_data()

    def _spent(self, event: Done) -> Spent:
        """What the reply took so far; an event counts the tokens since it last went on."""
        was_over = self._before.reasoning_ended_by not in (None, "cancelled", "length", "error")
        return Spent(
            self._before.reasoning_tokens + event.reasoning_tokens,
            self._before.answer_tokens + event.answer_tokens,
            self._before.reasoning_ended_by if was_over else event.reasoning_ended_by,
        )


def ready_line(event: Ready) -> str:
    """What was loaded, in a line."""
    model, plan = event.model, event.plan
    name = f"{model.name} {model.quant_type}".strip()
    line = f"{name}, window {plan.n_ctx:,} tokens"
    if plan.devices:
        line = f"{line}, {event.split}"
    return f"{line}; {event.sampling.reason}" if event.sampling else line


def exit_code_of(event: Event | None) -> int:
    """What the process tells its caller after this last event of a reply."""
    if isinstance(event, Failed):
        return event.exit_code
    if isinstance(event, Done) and event.finish_reason == "cancelled":
        return ExitCode.INTERRUPTED
    return ExitCode.OK
