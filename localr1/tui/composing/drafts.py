"""What is being written as one text that can be kept: the paths of its files, then the words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

_NAMED = re.compile(r'@"([^"\n]+)"\n')


def draft_of(paths: Iterable[Path], text: str) -> str:
    """The draft of a question with these files."""
    named = [f'@"{path}"\n' for path in paths if not set(str(path)) & set('"\n')]
    return "".join([*named, text])


def split_draft(draft: str) -> tuple[list[Path], str]:
    """The files and the words of a draft."""
    paths: list[Path] = []
    start = 0
    while found := _NAMED.match(draft, start):
        path = Path(found[1])
        if not path.is_absolute():
            break
        paths.append(path)
        start = found.end()
    return paths, draft[start:]
