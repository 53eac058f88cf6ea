"""Model files that are on this computer already: where people and other programs keep them.

The search is limited in depth, time and number; a folder that cannot be read has no models.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from localr1.models.library import DEPTH_AT_MOST
from localr1.models.reference import ModelReference
from localr1.terminal_text import clean_line

SEARCH_SECONDS = 5.0
FILES_AT_MOST = 100
ENTRIES_AT_MOST = 20_000
"""Names looked at, in all folders together."""

_ENDING = ".gguf"
_OF_OTHER_USE = ("mmproj", "ggml-vocab")
"""How files begin that are a part of a model, or none."""

_LATER_SHARD = re.compile(r"-(?!00001)\d{5}-of-\d{5}\.gguf$")
_MANIFEST_BYTES = 1 << 16
_MODEL_LAYER = "application/vnd.ollama.image.model"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class Place(NamedTuple):
    """A folder in which models may be."""

    name: str
    """As a person calls it."""
    folder: Path
    depth: int
    """Levels of folders below it that are looked into."""
    is_ollama: bool = False
    """Its files are named by their digests; what they are called stands in manifests."""


class LocalModel(NamedTuple):
    """A model file that was found."""

    reference: ModelReference
    size_bytes: int
    place: str


def usual_places(
    models_folder: Path,
    current: Path,
    home: Path,
    environment: Mapping[str, str] = os.environ,
    system: str = sys.platform,
) -> list[Place]:
    """Where models usually are, the likeliest folders first.

    Args:
        models_folder: localr1's own.
        current: the folder that localr1 was started in.
        home: of the person.
        environment: where the other programs are told to keep theirs elsewhere.
        system: of `sys.platform`.
    """
    cache = home / ("Library/Caches" if system == "darwin" else ".cache")
    hub = Path(environment.get("HF_HOME") or home / ".cache/huggingface") / "hub"
    ollama = Path(environment.get("OLLAMA_MODELS") or home / ".ollama/models")
    return [
        Place("localr1's models", models_folder, DEPTH_AT_MOST),
        Place("this folder", current, 0),
        Place("Downloads", home / "Downloads", 1),
        Place("LM Studio", home / ".lmstudio/models", 2),
        Place("LM Studio", home / ".cache/lm-studio/models", 2),
        Place("Hugging Face", Path(environment.get("HF_HUB_CACHE") or hub), 4),
        Place("llama.cpp", Path(environment.get("LLAMA_CACHE") or cache / "llama.cpp"), 0),
        Place("ollama", ollama, 5, is_ollama=True),
    ]


def local_models(
    places: Sequence[Place], clock: Callable[[], float] = time.monotonic
) -> Iterator[LocalModel]:
    """The model files in these places, each file once; blocks as long as the disks do."""
    search = _Search(clock() + SEARCH_SECONDS, clock)
    known: set[tuple[int, int]] = set()
    for place in places:
        found = search.of_ollama(place) if place.is_ollama else search.of_folder(place)
        for path, name in found:
            try:
                status = path.stat()
            except OSError:
                continue
            identity = (status.st_dev, status.st_ino)
            if identity not in known:
                known.add(identity)
                reference = ModelReference(path, name, "gguf")
                yield LocalModel(reference, status.st_size, place.name)
            if len(known) >= FILES_AT_MOST:
                return


class _Search:
    """Walks folders until its time or its number of entries is used up."""

    def __init__(self, deadline: float, clock: Callable[[], float]) -> None:
        self._deadline = deadline
        self._clock = clock
        self._left = ENTRIES_AT_MOST

    def of_folder(self, place: Place) -> Iterator[tuple[Path, str]]:
        """Paths and names of the GGUF files of a place."""
        for path in self._files(place.folder, place.depth):
            name = path.name
            if name.lower().endswith(_ENDING) and not (
                name.startswith(_OF_OTHER_USE) or _LATER_SHARD.search(name)
            ):
                yield path, clean_line(name)

    def of_ollama(self, place: Place) -> Iterator[tuple[Path, str]]:
        """Paths and names of ollama's models."""
        manifests = place.folder / "manifests"
        for manifest in self._files(manifests, place.depth):
            digest = _model_digest(manifest)
            if digest:
                path = place.folder / "blobs" / digest.replace(":", "-")
                yield path, clean_line(":".join(manifest.parts[-2:]))

    def _files(self, folder: Path, depth: int) -> Iterator[Path]:
        try:
            with os.scandir(folder) as entries:
                found = sorted(self._counted(entries), key=lambda entry: entry.name.lower())
        except OSError:
            return
        for entry in found:
            if _is(entry, os.DirEntry.is_file):
                yield Path(entry.path)
        for entry in found:
            # hidden: what localr1 has not wholly fetched yet
            if depth and not entry.name.startswith(".") and _is(entry, _is_true_folder):
                yield from self._files(Path(entry.path), depth - 1)

    def _counted(self, entries: Iterator[os.DirEntry[str]]) -> Iterator[os.DirEntry[str]]:
        for entry in entries:
            self._left -= 1
            if self._left < 0 or self._clock() > self._deadline:
                return
            yield entry


def _is(entry: os.DirEntry[str], check: Callable[[os.DirEntry[str]], bool]) -> bool:
    try:
        return check(entry)
    except OSError:
        return False


def _is_true_folder(entry: os.DirEntry[str]) -> bool:
    # links to folders could lead in circles
    return entry.is_dir(follow_symlinks=False)


def _model_digest(manifest: Path) -> str:
    """The digest of the model in one of ollama's manifests; empty where there is none."""
    try:
        with manifest.open("rb") as file:
            told = json.loads(file.read(_MANIFEST_BYTES))
        layers = told["layers"]
        digests = [each["digest"] for each in layers if each["mediaType"] == _MODEL_LAYER]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""
    digest = digests[0] if digests else ""
    return digest if isinstance(digest, str) and _DIGEST.fullmatch(digest) else ""
