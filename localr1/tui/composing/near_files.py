"""The files that a mention may mean: those of one folder, the likeliest first."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from localr1.terminal_text import clean_line
from localr1.tui.composing.ignored import Ignored

STEP_ENTRIES = 200
"""Looked at before it is asked whether this is still wanted."""
SECONDS_AT_MOST = 1.0
OFFERED_AT_MOST = 100

_NO_TEXT = frozenset(
    f".{suffix}"
    for suffix in (
        *("7z", "bz2", "gz", "jar", "rar", "tar", "tgz", "whl", "xz", "zip", "zst", "iso"),
        *("a", "bin", "class", "dll", "dylib", "exe", "o", "obj", "pyc", "so", "wasm"),
        *("avif", "bmp", "gif", "ico", "jpeg", "jpg", "png", "tif", "tiff", "webp"),
        *("avi", "flac", "mkv", "mov", "mp3", "mp4", "ogg", "wav", "webm"),
        *("gguf", "npy", "npz", "onnx", "parquet", "pkl", "pt", "safetensors"),
        *("db", "sqlite", "otf", "ttf", "woff", "woff2"),
    )
)


class NearFile(NamedTuple):
    """A file or folder that may be meant."""

    typed: str
    """What names it; a folder's ends with a slash."""
    path: Path
    is_folder: bool
    is_quiet: bool
    """Left out by .gitignore, or no text: it comes last."""


def near_files(typed: str, folder: Path, is_wanted: Callable[[], bool]) -> list[NearFile]:
    """Entries of the folder that is typed whose names hold what follows it; reads the disk.

    Args:
        typed: a path as far as it is typed; `~` is the home folder.
        folder: from which it starts.
        is_wanted: false when something else is typed meanwhile.
    """
    part = typed.rpartition("/")[2]
    prefix = typed[: len(typed) - len(part)]
    found: list[NearFile] = []
    try:
        start = folder / Path(prefix or ".").expanduser()
        ignored = Ignored(start.resolve())
        for entry in _entries(start, is_wanted):
            if _may_be_meant(entry.name, part) and (near := _near(entry, prefix, ignored)):
                found.append(near)
    except (OSError, ValueError, RuntimeError):
        # no such folder, or no home: nothing to offer
        pass
    return sorted(found, key=lambda each: _order(each, part))[:OFFERED_AT_MOST]


def _entries(folder: Path, is_wanted: Callable[[], bool]) -> Iterator[os.DirEntry[str]]:
    until = time.monotonic() + SECONDS_AT_MOST
    with os.scandir(folder) as entries:
        while step := list(itertools.islice(entries, STEP_ENTRIES)):
            yield from step
            if not is_wanted() or time.monotonic() > until:
                return


def _may_be_meant(name: str, part: str) -> bool:
    # What would not be shown as it is cannot be typed either
    is_plain = clean_line(name) == name and '"' not in name
    name, part = name.lower(), part.lower()
    # Hidden ones are shown to those who ask for them, and then nothing else
    is_meant = name.startswith(part) if part.startswith(".") else part in name
    return is_plain and is_meant and (part.startswith(".") or not name.startswith("."))


def _near(entry: os.DirEntry[str], prefix: str, ignored: Ignored) -> NearFile | None:
    try:
        is_folder = entry.is_dir()
        if not (is_folder or entry.is_file()):
            return None
    except OSError:
        return None  # links in a circle
    is_quiet = ignored(entry.name, is_folder=is_folder)
    is_quiet = is_quiet or (not is_folder and Path(entry.name).suffix.lower() in _NO_TEXT)
    typed = f"{prefix}{entry.name}{'/' if is_folder else ''}"
    return NearFile(typed, Path(entry.path), is_folder, is_quiet)


def _order(near: NearFile, part: str) -> tuple[bool, bool, bool, str]:
    name = near.path.name
    return (
        near.is_quiet,
        not name.lower().startswith(part.lower()),
        near.is_folder,
        name.lower(),
    )
