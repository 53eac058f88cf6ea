"""Models in several files: NAME-00001-of-00003.gguf and so on, as llama-gguf-split writes them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from localr1.gguf_header.part_file import OpenedPart, open_part
from localr1.gguf_header.refusal import Damaged, Refusal
from localr1.terminal_text import clean_line

_NAME: Final = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf", re.DOTALL)
_U16: Final = 2


def open_parts(path: Path) -> tuple[OpenedPart, ...]:
    """All files of the model that begins with `path`, the first one first.

    Raises:
        FileNotFoundError: `path` does not exist.
        Refusal: a file cannot be used, or a part is missing.
    """
    first = open_part(path)
    count = _number(first, "split.count", default=1)
    if count < 2:
        return (first,)
    later = _later_paths(first, count)
    parts = (first, *(_open_later(part, number) for number, part in enumerate(later, start=1)))
    _check_together(parts)
    return parts


def stem(path: Path) -> str:
    """The file's name without its ending and part number."""
    match = _NAME.fullmatch(path.name)
    return match["stem"] if match else path.stem


def paths_by_name(path: Path) -> tuple[Path, ...]:
    """All files of the model that begins with `path`, as its name tells; none is opened."""
    match = _NAME.fullmatch(path.name)
    if not match or int(match["number"]) != 1:
        return (path,)
    count = int(match["count"])
    return (path, *(_numbered(path, number, count) for number in range(2, count + 1)))


def _numbered(path: Path, number: int, count: int) -> Path:
    return path.with_name(f"{stem(path)}-{number:05d}-of-{count:05d}.gguf")


def _later_paths(first: OpenedPart, count: int) -> list[Path]:
    path, number = first.path, _number(first, "split.no", default=0)
    match = _NAME.fullmatch(path.name)
    if number > 0:
        name = f"{stem(path)}-00001-of-{count:05d}.gguf"
        hint = f"name the first file: {clean_line(name)}" if match else "name the first file"
        raise Refusal(f"is only part {number + 1} of a model in {count} files", hint)
    if not match or (int(match["number"]), int(match["count"])) != (1, count):
        raise Refusal(
            f"is the first of {count} files, but its name does not end so",
            f"rename it to NAME-00001-of-{count:05d}.gguf, and the others likewise",
        )
    return [_numbered(path, number, count) for number in range(2, count + 1)]


def _open_later(path: Path, number: int) -> OpenedPart:
    try:
        part = open_part(path)
        if _number(part, "split.no", default=-1) != number:
            raise Damaged(f"it is not part {number + 1} of its model")
    except FileNotFoundError:
        raise Refusal(
            f"has more parts, and {clean_line(path.name)} is missing",
            "put all parts into one folder",
        ) from None
    except Refusal as refusal:
        refusal.path = path
        raise
    return part


def _number(opened: OpenedPart, key: str, default: int) -> int:
    value = opened.header.metadata.get(key, default)
    # llama.cpp aborts when a later part's number has another type.
    if key in opened.header.metadata and opened.header.value_types[key] != _U16:
        raise Damaged(f'"{key}" has the wrong type')
    return int(value)


def _check_together(parts: tuple[OpenedPart, ...]) -> None:
    names = [tensor.name for part in parts for tensor in part.header.tensors]
    if len(set(names)) != len(names):
        raise Damaged("two of its parts hold the same tensor")
    announced = parts[0].header.metadata.get("split.tensors.count")
    if announced != len(names):
        raise Damaged(f"its parts hold {len(names)} tensors instead of {announced}")
