"""Model files on this computer as the models screen lists them; all of it blocks."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from localr1.errors import ModelNotFound
from localr1.models.last_used import last_used, read_uses
from localr1.models.library import Library, LibraryModel
from localr1.models.local_files import Place, local_models, usual_places
from localr1.models.quant_names import quant_of_file
from localr1.models.records import FileRecord
from localr1.models.reference import DEMO, demo_path
from localr1.models.removal import removal_of
from localr1.tui.model_list.rows import Fact, Fit, ModelHere
from localr1.units import count

if TYPE_CHECKING:
    from localr1.advice.model_facts import FileFacts


def own_models(library: Library, own: Sequence[LibraryModel]) -> list[ModelHere]:
    """localr1's own models by name, then the demo; headers are not read.

    Args:
        library: localr1's own.
        own: all its models.
    """
    return _with_uses(library, [*map(_of_library, own), *_demo()])


def models_elsewhere(
    library: Library, own: Sequence[LibraryModel], places: Sequence[Place]
) -> list[ModelHere]:
    """Models that are not localr1's, and that it does not link to; headers are not read.

    Args:
        library: localr1's own.
        own: all its models.
        places: where else models may be.
    """
    known = {os.path.realpath(shard) for model in own for shard in model.shards}
    rows = []
    for other in local_models(places):
        path = other.reference.path
        if os.path.realpath(path) not in known:
            name = other.reference.name.removesuffix(".gguf")
            quant = quant_of_file(path.name) or ""
            rows.append(ModelHere(path, name, other.size_bytes, other.place, quant))
    return _with_uses(library, rows)


def _with_uses(library: Library, rows: Sequence[ModelHere]) -> list[ModelHere]:
    uses = read_uses(library.folder)
    return [row._replace(used_at=last_used(uses, library.folder, row.path)) for row in rows]


def _demo() -> list[ModelHere]:
    try:
        path = demo_path()
        size_bytes = path.stat().st_size
    except (ModelNotFound, OSError):
        return []
    return [ModelHere(path, DEMO, size_bytes, "built in")]


def other_places(models_folder: Path) -> list[Place]:
    """Where models may be beside localr1's own folder."""
    try:
        places = usual_places(models_folder, Path.cwd(), Path.home())
    except (OSError, RuntimeError):  # the folder is gone, or the person has none
        return []
    return [place for place in places if place.folder != models_folder]


def _of_library(model: LibraryModel) -> ModelHere:
    return ModelHere(
        path=model.path,
        name=model.name,
        size_bytes=model.size_bytes,
        quant=quant_of_file(model.path.name) or "",
        freed_bytes=removal_of(model).freed_bytes,
        problem=_missing(model),
        facts=tuple(_record_facts(model)),
    )


def _missing(model: LibraryModel) -> str:
    if model.is_whole:
        return ""
    names = ", ".join(model.missing[:3])
    return f"what it links to is gone: {names}" if model.is_link else f"files are missing: {names}"


def _record_facts(model: LibraryModel) -> Iterator[Fact]:
    record = model.record
    if record is not None:
        yield "Licence", record.licence
        yield "From", _origin(record)
    if model.is_link:
        yield "Link to", os.path.realpath(model.path)
    if len(model.shards) > 1:
        yield "Files", f"{count(len(model.shards), 'file')}, one model together"


def _origin(record: FileRecord) -> str:
    if record.repo:
        return f"huggingface.co/{record.repo}"
    return record.source_path and f"added from {record.source_path}"


def with_facts(model: ModelHere, facts: FileFacts, tps: float | None) -> ModelHere:
    """A model with what its header says, and whether it fits."""
    fit = facts.fit
    return model._replace(
        problem=model.problem or facts.problem,
        quant=facts.quant_type or model.quant,
        n_ctx_train=facts.n_ctx_train,
        fit=Fit(fit.fits, fit.n_ctx, tps, fit.why) if fit else None,
    )
