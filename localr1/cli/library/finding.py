"""Which model a REF of the library's commands means, here or in another program's folder."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from localr1 import paths
from localr1.errors import ModelNotFound
from localr1.models.library import Library, LibraryModel
from localr1.models.local_files import LocalModel, Place, local_models, usual_places
from localr1.models.reference import find_model

OTHER_PROGRAMS = ("Hugging Face", "LM Studio", "llama.cpp", "ollama")
"""Places of `usual_places` that programs fill; the others are a person's own."""


class Found(NamedTuple):
    """A model file that was meant."""

    path: Path
    name: str
    model: LibraryModel | None = None
    """Of the library; None where it is kept elsewhere."""
    place: str = ""
    """The program that keeps it."""


def library() -> Library:
    """localr1's own."""
    return Library(paths.models_folder())


def find(reference: str, models: Library) -> Found:
    """The model that a person means: of the library, of another program, or by any reference.

    Raises:
        ModelNotFound: there is none.
    """
    try:
        meant = find_model(reference)
    except ModelNotFound:
        for other in of_other_programs(models):
            if other.reference.name.casefold() == reference.casefold():
                return Found(other.reference.path, other.reference.name, place=other.place)
        raise
    known = models.model_at(meant.path)
    if known is not None:
        return Found(known.path, known.name, known)
    return Found(meant.path, meant.name, place=_keeper(meant.path))


def of_other_programs(models: Library) -> Iterator[LocalModel]:
    """Models that other programs keep and the library does not link to."""
    here = {os.path.realpath(shard) for model in models.models() for shard in model.shards}
    for other in local_models(_places()):
        if os.path.realpath(other.reference.path) not in here:
            yield other


def _places() -> list[Place]:
    """Where other programs keep models."""
    try:
        home = Path.home()
    except RuntimeError:
        return []
    places = usual_places(paths.models_folder(), Path.cwd(), home)
    return [each for each in places if each.name in OTHER_PROGRAMS]


def _keeper(path: Path) -> str:
    """The program in whose folder this file is; empty where it is a person's own."""
    real = Path(os.path.realpath(path))
    for place in _places():
        if Path(os.path.realpath(place.folder)) in real.parents:
            return place.name
    return ""


def as_json(value: Any, *, lines: bool = False) -> str:
    """JSON in ASCII, so that any path comes through, whatever its bytes.

    Args:
        value: of plain types and paths.
        lines: all on one line.
    """
    return json.dumps(value, indent=None if lines else 2, default=os.fspath) + "\n"
