"""Which models a shell offers where a command wants one: the library's, the catalog's, files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:/@+-]*")
"""Names that mean themselves in every shell; what a file is called must not run a command."""

_PATH_STARTS = ("/", ".", "~")

Complete = Callable[[click.Context, click.Parameter, str], "list[CompletionItem]"]


def complete_model(
    _ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Models that can be run: of the library, the demo, and files."""
    return _items(incomplete, [*_of_library(), ("demo", "the toy that comes with localr1")])


def complete_library(
    _ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Models of the library."""
    return _items(incomplete, _of_library(), files=False)


def complete_catalog(
    _ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Models that can be fetched; after a colon their quants."""
    name, colon, _ = incomplete.partition(":")
    return _items(incomplete, _quants_of(name) if colon else _of_catalog(), files=False)


def complete_file(
    _ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Files, as the shell itself completes them."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def _items(
    incomplete: str, names: Iterator[tuple[str, str]] | list[tuple[str, str]], *, files: bool = True
) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    begun = incomplete.casefold()
    found = [
        CompletionItem(name, help=help_ or None)
        for name, help_ in names
        if name.casefold().startswith(begun) and _SAFE.fullmatch(name)
    ]
    if files and (not found or incomplete.startswith(_PATH_STARTS)):
        return [CompletionItem(incomplete, type="file")]
    return found


def _of_library() -> Iterator[tuple[str, str]]:
    from localr1 import paths
    from localr1.models.library import Library
    from localr1.terminal_text import clean_line
    from localr1.units import download_size

    for model in Library(paths.models_folder()).models():
        yield model.name, download_size(model.size_bytes)
        if model.record and model.record.catalog_name:
            yield model.record.catalog_name, clean_line(model.name)


def _of_catalog() -> Iterator[tuple[str, str]]:
    from localr1 import paths
    from localr1.models.catalog import load_catalog

    for entry in load_catalog(paths.catalog_file()):
        yield entry.name, entry.full_name


def _quants_of(name: str) -> Iterator[tuple[str, str]]:
    from localr1 import paths
    from localr1.models.catalog import load_catalog
    from localr1.models.quant_sizes import SIZED_QUANTS, file_bytes
    from localr1.units import download_size

    entry = load_catalog(paths.catalog_file()).get(name)
    if entry is not None:
        for quant in SIZED_QUANTS:
            yield f"{name}:{quant}", download_size(file_bytes(entry.shape, quant))
