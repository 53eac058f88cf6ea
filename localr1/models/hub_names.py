"""Names of the hub in text: repositories, and the files in them."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

REPO_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9_][A-Za-z0-9._-]{0,95}\Z"
"""Of a repository: "org/name"; nothing in it can lead out of a folder."""

_REPO: Final = re.compile(REPO_PATTERN)
_ADDRESS: Final = re.compile(r"(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/", re.IGNORECASE)
_PREFIX: Final = "hf:"
_PAGES: Final = ("blob", "resolve", "tree")
"""What stands in an address between the repository and the revision."""
_USUAL_REVISION: Final = "main"


class HubText(NamedTuple):
    """A repository, what follows it, and the revision that an address names."""

    repo: str
    rest: str
    """":QUANT", "/PATH" or nothing."""
    revision: str = ""


def hub_text(text: str) -> HubText | None:
    """What names something of the hub, taken apart; None for other texts.

    The repository may be nonsense: `is_repo` tells.
    """
    if text[: len(_PREFIX)].lower() == _PREFIX:
        return _split(text[len(_PREFIX) :])
    if address := _ADDRESS.match(text):
        return _of_address(text[address.end() :])
    return None


def is_repo(text: str) -> bool:
    """Whether a repository could be called so."""
    return _REPO.match(text) is not None


def is_file_path(path: str) -> bool:
    """Whether a file of a repository could have this path: nothing in it leads out of a folder."""
    parts = path.split("/")
    return path.isprintable() and not any(
        part in ("", ".", "..") or "\\" in part or ":" in part for part in parts
    )


def _split(text: str) -> HubText:
    org, slash, others = text.partition("/")
    name = re.split("[/:]", others, maxsplit=1)[0]
    return HubText(org + slash + name, others[len(name) :])


def _of_address(text: str) -> HubText:
    found = _split(re.split("[?#]", text, maxsplit=1)[0].rstrip("/"))
    parts = found.rest.split("/")
    if len(parts) < 3 or parts[1] not in _PAGES:
        return found
    path = "/".join(parts[3:])
    revision = "" if parts[2] == _USUAL_REVISION else parts[2]
    return HubText(found.repo, f"/{path}" if path else "", revision)
