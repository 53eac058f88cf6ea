"""Files of /proc and /sys as they were recorded, put below a folder that stands for /."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

HARDWARE = Path(__file__).parent / "data" / "hardware"


def recorded(name: str) -> str:
    """What a tool printed."""
    return (HARDWARE / name).read_text(encoding="utf-8")


def recorded_tree(name: str, root: Path) -> Path:
    """The folder `root` with the files that lines of "path: line" describe."""
    files: dict[str, list[str]] = {}
    for line in recorded(name).splitlines():
        path, _, content = line.partition(": ")
        files.setdefault(path.removesuffix(":"), []).append(content)
    return write_tree(root, {path: "\n".join(lines) for path, lines in files.items()})


def write_tree(root: Path, files: Mapping[str, str]) -> Path:
    """The folder `root` with these files; Windows has no colons in names, so there are none."""
    for path, content in files.items():
        file = root / path.replace(":", "-")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{content}\n", encoding="utf-8")
    return root
