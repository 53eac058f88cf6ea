"""Which files a repository's .gitignore leaves out, read without running git.

Git runs programs that a repository's own settings name; a folder may come from anywhere.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_LEVELS = 12
_LIMIT_BYTES = 64 << 10
_STARS = 3
"""Each star of a pattern multiplies the time that a name takes; people write one or two."""


class Ignored:
    """Of the entries of one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._specs = _specs_above(folder)

    def __call__(self, name: str, *, is_folder: bool) -> bool:
        """Whether this entry is left out."""
        if name == ".git":
            return True
        path = self._folder / name
        for root, spec in self._specs:
            relative = path.relative_to(root).as_posix() + ("/" if is_folder else "")
            found = spec.check_file(relative).include
            if found is not None:
                return found
        return False


def _specs_above(folder: Path) -> list[tuple[Path, GitIgnoreSpec]]:
    """The rules of this folder and of those above it in the same repository, nearest first."""
    specs = []
    for root in (folder, *folder.parents)[:_LEVELS]:
        lines = _lines(root / ".gitignore")
        if lines:
            # 15 ms; only needed where there are rules
            from pathspec import GitIgnoreSpec

            specs.append((root, GitIgnoreSpec.from_lines(lines)))
        if (root / ".git").exists():
            return specs
    return []


def _lines(path: Path) -> list[str]:
    try:
        if not path.is_file() or path.stat().st_size > _LIMIT_BYTES:
            return []
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
    return [line for line in lines if line.replace("**", "*").count("*") <= _STARS]
