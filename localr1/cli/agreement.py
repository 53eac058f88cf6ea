"""Asking before something is removed."""

from __future__ import annotations

import sys

from localr1.cli.output import Printer
from localr1.errors import UsageError


def agreed(printer: Printer, verb: str, said: str, warning: str = "") -> bool:
    """Whether the person says yes.

    Args:
        printer: asks.
        verb: what would be done, "delete".
        said: to what.
        warning: a sentence after the question.

    Raises:
        UsageError: nobody can be asked here.
    """
    if not (sys.stdin.isatty() and printer.talks_to_person):
        raise UsageError(f"nobody can be asked here whether to {verb}", "add --yes")
    printer.line(f"{verb.capitalize()} {said}? {warning}".rstrip())
    printer.prompt(f"Type y to {verb}: ")
    answer = sys.stdin.readline()
    printer.after_enter()
    return answer.strip().lower() in {"y", "yes"}
