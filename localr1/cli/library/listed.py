"""The rows of `localr1 list`: found, and shown as a table or as JSON."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from localr1.advice.doctor import examine
from localr1.advice.first_look import Fitting
from localr1.advice.model_facts import FileFacts, facts_of
from localr1.cli.library.finding import of_other_programs
from localr1.cli.output import Styled
from localr1.models.last_used import last_used, read_uses
from localr1.models.library import Library, LibraryModel
from localr1.settings import Settings
from localr1.terminal_text import clean_line
from localr1.units import download_size

OWN = "localr1"
"""The place of the library's own models."""

_NAME_WIDTH = 56


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


async def listed(models: Library, settings: Settings) -> list[Listed]:
    """All models of the library, then those of other programs, with what their files say."""
    found = await asyncio.to_thread(_found, models)
    if not found:
        return []
    fitting = Fitting(await examine(settings), settings)
    return [row._replace(facts=await asyncio.to_thread(_facts, row, fitting)) for row in found]


def _found(models: Library) -> list[Listed]:
    uses = read_uses(models.folder)
    nothing = FileFacts()
    own = [
        Listed(
            each.name, each.path, each.size_bytes, OWN, nothing,
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


def _facts(row: Listed, fitting: Fitting) -> FileFacts:
    if row.model is not None and row.model.missing:
        return FileFacts(problem=missing_files(row.model))
    return facts_of(row.path, fitting)


def missing_files(model: LibraryModel) -> str:
    """What a model lacks, on one line."""
    if model.is_link:
        return clean_line(f"what it links to is gone: {', '.join(model.missing[:3])}")
    return clean_line(f"files are missing: {', '.join(model.missing[:3])}")


def json_of(row: Listed) -> dict[str, Any]:
    """A row as `--json` prints it."""
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


def table(rows: Sequence[Listed]) -> Iterator[list[Styled]]:
    """The table, those of each program under its name."""
    if not rows:
        return
    cells = [_cells(row) for row in rows]
    headings = ("NAME", "QUANT", "SIZE", "CONTEXT", "LAST USED", "FITS")
    widths = [max(map(len, column)) for column in zip(headings, *cells, strict=True)]
    yield [(_line(headings, widths), "dim")]
    place = OWN
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
