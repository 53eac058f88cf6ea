"""A person's own catalog file: what of it can be used, and where it is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from localr1 import toml_file
from localr1.errors import UsageError
from localr1.models.hub_names import REPO_PATTERN
from localr1.terminal_text import clean_line

MODELS = "models"
"""The table that holds all others."""

NAME_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,63}\Z"
_IN_WORDS = {
    NAME_PATTERN: "small letters, digits, dots and dashes only",
    REPO_PATTERN: 'text like "organisation/repository"',
}
_PLACE = re.compile(r" - at `\$(?P<path>[^`]*)`")
_FIELD = re.compile(r"(?:unknown|required) field `(?P<field>[^`]*)`")


class OwnCatalog(NamedTuple):
    """The tables of a file, not yet checked."""

    path: Path
    text: str
    tables: Mapping[str, object]
    faults: tuple[str, ...] = ()

    def fault(self, name: str, error: msgspec.ValidationError) -> str:
        """What is wrong with the table of this name, with line and key."""
        keys, what = _told(str(error))
        line = line_of(self.text, (MODELS, name, *keys))
        key = ".".join((MODELS, name, *keys))
        where = f", line {line}" if line else ""
        return clean_line(f"{self.path}{where}, {key}: {what}; it is left out")

    def notice(self, faults: Sequence[str]) -> str:
        """All faults in one sentence; empty without any."""
        if not faults:
            return ""
        more = f" ({len(faults) - 1} more like this)" if len(faults) > 1 else ""
        return f"{faults[0]}{more}."


def read_own_catalog(path: Path) -> OwnCatalog:
    """The tables of a person's file; none where it is missing or cannot be used."""
    try:
        text = toml_file.read_text(path)
        table = toml_file.parse(text, path)
    except UsageError as error:
        return OwnCatalog(path, "", {}, (clean_line(f"{error.message}; it is left out"),))
    models = table.pop(MODELS, {})
    faults = [*_unknown(path, text, table)]
    if not isinstance(models, dict):
        line = line_of(text, (MODELS,))
        faults.append(clean_line(f"{path}, line {line}, {MODELS}: must be a table"))
        models = {}
    return OwnCatalog(path, text, models, tuple(faults))


def merged(base: object, own: object) -> object:
    """A person's values in place of the built-in ones, table by table."""
    if not (isinstance(base, dict) and isinstance(own, dict)):
        return own
    return {**base, **{key: merged(base.get(key), value) for key, value in own.items()}}


def line_of(text: str, keys: Sequence[str]) -> int | None:
    """The line, counted from 1, on which a key stands, or the nearest table around it."""
    best, found = 0, None
    for number, path in _lines(text):
        depth = _common(path, keys)
        if depth > best:
            best, found = depth, number
    return found


def _lines(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Lines that begin with a key or a table's name, with the whole path of it."""
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if stripped.startswith("["):
            table = _path_in(stripped) or table
            yield number, table
        elif "=" in stripped and (path := _path_in(stripped.split("=", 1)[0] + "= 0")):
            yield number, (*table, *path)


def _path_in(line: str) -> tuple[str, ...]:
    """The keys of a line of TOML, outermost first; none where it cannot be read alone."""
    try:
        value: object = toml_file.parse(line, Path())
    except UsageError:
        return ()
    path = []
    while isinstance(value, (dict, list)) and value:
        if isinstance(value, list):
            value = value[0]
            continue
        key, value = next(iter(value.items()))
        path.append(key)
    return tuple(path)


def _common(path: Sequence[str], keys: Sequence[str]) -> int:
    count = 0
    for one, other in zip(path, keys, strict=False):
        if one != other:
            break
        count += 1
    # a longer path is another key of the same table
    return count if len(path) <= len(keys) else min(count, len(keys) - 1)


def _told(message: str) -> tuple[tuple[str, ...], str]:
    """The keys that msgspec names, and the rest of its sentence."""
    place, field = _PLACE.search(message), _FIELD.search(message)
    path = place["path"] if place else ""
    keys = [part for part in re.split(r"[.\[\]]+", path) if part and not part.isdigit()]
    if field:
        keys.append(field["field"])
    what = _PLACE.sub("", message).replace("`", "").replace("\\\\", "\\")
    for pattern, words in _IN_WORDS.items():
        what = what.replace(f"str matching regex '{pattern}'", words)
    return tuple(keys), what[:1].lower() + what[1:]


def _unknown(path: Path, text: str, table: dict[str, Any]) -> Iterator[str]:
    for key in table:
        line = line_of(text, (key,))
        yield clean_line(f"{path}, line {line}, {key}: there is no such key, all is in [{MODELS}]")
