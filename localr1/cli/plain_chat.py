"""The chat without a screen: lines for screen readers, printers and dumb terminals."""

from __future__ import annotations

import sys
from collections.abc import Callable

from localr1.cli.line_chat import LineChat
from localr1.cli.output import Printer
from localr1.cli.plain_events import MARK, PlainEvents
from localr1.models.reference import DEMO, ModelReference, find_model
from localr1.session import ChatSession
from localr1.settings import Settings
from localr1.units import count, download_size


def talk_plainly(session: ChatSession, settings: Settings, printer: Printer) -> int:
    """Talk until the input ends; answers the exit code."""
    asked = sum(message.role == "user" for message in session.messages)
    if asked:
        told = "/answer repeats the last answer, /thinking the last thought."
        printer.line(f"Going on with: {session.title or 'a conversation'}")
        printer.line(f"{count(asked, 'question')} so far. {told}")
    events = PlainEvents(printer, session, settings.reasoning)
    return LineChat(session, events, printer, interactive=True, mark=MARK).talk()


def choose_plainly(
    found: list[ModelReference],
    printer: Printer,
    read: Callable[[], bytes] | None = None,
) -> ModelReference | None:
    """Ask by a number which model to open; None where the person leaves."""
    choices = [*found, find_model(DEMO)]
    printer.line("Which model?")
    for number, model in enumerate(choices, 1):
        told = "a toy for small sums" if model.name == DEMO else _size(model)
        printer.line(f"{number}. {model.name}, {told}")
    while True:
        printer.prompt("Number, or Enter to leave: ")
        line = (read or sys.stdin.buffer.readline)().decode("utf-8", "replace").strip()
        printer.after_enter()
        if not line:
            return None
        if line.isdecimal() and 1 <= int(line[:9]) <= len(choices):
            return choices[int(line[:9]) - 1]
        printer.line(f"There is no {line[:20]}; type a number from 1 to {len(choices)}.")


def _size(model: ModelReference) -> str:
    try:
        return download_size(model.path.stat().st_size)
    except OSError:
        return "which cannot be read"
