"""A file that another program fetched already: Hugging Face's cache, ollama's store, LM Studio's.

Both stores name files by their SHA-256, so that these are found without looking at them; in other
folders a file of the same name and size is a candidate. Whatever is found is hashed before it is
used.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from localr1.models.hub.repository import RemoteFile
from localr1.models.local_files import Place, usual_places


class Copy(NamedTuple):
    """A file that may be the one that is wanted."""

    path: Path
    place: str
    """As a person calls it."""


def copies_of(
    repo: str,
    file: RemoteFile,
    models_folder: Path,
    home: Path,
    environment: Mapping[str, str] = os.environ,
) -> Iterator[Copy]:
    """Files on this computer with the size of one of the hub, the likeliest first.

    Args:
        repo: "org/name".
        file: of the hub.
        models_folder: localr1's own, which is no place to take from.
        home: of the person.
        environment: where the other programs are told to keep theirs elsewhere.
    """
    for place in usual_places(models_folder, Path(), home, environment):
        for path in _candidates(place, repo, file):
            if _has_size(path, file.size_bytes):
                yield Copy(path, place.name)


def _candidates(place: Place, repo: str, file: RemoteFile) -> Iterator[Path]:
    name = file.path.rpartition("/")[2]
    if place.is_ollama:
        yield place.folder / "blobs" / f"sha256-{file.sha256}"
    elif place.name == "Hugging Face":
        yield place.folder / f"models--{repo.replace('/', '--')}" / "blobs" / file.sha256
    elif place.name == "LM Studio":
        yield place.folder / repo / file.path
        yield place.folder / repo / name
    elif place.name == "llama.cpp":
        yield place.folder / f"{repo.replace('/', '_')}_{name}"


def _has_size(path: Path, size_bytes: int) -> bool:
    try:
        return path.is_file() and path.stat().st_size == size_bytes
    except (OSError, ValueError):
        return False
