"""Showing a session's events: as text for a person or a pipe, or as JSON lines."""

from __future__ import annotations

from typing import Protocol

import msgspec

from localr1.cli.output import Printer
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
from localr1.units import count, duration

_SLOW_PROMPT_TOKENS = 256
"""Shorter prompts are read before a progress line could be."""


class EventShower(Protocol):
    """Shows events as they come."""

    def show(self, event: Event) -> None:
        """Show one event."""


class TextEvents:
    """Answer to standard output, reasoning and talk to standard error.

    Args:
        printer: the sink.
        reasoning: "show", "hide" or "only".
    """

    def __init__(self, printer: Printer, reasoning: str) -> None:
        self._printer = printer
        self._reasoning = reasoning
        self._in_reasoning = False
        self._thinking_tokens = 0

    def show(self, event: Event) -> None:
        """Show one event."""
        if isinstance(event, Reasoning):
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
        elif isinstance(event, (Done, Failed)):
            self._show_end(event)

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

    def _show_end(self, event: Done | Failed) -> None:
        self._end_reasoning()
        self._printer.end_data()
        if isinstance(event, Failed):
            self._printer.error(Localr1Error(event.message, event.hint))
        elif self._printer.talks_to_person:
            self._printer.dim_line(done_line(event))


class JsonEvents:
    """Every event as one JSON line on standard output (docs/cli.md lists the fields)."""

    def __init__(self, printer: Printer, session: ChatSession) -> None:
        self._printer = printer
        self._session = session

    def show(self, event: Event) -> None:
        """Show one event."""
        fields = msgspec.to_builtins(event)
        del fields["id"]
        if isinstance(event, Ready):
            fields["conversation"] = self._session.conversation_id
        self._printer.data(msgspec.json.encode(fields).decode() + "\n")


def ready_line(event: Ready) -> str:
    """What was loaded, in a line."""
    model, plan = event.model, event.plan
    name = f"{model.name} {model.quant_type}".strip()
    line = f"{name}, window {plan.n_ctx:,} tokens"
    if plan.devices:
        line = f"{line}, {event.split}"
    return f"{line}; {event.sampling.reason}" if event.sampling else line


def done_line(event: Done) -> str:
    """What the reply took, in a line."""
    parts = []
    if event.finish_reason == "cancelled":
        parts.append("stopped")
    elif event.finish_reason == "length":
        parts.append("cut at the token limit")
    if event.reasoning_tokens:
        thought = count(event.reasoning_tokens, "token")
        parts.append(f"thought for {duration(event.reasoning_seconds)}, {thought}")
    parts.append(f"answer {count(event.answer_tokens, 'token')}")
    if event.generation_tps:
        parts.append(f"{event.generation_tps:.1f} tokens/s")
    return "; ".join(parts)


def exit_code_of(event: Event | None) -> int:
    """What the process tells its caller after this last event of a reply."""
    if isinstance(event, Failed):
        return event.exit_code
    if isinstance(event, Done) and event.finish_reason == "cancelled":
        return ExitCode.INTERRUPTED
    return ExitCode.OK
