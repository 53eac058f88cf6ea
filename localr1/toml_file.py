"""Reading TOML that a person wrote, within limits."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from localr1.errors import UsageError
from localr1.terminal_text import clean_line

LIMIT_BYTES = 1 << 20


def read_text(path: Path) -> str:
    """The text of a file; empty where there is none.

    Raises:
        UsageError: it cannot be read, or is not text.
    """
    try:
        return _text(path)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text", "save it as UTF-8") from error


def parse(text: str, path: Path) -> dict[str, Any]:
    """What TOML says.

    Args:
        text: of the file.
        path: named where something is wrong.

    Raises:
        UsageError: it is not TOML; the message names the line.
    """
    if not text:
        return {}  # most often there is no file, and the parser is a hundredth of a start
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        table: dict[str, Any] = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"{path} is not valid TOML: {clean_line(str(error))}",
            'a line reads: name = value, with text in "quotes"',
        ) from error
    return table


def _text(path: Path) -> str:
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is not a file")  # opening a pipe would wait for ever
    with path.open("rb") as file:
        content = file.read(LIMIT_BYTES + 1)
    if len(content) > LIMIT_BYTES:
        raise UsageError(f"{path} is too large for a settings file")
    return content.decode("utf-8-sig")
