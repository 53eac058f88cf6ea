"""`localr1 verify`: whether model files are what they were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import click

from localr1.cli.model_names import complete_model
from localr1.cli.output import Printer
from localr1.errors import ExitCode, Localr1Error, StorageError
from localr1.terminal_text import clean_line

if TYPE_CHECKING:
    from localr1.models.library import LibraryModel

_GET_AGAIN = "get it again"


class Verdict(NamedTuple):
    """What was found out of one file."""

    name: str
    """Of the model."""
    path: Path
    state: Literal["ok", "damaged", "unknown"]
    """Unknown: its structure is sound, and no checksum was ever kept."""
    problem: str = ""
    sha256: str | None = None
    """As it was computed; None where that was not worth it."""
    expected_sha256: str | None = None


@click.command("verify")
@click.argument("reference", metavar="[REF]", required=False, shell_complete=complete_model)
@click.option("--json", "as_json", is_flag=True, help="A JSON line for each file.")
def verify(reference: str | None, as_json: bool) -> int:
    """Check the model REF, or all of the library: its structure, and its bytes by their checksum.

    Exit code 4 when one is damaged.
    """
    from localr1.cli.library.finding import as_json as encoded
    from localr1.cli.library.finding import find, library

    printer = Printer()
    models = library()
    wanted: list[tuple[str, Path, LibraryModel | None]]
    if reference is None:
        wanted = [(each.name, each.path, each) for each in models.models()]
    else:
        found = find(reference, models)
        wanted = [(found.name, found.path, found.model)]
    worst = ExitCode.OK
    for name, path, model in wanted:
        for verdict in _verdicts(printer, name, path, model):
            if as_json:
                printer.data(encoded(verdict._asdict(), lines=True))
            else:
                printer.data(_line(verdict))
            if verdict.state == "damaged":
                worst = ExitCode.REFUSED
    for unread in models.unread:
        printer.line(f"A folder cannot be read: {unread}")
        worst = worst or ExitCode.STORAGE
    if not wanted:
        printer.line("The library is empty.")
    return int(worst)


def _verdicts(
    printer: Printer, name: str, path: Path, model: LibraryModel | None
) -> Iterator[Verdict]:
    """Of each file of a model."""
    from localr1.gguf_header import read_header

    shards: Sequence[Path]
    if model is not None and model.missing:
        problem = "what it links to is gone" if model.is_link else f"it is missing; {_GET_AGAIN}"
        gone = [path.with_name(each) for each in model.missing]
        yield from (Verdict(name, each, "damaged", problem) for each in gone)
        shards = [each for each in model.shards if each not in gone]
    else:
        try:
            shards = read_header(path).parts
        except Localr1Error as error:
            problem = f"{error.message}; {error.hint or _GET_AGAIN}"
            yield Verdict(name, path, "damaged", problem)
            shards = model.shards[1:] if model is not None else ()
    yield from (_verdict(printer, name, shard) for shard in shards)


def _verdict(printer: Printer, name: str, path: Path) -> Verdict:
    """Of a file whose structure is sound, or a later part of one whose is not."""
    from localr1.cli.library.progress import ByteProgress
    from localr1.models.checksum import expected_sha256, sha256_of
    from localr1.models.records import read_record

    record = read_record(path)
    expected = expected_sha256(path, record)
    try:
        size_bytes = path.stat().st_size
    except OSError as error:
        return Verdict(name, path, "damaged", f"it cannot be read: {error.strerror}")
    if record is not None and size_bytes != record.size_bytes:
        problem = f"it has {size_bytes:,} bytes instead of {record.size_bytes:,}; {_GET_AGAIN}"
        return Verdict(name, path, "damaged", problem, None, expected)
    if not expected:
        return Verdict(name, path, "unknown")
    progress = ByteProgress(printer, f"Checking {path.name[:40]}", size_bytes)
    try:
        found = sha256_of(path, progress)
    except StorageError as error:
        return Verdict(name, path, "damaged", error.message, None, expected)
    finally:
        printer.clear_status()
    if found != expected:
        problem = f"its bytes are not those that were recorded; {_GET_AGAIN}"
        return Verdict(name, path, "damaged", problem, found, expected)
    return Verdict(name, path, "ok", "", found, expected)


def _line(verdict: Verdict) -> str:
    shown = clean_line(verdict.path.name, 100)
    if verdict.state == "ok":
        return f"ok       {shown}\n"
    if verdict.state == "unknown":
        return f"unknown  {shown}: its structure is sound; no checksum of it is kept\n"
    # what a header's check says begins with the file's name
    named = "" if verdict.problem.startswith(shown) else f"{shown}: "
    return f"damaged  {named}{verdict.problem}\n"
