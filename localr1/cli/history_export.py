"""Exported conversations as files: named, never over others by accident, never half."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from localr1.chat.exporting import ExportFormat, export_name, export_text
from localr1.chat.exporting.file_names import ENDINGS
from localr1.cli.output import Printer
from localr1.errors import StorageError, UsageError
from localr1.files import write_atomically
from localr1.history.store import ConversationSummary, HistoryStore
from localr1.units import count

_MOST = 1_000_000
_PIECE_CHARACTERS = 16_384


def export_one(
    store: HistoryStore,
    printer: Printer,
    identity: str,
    format_: ExportFormat,
    output: str | None,
    *,
    force: bool,
) -> None:
    """Write one conversation to a file, or to standard output for "-".

    Raises:
        ConversationNotFound: there is none.
        StorageError: the file exists, or cannot be written.
    """
    tree = store.whole(identity)
    text = export_text(tree, format_)
    if output == "-":
        _print(printer, text)
        return
    path = Path(output or ".").expanduser()
    if _is_folder(path, output):
        path /= export_name(tree.title, tree.created_at, format_)
    _check_free([path], force=force)
    _write(printer, path, text)


def export_all(
    store: HistoryStore,
    printer: Printer,
    format_: ExportFormat,
    output: str | None,
    *,
    force: bool,
) -> None:
    """Write all conversations: a file for each into a folder, or all into one JSON document.

    Raises:
        UsageError: no place is named that can hold them.
        StorageError: a file exists, or cannot be written.
    """
    if output is None:
        raise UsageError("say where all conversations are to go", "add -o FOLDER")
    path = Path(output).expanduser()
    summaries = store.list(_MOST)
    is_file = output == "-" or not _is_folder(path, output)
    if is_file and format_ == "json":
        _export_together(store, printer, [each.id for each in summaries], output, force=force)
        return
    if output == "-" or (is_file and path.suffix in ENDINGS.values()):
        raise UsageError("one file for all is JSON only", "add --format json, or name a folder")
    names = _names(summaries, format_)
    _check_free([path / name for name in names.values()], force=force)
    for number, (identity, name) in enumerate(names.items(), 1):
        printer.status(f"{number:,} of {count(len(names), 'conversation')}")
        _write(printer, path / name, export_text(store.whole(identity), format_))


def _export_together(
    store: HistoryStore, printer: Printer, ids: list[str], output: str, *, force: bool
) -> None:
    from localr1.chat.exporting.json_form import as_json

    path = Path(output).expanduser()
    if output != "-":
        _check_free([path], force=force)
    text = as_json(map(store.whole, ids))
    if output == "-":
        _print(printer, text)
    else:
        _write(printer, path, text)


def _names(summaries: Sequence[ConversationSummary], format_: ExportFormat) -> dict[str, str]:
    """A file name for each conversation; with its id where several have the same."""
    names = {each.id: export_name(each.title, each.created_at, format_) for each in summaries}
    often = Counter(name.casefold() for name in names.values())
    for identity, name in names.items():
        if often[name.casefold()] > 1:
            stem, _, ending = name.rpartition(".")
            names[identity] = f"{stem}-{identity}.{ending}"
    return names


def _is_folder(path: Path, output: str | None) -> bool:
    ends_so = output is not None and output.endswith(("/", os.sep))
    return output is None or ends_so or path.is_dir()


def _check_free(paths: list[Path], *, force: bool) -> None:
    for path in paths:
        if (path.exists() or path.is_symlink()) and not (force and path.is_file()):
            what = "exists" if path.is_file() else "is there and is no file"
            hint = "overwrite it with --force, or name another with -o"
            raise StorageError(f"{path} {what}", hint if path.is_file() else "name another with -o")


def _print(printer: Printer, text: str) -> None:
    """In pieces: a reader that goes away is noticed at the next one."""
    for start in range(0, len(text), _PIECE_CHARACTERS):
        printer.data(text[start : start + _PIECE_CHARACTERS])


def _write(printer: Printer, path: Path, text: str) -> None:
    write_atomically(path, text.encode())
    printer.data(f"{path}\n")
