"""The library: the model files in localr1's own folder, fetched, imported or made there."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from localr1.models.records import FileRecord, read_record
from localr1.terminal_text import clean_line

DEPTH_AT_MOST = 8
"""Levels of folders that are looked into: ORG/REPO and what a repository has below."""
ENTRIES_AT_MOST = 100_000

_ENDING = ".gguf"
SHARD = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf", re.I | re.S)
"""The name of one file of a model in several."""


class LibraryModel(NamedTuple):
    """A model of the library; one in several files is one model."""

    path: Path
    """Of its file, or of the first one; that one may be missing."""
    shards: tuple[Path, ...]
    """Its files that are there, in their order."""
    missing: tuple[str, ...]
    """Names of files that belong to it and are not there; untrusted."""
    name: str
    """What it is called here, on one line; no two models have the same."""
    size_bytes: int
    """All its files together; of a link, what it points to."""
    record: FileRecord | None
    """Of its first file."""
    is_link: bool
    """Its files are elsewhere; here are only links."""

    @property
    def is_whole(self) -> bool:
        """Whether all its files are there; a link can point to nothing."""
        return not self.missing


class Library:
    """Looks into the models folder; nothing is kept between two looks.

    Args:
        folder: localr1's models folder, which may be missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.unread: list[str] = []
        """Folders that the last look could not read, on one line each."""

    def models(self) -> list[LibraryModel]:
        """All models by name; blocks as long as the disk does."""
        self.unread = []
        self._left = ENTRIES_AT_MOST
        groups: dict[tuple[Path, str, int], list[Path]] = {}
        for path in self._files(self.folder, DEPTH_AT_MOST):
            match = SHARD.fullmatch(path.name)
            key = (
                path.parent,
                *((match["stem"], int(match["count"])) if match else (path.name, 0)),
            )
            groups.setdefault(key, []).append(path)
        found = [_model(paths, count) for (_, _, count), paths in groups.items()]
        return sorted(self._with_own_names(found), key=lambda model: model.name.casefold())

    def find(self, name: str) -> LibraryModel | None:
        """The model that is called so, in whatever case; None without one."""
        wanted = name.casefold().removesuffix(_ENDING)
        return next((each for each in self.models() if each.name.casefold() == wanted), None)

    def model_at(self, path: Path) -> LibraryModel | None:
        """The model that one of whose files this is; None where it is not of the library."""
        wanted = os.path.abspath(path)  # noqa: PTH100  # a link of the library is itself meant
        for model in self.models():
            if any(os.path.abspath(shard) == wanted for shard in model.shards):  # noqa: PTH100
                return model
        return None

    def _files(self, folder: Path, depth: int) -> Iterator[Path]:
        try:
            with os.scandir(folder) as entries:
                found = sorted(self._counted(entries), key=lambda entry: entry.name)
        except FileNotFoundError:
            return
        except OSError as error:
            self.unread.append(clean_line(f"{folder}: {error.strerror}"))
            return
        for entry in found:
            # hidden: what is not whole yet
            if entry.name.startswith("."):
                continue
            if entry.name.lower().endswith(_ENDING) and (entry.is_symlink() or _is_file(entry)):
                yield Path(entry.path)
            elif depth and _is_true_folder(entry):
                yield from self._files(Path(entry.path), depth - 1)

    def _counted(self, entries: Iterator[os.DirEntry[str]]) -> Iterator[os.DirEntry[str]]:
        for entry in entries:
            self._left -= 1
            if self._left < 0:
                return
            yield entry

    def _with_own_names(self, models: Sequence[LibraryModel]) -> list[LibraryModel]:
        """Those that are called alike get the names of their folders too, or of their files."""
        named = list(models)
        for longer in (_with_folder, _with_file, _numbered):
            known = Counter(model.name.casefold() for model in named)
            named = [
                model._replace(name=clean_line(longer(model, self.folder, number)))
                if known[model.name.casefold()] > 1
                else model
                for number, model in enumerate(named, start=1)
            ]
        return named


def _with_folder(model: LibraryModel, root: Path, _: int) -> str:
    return (model.path.parent.relative_to(root) / model.name).as_posix()


def _with_file(model: LibraryModel, root: Path, _: int) -> str:
    return model.path.relative_to(root).as_posix()[: -len(_ENDING)]


def _numbered(model: LibraryModel, _: Path, number: int) -> str:
    return f"{model.name} ({number})"


def _model(paths: Sequence[Path], count: int) -> LibraryModel:
    first = paths[0]
    match = SHARD.fullmatch(first.name)
    if match is None:
        expected = [first]
    else:
        digits = len(match["count"])
        names = (
            f"{match['stem']}-{number:0{digits}d}-of-{match['count']}{first.suffix}"
            for number in range(1, min(count, len(paths) + 1000) + 1)
        )
        expected = [first.with_name(name) for name in names]
    sizes = {path: size for path in paths if (size := _size(path)) is not None}
    stem = match["stem"] if match else first.name[: -len(_ENDING)]
    return LibraryModel(
        path=expected[0] if expected else first,
        shards=tuple(paths),
        missing=tuple(path.name for path in expected if path not in sizes),
        name=clean_line(stem),
        size_bytes=sum(sizes.values()),
        record=read_record(expected[0] if expected else first),
        is_link=any(path.is_symlink() for path in paths),
    )


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def _is_true_folder(entry: os.DirEntry[str]) -> bool:
    # links to folders could lead in circles
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def first_file(path: str) -> str:
    """Of a model in several files, the first one; else the file itself."""
    match = SHARD.fullmatch(path)
    return f"{match['stem']}-00001-of-{path[match.start('count') :]}" if match else path
