"""Importing files of conversations, and saying what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec

from localr1.chat.exporting.tree import ConversationTree
from localr1.chat.imports.found import LeftOut
from localr1.cli.output import Printer
from localr1.errors import ExitCode, Localr1Error
from localr1.history.import_file import conversations_of
from localr1.history.store import HistoryStore
from localr1.terminal_text import clean_line
from localr1.units import count

_BATCH_MESSAGES = 2_000
"""Written in one transaction: other windows wait for no more."""
_REASONS_SHOWN = 20


class Imported(msgspec.Struct):
    """What became of a file, as `--json` prints it."""

    file: str
    source: str = ""
    """The program that wrote it."""
    taken: list[str] = []
    """Ids of the conversations that are new."""
    known: int = 0
    """How many were there already."""
    left: list[LeftOut] = []
    error: str = ""
    """Why nothing, or nothing more, could be taken."""


def import_file(store: HistoryStore, printer: Printer, name: str, *, as_json: bool) -> ExitCode:
    """Take in the conversations of a file, tell what became of them, and answer the exit code."""
    report = Imported(name)
    code = ExitCode.OK
    try:
        _take_in(store, printer, report)
        if report.left and not report.taken and not report.known:
            code = ExitCode.REFUSED
    except Localr1Error as error:
        report.error = error.message
        code = error.exit_code
        where = "" if str(name) in error.message else f"{name}: "
        printer.error(type(error)(f"{where}{error.message}", error.hint))
    printer.clear_status()
    if as_json:
        printer.data(msgspec.json.encode(report).decode() + "\n")
    if not report.error or report.taken:
        _tell(printer, report)
    return code


def worst_of(codes: Iterable[ExitCode]) -> int:
    """The code of several files: that of a failure where there is one."""
    return int(max(codes, default=ExitCode.OK))


def _take_in(store: HistoryStore, printer: Printer, report: Imported) -> None:
    path = Path(report.file).expanduser()
    found = conversations_of(path)
    report.source = found.source
    batch: list[ConversationTree] = []
    for each in found.conversations:
        if isinstance(each, LeftOut):
            report.left.append(each)
            continue
        batch.append(each)
        if sum(len(tree.messages) for tree in batch) >= _BATCH_MESSAGES:
            _write(store, printer, report, batch)
    _write(store, printer, report, batch)


def _write(
    store: HistoryStore, printer: Printer, report: Imported, batch: list[ConversationTree]
) -> None:
    if batch:
        for identity, is_new in store.take_in(batch):
            report.taken += [identity] if is_new else []
            report.known += not is_new
    batch.clear()
    printer.status(f"{count(len(report.taken), 'conversation')} taken …")


def _tell(printer: Printer, report: Imported) -> None:
    said = [f"{count(len(report.taken), 'conversation')} taken"]
    if report.known:
        said.append(f"{report.known:,} already there")
    if report.left:
        said.append(f"{len(report.left):,} left out")
    printer.line(f"{clean_line(report.file)} ({report.source}): {', '.join(said)}.")
    for each in report.left[:_REASONS_SHOWN]:
        printer.line(f"  {each.name}: {each.why}.")
    others = report.left[_REASONS_SHOWN:]
    for why, number in Counter(each.why for each in others).most_common(_REASONS_SHOWN):
        printer.line(f"  {count(number, 'more conversation')}: {why}.")
