"""Which of the library's models a name of the catalog or of the hub means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from localr1.errors import ModelNotFound
from localr1.models.catalog import DEFAULT_QUANT
from localr1.models.library import LibraryModel
from localr1.models.quant_names import quant_of_file
from localr1.models.quant_sizes import SIZED_QUANTS, file_bytes
from localr1.models.reference_text import CatalogName, HubName
from localr1.units import download_size


def find_in_library(
    meant: CatalogName | HubName, models: Sequence[LibraryModel], folder: Path
) -> LibraryModel | None:
    """The model of the library that is meant; None where it is not here.

    Without a quant in the name the usual one goes before all others, then the largest file.

    Args:
        meant: by a person.
        models: of the library.
        folder: of the library.
    """
    found = [model for model in all_in_library(meant, models, folder) if model.is_whole]
    return max(found, key=_preference) if found else None


def all_in_library(
    meant: CatalogName | HubName, models: Sequence[LibraryModel], folder: Path
) -> list[LibraryModel]:
    """All models of the library that may be meant, broken ones too."""
    return [
        model
        for model in _of_any_quant(meant, models, folder)
        if meant.quant in (None, quant_of_file(model.path.name))
    ]


def not_here(
    meant: CatalogName | HubName, models: Sequence[LibraryModel], folder: Path
) -> ModelNotFound:
    """What to say of a model that is not in the library."""
    name, size = name_of(meant), ""
    if isinstance(meant, CatalogName):
        quant = meant.quant or DEFAULT_QUANT
        if quant in SIZED_QUANTS:
            size = f" ({download_size(file_bytes(meant.entry.shape, quant))})"
    others = {quant_of_file(each.path.name) for each in _of_any_quant(meant, models, folder)}
    here = ", ".join(sorted(quant for quant in others if quant))
    have = f"; of other quants {here} is here" if here else ""
    return ModelNotFound(
        f"{name} is not on this computer{have}", f"`localr1 pull {name}` fetches it{size}"
    )


def name_of(meant: CatalogName | HubName) -> str:
    """The reference as it is typed."""
    if isinstance(meant, CatalogName):
        base = meant.entry.name
    else:
        base = f"hf:{meant.repo}" + (f"/{meant.path}" if meant.path else "")
    return f"{base}:{meant.quant}" if meant.quant else base


def _of_any_quant(
    meant: CatalogName | HubName, models: Sequence[LibraryModel], folder: Path
) -> Iterator[LibraryModel]:
    for model in models:
        repo, hub_path = _origin(model, folder)
        if isinstance(meant, CatalogName):
            if _is_of_entry(meant, model, repo):
                yield model
        elif repo == meant.repo.casefold() and meant.path in (None, hub_path):
            yield model


def _is_of_entry(meant: CatalogName, model: LibraryModel, repo: str) -> bool:
    entry, record = meant.entry, model.record
    if record and record.catalog_name:
        return record.catalog_name == entry.name
    if repo in (each.casefold() for each in entry.gguf_repos):
        return True
    # imported or made here: files keep the name of their model
    return model.path.name.casefold().startswith(entry.full_name.casefold())


def _origin(model: LibraryModel, folder: Path) -> tuple[str, str]:
    """Repository, folded, and path in it; by the record, else by where the file is."""
    if model.record and model.record.repo:
        return model.record.repo.casefold(), model.record.hub_path
    try:
        parts = model.path.relative_to(folder).parts
    except ValueError:
        return "", ""
    return "/".join(parts[:2]).casefold(), "/".join(parts[2:])


def _preference(model: LibraryModel) -> tuple[bool, int]:
    return quant_of_file(model.path.name) == DEFAULT_QUANT, model.size_bytes
