"""Running `localr1` as a person's shell would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

LOCALR1 = [sys.executable, "-m", "localr1"]


def localr1(
    *arguments: str | os.PathLike[str] | bytes, stdin: bytes = b"", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """Run a command to its end."""
    return subprocess.run(
        [*LOCALR1, *arguments],
        input=stdin,
        capture_output=True,
        timeout=180,
        env={**os.environ, **environment},
        check=False,
    )


def json_lines(output: bytes) -> list[dict[str, Any]]:
    """The events of `--json`."""
    return [json.loads(line) for line in output.splitlines()]


def write_transcript(folder: Path, *replies: str | dict[str, str], **fields: object) -> Path:
    """A scripted model that says these replies."""
    path = folder / "test.transcript.json"
    listed = [{"text": reply} if isinstance(reply, str) else reply for reply in replies]
    path.write_text(json.dumps({"replies": listed, "tokens_per_second": 2000.0, **fields}))
    return path


def is_one_line_error(stderr: bytes) -> bool:
    """Whether this is what a user may see of an error: one line, no traceback."""
    lines = stderr.decode().strip().splitlines()
    return len(lines) == 1 and lines[0].startswith("localr1: ") and "Traceback" not in lines[0]
