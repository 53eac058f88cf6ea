"""A path of the hub as a path on this computer, or a refusal; and where a part of it is kept."""

from __future__ import annotations

import re
from pathlib import Path

from localr1.errors import ModelRefused
from localr1.models.part_state import PARTS_FOLDER
from localr1.terminal_text import clean_line

PART_BYTES_AT_MOST = 200
"""Of one part of a path, in UTF-8; file systems end at 255, and endings are added."""
DEPTH_AT_MOST = 6
"""Folders below the repository's; the library looks no deeper."""

_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"|?*\\]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)


def library_path(folder: Path, repo: str, hub_path: str) -> Path:
    """Where a file of the hub is kept: below its repository's own folder.

    Args:
        folder: localr1's models folder.
        repo: "org/name".
        hub_path: in the repository, untrusted.

    Raises:
        ModelRefused: a file of this name could land elsewhere, or on no system but one.
    """
    parts = [*repo.split("/"), *hub_path.split("/")]
    if len(parts) > 2 + DEPTH_AT_MOST or not all(map(_is_plain, parts)):
        raise ModelRefused(
            f"{clean_line(repo, 100)} lists a file with the name {clean_line(hub_path, 100)!r}, "
            "which is not safe; nothing was fetched",
            "tell the repository's author, or name another file",
        )
    return folder.joinpath(*parts)


def part_path(folder: Path, target: Path) -> Path:
    """Where a file is while it is not whole."""
    return folder / PARTS_FOLDER / target.relative_to(folder)


def _is_plain(part: str) -> bool:
    """Whether it is a name like any other, on every system."""
    try:
        length = len(part.encode())
    except UnicodeEncodeError:
        return False
    return (
        0 < length <= PART_BYTES_AT_MOST
        and not _FORBIDDEN.search(part)
        and not _DEVICES.fullmatch(part)
        and not part.startswith(".")  # `.` and `..` too
        and not part.endswith((".", " "))
        and part == clean_line(part)
    )
