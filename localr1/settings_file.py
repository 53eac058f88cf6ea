"""Writes single values into the settings file; all else in it stays as a person wrote it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from localr1.errors import StorageError
from localr1.files import write_atomically
from localr1.settings import check_settings_text, checked
from localr1.toml_file import read_text

_MODELS = "models"
_TRIES = 5
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

Change = Callable[[Any], None]
"""Made to a plain table and to tomlkit's document alike."""


def save_setting(
    file: Path, name: str, value: object, model_names: Collection[str] | None = None
) -> None:
    """Give a setting a value in the file.

    The file is read anew, so what somebody else wrote meanwhile stays.

    Args:
        file: settings.toml; made where it is missing.
        name: of the setting.
        value: what it should be.
        model_names: the value goes into the table of the model that one of these names, which
            must be there; None: it is for all models.

    Raises:
        UsageError: the value cannot be used, or the file is broken; it is unchanged.
        StorageError: the file cannot be written; it is unchanged.
    """
    kept = checked(name, value, f"in {file}")

    def set_value(table: Any) -> None:
        _table(table, model_names)[name] = kept

    _edit(file, set_value)


def forget_setting(file: Path, name: str, model_names: Collection[str] | None = None) -> None:
    """Take a setting out of the file, so that the choice is localr1's again.

    Args and Raises: as for `save_setting`.
    """

    def remove(table: Any) -> None:
        _table(table, model_names).pop(name, None)

    _edit(file, remove)


def _table(document: Any, model_names: Collection[str] | None) -> Any:
    """The document itself, or the table of a model in it."""
    if model_names is None:
        return document
    wanted = {name.lower() for name in model_names}
    for name, table in document.get(_MODELS, {}).items():
        if name.lower() in wanted:
            return table
    raise StorageError("the file has no table of this model any more", "open the settings again")


def _edit(file: Path, change: Change) -> None:
    file = _target(file)
    for _ in range(_TRIES):
        before = read_text(file)
        content = _bytes_before(file)
        after = _changed(before, change, file)
        if after == before:
            return
        if _bytes_before(file) == content:
            mark = _BYTE_ORDER_MARK if content.startswith(_BYTE_ORDER_MARK) else b""
            write_atomically(file, mark + after.encode())
            return
    raise StorageError(f"{file} is being written by another program", "try again")


def _target(file: Path) -> Path:
    """Where the file really is: a link to it, as people with dotfiles have, stays a link."""
    with contextlib.suppress(OSError, RuntimeError):
        return file.resolve()
    return file


def _bytes_before(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _changed(before: str, change: Change, file: Path) -> str:
    """The text with the change made, and nothing but that: both are read to be sure."""
    wanted = check_settings_text(before, file)
    change(wanted)
    # tomlkit takes 0.05 s to import; only who changes a setting needs it
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(before)
        change(document)
        after = _with_line_ends(tomlkit.dumps(document), before)
    except TOMLKitError as error:
        raise _not_editable(file) from error
    if check_settings_text(after, file) != wanted:
        raise _not_editable(file)
    return after


def _with_line_ends(text: str, before: str) -> str:
    """The text with the line ends of the one that it replaces."""
    if "\r\n" not in before:
        return text
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


def _not_editable(file: Path) -> StorageError:
    return StorageError(f"{file} cannot be edited by localr1", "write the line with an editor")
