"""Which of a repository's files are the model that is meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from localr1.errors import ModelNotFound, ModelRefused
from localr1.models.catalog import DEFAULT_QUANT
from localr1.models.hub.repository import RemoteFile, Repository
from localr1.models.library import SHARD
from localr1.models.quant_names import quant_of_file
from localr1.terminal_text import clean_line
from localr1.units import download_size

NAMED_AT_MOST = 20

_OF_OTHER_USE = re.compile(r"(^|/)(mmproj|ggml-vocab|imatrix)|imatrix[^/]*\.gguf$", re.IGNORECASE)
_SMALLEST_BYTES = 24
"""Of a GGUF header."""


class RemoteModel(NamedTuple):
    """A model of a repository; one in several files is one model."""

    files: tuple[RemoteFile, ...]
    """In their order."""
    quant: str
    """ "Q4_K_M", in upper case; empty where its name tells none."""
    expected: int
    """Of the files it should have."""

    @property
    def is_whole(self) -> bool:
        """Whether the repository has all its files."""
        return len(self.files) == self.expected

    @property
    def path(self) -> str:
        """Of its first file; untrusted."""
        return self.files[0].path

    @property
    def size_bytes(self) -> int:
        """All files together."""
        return sum(file.size_bytes for file in self.files)


def models_of(files: Iterable[RemoteFile]) -> list[RemoteModel]:
    """The GGUF models among a repository's files, the smallest first."""
    groups: dict[tuple[str, int], list[RemoteFile]] = {}
    for file in files:
        if not file.path.lower().endswith(".gguf") or _OF_OTHER_USE.search(file.path):
            continue
        shard = SHARD.fullmatch(file.path)
        key = (shard["stem"], int(shard["count"])) if shard else (file.path, 1)
        groups.setdefault(key, []).append(file)
    models = [
        RemoteModel(
            tuple(sorted(each, key=lambda file: file.path)), quant_of_file(stem) or "", count
        )
        for (stem, count), each in groups.items()
    ]
    return sorted(models, key=lambda model: (model.size_bytes, model.path))


def choose(repository: Repository, quant: str | None, path: str | None) -> RemoteModel:
    """The model that is meant.

    Args:
        repository: in which it is.
        quant: as a person asked for it; None means the usual one.
        path: of its file, or of the first one.

    Raises:
        ModelNotFound: there is none such, or there are several.
        ModelRefused: it is not whole, or nothing is known to check it by.
    """
    models = models_of(repository.files)
    if not models:
        raise ModelNotFound(
            f"{repository.name} has no GGUF files",
            "look for a repository whose name ends with -GGUF, or convert its checkpoint: "
            "localr1 convert FOLDER",
        )
    if path is not None:
        return _checked(_at_path(repository, models, path))
    if quant is not None:
        wanted = [each for each in models if each.quant == quant.upper()]
        return _checked(_only(repository, wanted, models, quant))
    if len(models) == 1:
        return _checked(models[0])
    if wanted := [each for each in models if each.quant == DEFAULT_QUANT]:
        return _checked(_only(repository, wanted, models, DEFAULT_QUANT))
    raise ModelNotFound(f"{repository.name} has no {DEFAULT_QUANT}; say which one", _named(models))


def _at_path(repository: Repository, models: Sequence[RemoteModel], path: str) -> RemoteModel:
    for model in models:
        if any(file.path == path for file in model.files):
            return model
    raise ModelNotFound(f"{repository.name} has no GGUF file {clean_line(path)}", _named(models))


def _only(
    repository: Repository,
    wanted: Sequence[RemoteModel],
    models: Sequence[RemoteModel],
    quant: str,
) -> RemoteModel:
    if len(wanted) == 1:
        return wanted[0]
    if not wanted:
        raise ModelNotFound(f"{repository.name} has no {clean_line(quant, 30)}", _named(models))
    paths = ", ".join(f"hf:{repository.name}/{each.path}" for each in wanted[:NAMED_AT_MOST])
    raise ModelNotFound(
        f"{repository.name} has {len(wanted)} files that are {clean_line(quant, 30)}",
        f"name one of them: {clean_line(paths, 1000)}",
    )


def _named(models: Sequence[RemoteModel]) -> str:
    """What there is, for a hint."""
    named = [
        f"{each.quant or each.path} ({download_size(each.size_bytes)})"
        for each in models[:NAMED_AT_MOST]
    ]
    more = ", ..." if len(models) > NAMED_AT_MOST else ""
    return f"there are: {clean_line(', '.join(named), 1000)}{more}"


def _checked(model: RemoteModel) -> RemoteModel:
    if not model.is_whole:
        raise ModelRefused(
            f"{clean_line(model.path)} is a model in {model.expected} files, "
            f"and the repository has {len(model.files)} of them",
            "choose another one",
        )
    for file in model.files:
        if not file.sha256:
            raise ModelRefused(
                f"the hub tells no SHA-256 of {clean_line(file.path)}, so it could not be checked",
                "choose another repository",
            )
        if file.size_bytes < _SMALLEST_BYTES:
            raise ModelRefused(
                f"{clean_line(file.path)} has only {file.size_bytes} bytes and is no model",
                "choose another one",
            )
    return model
