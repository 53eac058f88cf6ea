"""`localr1 import`: a model file that is on this computer becomes one of the library."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from localr1.cli.model_names import complete_file
from localr1.cli.output import Printer
from localr1.errors import ExitCode, UsageError
from localr1.units import download_size

if TYPE_CHECKING:
    from pathlib import Path

    from localr1.models.importing import How, Imported
    from localr1.models.library import Library


@click.command("import")
@click.argument("file", shell_complete=complete_file)
@click.option("--move", is_flag=True, help="Move the file instead of copying it.")
@click.option("--link", is_flag=True, help="Leave the file where it is, and link to it.")
@click.option("--name", metavar="NAME", help="What it is called in the library.")
@click.option("--json", "as_json", is_flag=True, help="What became of it as a JSON document.")
def import_file(file: str, move: bool, link: bool, name: str | None, as_json: bool) -> int:
    """Take FILE, a GGUF file on this computer, into the library.

    FILE is a path, or the name of a model that another program keeps (see `localr1 list`). It is
    checked first, then copied, and its checksum is kept for `localr1 verify`. A model in several
    files is named by its first one. Ctrl-C leaves nothing behind.
    """
    from localr1.cli.library.finding import as_json as encoded
    from localr1.cli.library.finding import library
    from localr1.cli.library.progress import ByteProgress
    from localr1.gguf_header import read_header
    from localr1.models.importing import import_model

    if move and link:
        raise UsageError("--move cannot go with --link", "use one of them")
    if name == "":
        raise UsageError("--name is empty", "leave it out, or give a name")
    how: How = "link" if link else "move" if move else "copy"
    printer, models = Printer(), library()
    header = read_header(_path(file, models, how))
    doing = "Reading" if how == "link" else "Importing"
    with _ended_as_by_ctrl_c():
        imported = import_model(
            models,
            header,
            how,
            name=name or "",
            advance=ByteProgress(printer, doing, header.size_bytes),
            waiting=lambda: printer.status("Another import is running; waiting for it …"),
        )
    printer.clear_status()
    if as_json:
        printer.data(encoded(_json_of(imported)))
    else:
        printer.line(_said(imported, how))
    return int(ExitCode.OK)


def _path(file: str, models: Library, how: How) -> Path:
    from localr1.cli.library.finding import find

    found = find(file, models)
    if how == "move" and found.place:
        raise UsageError(
            f"{found.name} is kept by {found.place}, which would miss it",
            "copy it, or leave it there with --link",
        )
    return found.path


def _said(imported: Imported, how: How) -> str:
    model = imported.model
    if not imported.is_new:
        return f"The library has it already, as {model.name}."
    done = {"link": "Linked", "move": "Moved", "copy": "Copied"}[how]
    return f"{done}: {model.name}, {download_size(model.size_bytes)}."


def _json_of(imported: Imported) -> dict[str, Any]:
    model = imported.model
    return {
        "name": model.name,
        "path": model.path.absolute(),
        "is_new": imported.is_new,
        "is_link": model.is_link,
        "size_bytes": model.size_bytes,
        "sha256": model.record.sha256 if model.record else None,
    }


@contextlib.contextmanager
def _ended_as_by_ctrl_c() -> Iterator[None]:
    """Meanwhile a closed terminal and a polite kill leave nothing behind either."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    names = ("SIGTERM", "SIGHUP") if threading.current_thread() is threading.main_thread() else ()
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
