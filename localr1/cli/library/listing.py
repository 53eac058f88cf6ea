"""`localr1 list`: the models that are on this computer."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from localr1.cli.options import settings_from_flags
from localr1.cli.output import Printer, Styled
from localr1.errors import ExitCode
from localr1.units import download_size

if TYPE_CHECKING:
    from localr1.advice.model_facts import FileFacts
    from localr1.models.library import LibraryModel

_NAME_WIDTH = 56
_LIBRARY = "localr1"


class Listed(NamedTuple):
    """A row of the list."""

    name: str
    path: Path
    size_bytes: int
    place: str
    """Who keeps it."""
    facts: FileFacts
    last_used: str
    """ISO 8601, UTC; empty where that is not known."""
    model: LibraryModel | None = None


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="A JSON line for each.")
def list_models(as_json: bool) -> int:
    """List the models of the library, and those that other programs keep.

    Each with its quant, size, trained context, when it was last used, and whether it fits into
    memory now.
    """
    import asyncio

    from localr1.cli.library.finding import as_json as encoded
    from localr1.cli.library.finding import library

    printer = Printer()
    printer.status("Looking at the models …")
    models = library()
    rows = asyncio.run(_rows(models))
    printer.clear_status()
    if as_json:
        for row in rows:
            printer.data(encoded(json_of(row), lines=True))
    else:
        for line in lines_of(rows):
            printer.styled_data(line)
    for unread in models.unread:
        printer.line(f"A folder cannot be read: {unread}")
    if not any(row.place == _LIBRARY for row in rows):
        printer.line(
            "The library is empty. `localr1 recommend` says which model fits this computer, "
            "`localr1 pull NAME` fetches it, `localr1 import FILE` takes one that is here."
        )
    return int(ExitCode.OK)


async def _rows(models: Any) -> list[Listed]:
    import asyncio

    from localr1.advice.doctor import examine
    from localr1.advice.first_look import Fitting

    settings = settings_from_flags({})
    found = await asyncio.to_thread(_found, models)
    if not found:
        return []
    fitting = Fitting(await examine(settings), settings)
    return [row._replace(facts=await asyncio.to_thread(_facts, row, fitting)) for row in found]


def _found(models: Any) -> list[Listed]:
    from localr1.advice.model_facts import FileFacts
    from localr1.cli.library.finding import of_other_programs
    from localr1.models.last_used import last_used, read_uses

    uses = read_uses(models.folder)
    nothing = FileFacts()
    own = [
        Listed(
            each.name, each.path, each.size_bytes, _LIBRARY, nothing,
            last_used(uses, models.folder, each.path), each,
        )
        for each in models.models()
    ]  # fmt: skip
    others = [
        Listed(
            each.reference.name, each.reference.path, each.size_bytes, each.place, nothing,
            last_used(uses, models.folder, each.reference.path),
        )
        for each in of_other_programs(models)
    ]  # fmt: skip
    return own + others


def _facts(row: Listed, fitting: Any) -> FileFacts:
    from localr1.advice.model_facts import FileFacts, facts_of

    if row.model is not None and row.model.missing:
        return FileFacts(problem=missing_files(row.model))
    return facts_of(row.path, fitting)


def missing_files(model: LibraryModel) -> str:
    """What a model lacks, on one line."""
    from localr1.terminal_text import clean_line

    if model.is_link:
        return clean_line(f"what it links to is gone: {', '.join(model.missing[:3])}")
    return clean_line(f"files are missing: {', '.join(model.missing[:3])}")


def json_of(row: Listed) -> dict[str, Any]:
    """A row as `--json` prints it."""
    import msgspec

    record = row.model.record if row.model else None
    return {
        "name": row.name,
        "path": row.path.absolute(),
        "place": row.place,
        "is_link": bool(row.model and row.model.is_link),
        "files": [path.absolute() for path in row.model.shards] if row.model else [row.path],
        "size_bytes": row.size_bytes,
        "last_used": row.last_used or None,
        **msgspec.to_builtins(row.facts),
        "record": msgspec.to_builtins(record) if record else None,
    }


def lines_of(rows: Sequence[Listed]) -> Iterator[list[Styled]]:
    """The table, those of each program under its name."""
    if not rows:
        return
    cells = [_cells(row) for row in rows]
    headings = ("NAME", "QUANT", "SIZE", "CONTEXT", "LAST USED", "FITS")
    widths = [max(map(len, column)) for column in zip(headings, *cells, strict=True)]
    yield [(_line(headings, widths), "dim")]
    place = _LIBRARY
    for row, texts in zip(rows, cells, strict=True):
        if row.place != place:
            place = row.place
            yield [(f"\nKept by {place}\n", "dim")]
        yield [(_line(texts, widths), "")]


def _cells(row: Listed) -> tuple[str, ...]:
    name = row.name if len(row.name) <= _NAME_WIDTH else f"{row.name[: _NAME_WIDTH - 1]}…"
    facts = row.facts
    return (
        f"{name} (link)" if row.model and row.model.is_link else name,
        facts.quant_type or "-",
        download_size(row.size_bytes),
        f"{facts.n_ctx_train:,}" if facts.n_ctx_train else "-",
        _day(row.last_used),
        _fit(facts),
    )


def _fit(facts: FileFacts) -> str:
    if facts.problem:
        return facts.problem
    if facts.fit is None:
        return "-"
    return f"yes, window {facts.fit.n_ctx:,}" if facts.fit.fits else "not into memory now"


def _day(moment: str) -> str:
    if not moment:
        return "-"
    return datetime.datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d")


def _line(texts: Sequence[str], widths: Sequence[int]) -> str:
    *padded, last = (
        f"{text:>{width}}" if column in (2, 3) else f"{text:<{width}}"
        for column, (text, width) in enumerate(zip(texts, widths, strict=True))
    )
    return "  ".join([*padded, last]).rstrip() + "\n"
