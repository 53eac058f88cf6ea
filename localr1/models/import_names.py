"""What an imported file is called in the library."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from localr1.errors import UsageError
from localr1.gguf_header.split import stem
from localr1.terminal_text import clean_line

if TYPE_CHECKING:
    from localr1.gguf_header import GgufHeader

NAME_BYTES_AT_MOST = 180
"""File systems take 255; the record's ending and a part's number are added."""

_NAME = re.compile(r"[^\W_][\w .+@()=-]*", re.UNICODE)
_OTHERS = re.compile(r"[^\w.+@()=-]+", re.UNICODE)
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Names of devices on Windows."""


def asked_name(text: str) -> str:
    """A name that a person gave, without its ending.

    Raises:
        UsageError: no file can be called so on every system.
    """
    name = text.removesuffix(".gguf")
    if not is_usable(name):
        raise UsageError(
            f"a model cannot be called {clean_line(text, 80)!r}",
            "use letters, digits, spaces and . _ - + ( ), beginning with a letter or digit",
        )
    return name


def own_name(path: Path, header: GgufHeader) -> str:
    """The name of a file as far as it can be kept, else that of the model in it.

    Files of ollama and of the Hugging Face cache are named by their checksums.
    """
    name = stem(path)
    if path.name.lower().endswith(".gguf") and is_usable(name):
        return name
    for text in (f"{header.name} {header.quant_type}", header.architecture):
        words = _OTHERS.sub("-", text).strip("-._ ")[: NAME_BYTES_AT_MOST // 4]
        if is_usable(words):
            return words
    return "model"


def is_usable(name: str) -> bool:
    """Whether a file can be called so, with an ending, on every system and in every shell."""
    return (
        _NAME.fullmatch(name) is not None
        and not name.endswith((" ", "."))
        and _RESERVED.fullmatch(name) is None
        and len(name.encode("utf-8", "replace")) <= NAME_BYTES_AT_MOST
    )


def numbered_names(name: str, parts: int) -> list[str]:
    """The names of all files of a model."""
    if parts == 1:
        return [f"{name}.gguf"]
    return [f"{name}-{number:05d}-of-{parts:05d}.gguf" for number in range(1, parts + 1)]
