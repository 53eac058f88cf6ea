"""The documents' pictures, made by the interface itself from scripted sessions.

    python -m benchmarks.make_picture [NAME ...]

Without names all of them, the film too. The SVG files load nothing and run nothing.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.picture_film import film
from benchmarks.picture_rows import still
from benchmarks.picture_scenes import SCENES
from benchmarks.picture_session import session_frames

FOLDER = Path("docs/pictures")
SESSION = "session"


def main() -> None:
    """Write the pictures."""
    os.environ["TZ"] = "UTC"
    time.tzset()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or [*SCENES, SESSION]:
        path = FOLDER / f"{name}.svg"
        path.write_text(asyncio.run(picture(name)), encoding="utf-8")
        print(path, f"{path.stat().st_size / 1000:.0f} kB")


async def picture(name: str) -> str:
    """The SVG file of this name."""
    if name == SESSION:
        return film(await session_frames(), "A question and its answer")
    scene = SCENES[name]
    with tempfile.TemporaryDirectory() as folder:
        return still(await scene.take(Path(folder)), scene.title)


if __name__ == "__main__":
    main()
