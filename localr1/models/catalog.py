"""The models that are known by name: the R1 family, and what a person adds in catalog.toml."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec

from localr1 import toml_file
from localr1.models.catalog_file import MODELS, NAME_PATTERN, merged, read_own_catalog
from localr1.models.hub_names import REPO_PATTERN
from localr1.models.shape import Shape

DEFAULT_QUANT = "Q4_K_M"
"""Fetched where no quant is named: half the size of Q8_0 at a loss that is hard to notice."""

_RESERVED = ("demo", "hf")
_BUILT_IN = Path(__file__).with_name("catalog.toml")

Repo = Annotated[str, msgspec.Meta(pattern=REPO_PATTERN)]
"""Of the hub: "org/name"."""
_Text = Annotated[str, msgspec.Meta(max_length=200)]
_Percent = Annotated[float, msgspec.Meta(ge=0, le=100)]


class Scores(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was published of a model, in per cent of questions solved at the first try."""

    source: _Text = ""
    aime_2024: _Percent | None = None
    math_500: _Percent | None = None
    gpqa_diamond: _Percent | None = None
    live_code_bench: _Percent | None = None


class CatalogEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model that can be had."""

    name: Annotated[str, msgspec.Meta(pattern=NAME_PATTERN)]
    """As people type it: "r1-qwen-7b"."""
    full_name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    """As its authors call it."""
    shape: Shape
    gguf_repos: Annotated[tuple[Repo, ...], msgspec.Meta(min_length=1, max_length=20)]
    """Repositories of the hub with its GGUF files, the preferred one first."""
    n_ctx_train: Annotated[int, msgspec.Meta(ge=256, le=1 << 24)] = 32_768
    """Tokens of the context window that it was trained with."""
    base_model: _Text = ""
    """What it was made from, as the hub names it."""
    licence: _Text = ""
    """Of its weights."""
    base_licence: _Text = ""
    """Of what it was made from; it may bind too."""
    checkpoint_repo: Repo | None = None
    """The original weights, for `localr1 convert`."""
    ollama_names: Annotated[tuple[_Text, ...], msgspec.Meta(max_length=20)] = ()
    scores: Scores = Scores()

    @property
    def parameters(self) -> int:
        """Numbers in all its tensors."""
        return self.shape.parameters


class Catalog:
    """All entries, in the order of the file, smallest models first.

    Args:
        entries: of the built-in catalog and a person's own.
        notice: one sentence on what of a person's catalog could not be used, or "".
    """

    def __init__(self, entries: tuple[CatalogEntry, ...], notice: str = "") -> None:
        self.entries = entries
        self.notice = notice

    def __iter__(self) -> Iterator[CatalogEntry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def get(self, name: str) -> CatalogEntry | None:
        """The entry of this name or full name, whatever the case; None without one."""
        wanted = name.casefold()
        for entry in self.entries:
            if wanted in (entry.name, entry.full_name.casefold()):
                return entry
        return None

    def of_repo(self, repo: str) -> CatalogEntry | None:
        """The entry whose files or weights this repository of the hub holds."""
        wanted = repo.casefold()
        for entry in self.entries:
            repos = (*entry.gguf_repos, entry.checkpoint_repo or "")
            if any(wanted == each.casefold() for each in repos):
                return entry
        return None


def load_catalog(user_file: Path | None = None) -> Catalog:
    """The built-in catalog with a person's own entries.

    Args:
        user_file: of the person (`paths.catalog_file()`); it may be missing. What of it cannot be
            used is left out, and told in the catalog's notice.
    """
    built_in = toml_file.parse(toml_file.read_text(_BUILT_IN), _BUILT_IN)[MODELS]
    entries = {name: _entry(name, table) for name, table in built_in.items()}
    if user_file is None:
        return Catalog(tuple(entries.values()))
    own = read_own_catalog(user_file)
    faults = [*own.faults]
    for name, table in own.tables.items():
        try:
            entries[name] = _entry(name, merged(built_in.get(name, {}), table))
        except msgspec.ValidationError as error:
            faults.append(own.fault(name, error))
    return Catalog(tuple(entries.values()), own.notice(faults))


def _entry(name: str, table: object) -> CatalogEntry:
    named = {**table, "name": name} if isinstance(table, dict) else table
    if name.casefold() in _RESERVED:
        raise msgspec.ValidationError("This name means something else")
    return msgspec.convert(named, CatalogEntry)
