"""A child that stands in for `localr1 pull --json`: it plays a script and needs no network.

Run as a program with the path of a script, a list of steps in JSON:

    {"event": ...}          is printed as a line
    {"raw": "text"}         is printed as it is
    {"complain": "text"}    goes to standard error
    {"until": "path"}       waits until this file is there
    {"deaf": true}          does not hear an interrupt from now on
    {"kill": 9}             ends itself with this signal
    {"exit": 3}             ends with this code
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

Steps = Sequence[Mapping[str, Any]]

PLANNED = {
    "event": "plan",
    "name": "DeepSeek-R1-Distill-Qwen-7B-Q4_K_M",
    "files": [{"path": "DeepSeek-R1-Distill-Qwen-7B-Q4_K_M.gguf", "size_bytes": 4_683_000_000}],
    "total_bytes": 4_683_000_000,
    "have_bytes": 0,
    "folder": "/models",
}


def progress(share: float, **facts: object) -> dict[str, object]:
    """A line that says that so much of `PLANNED` is here."""
    total = 4_683_000_000
    told = {"state": "downloading", "bytes_per_second": 12_500_000.0, "seconds_left": 61.0}
    return {
        "event": "progress",
        **told,
        "done_bytes": int(total * share),
        "total_bytes": total,
        **facts,
    }


def scripted(folder: Path, scripts: Mapping[str, Steps]) -> Callable[[str], list[str]]:
    """What makes the command lines: of each reference a script that is played."""

    def command(reference: str) -> list[str]:
        script = folder / f"{len(list(folder.glob('*.script')))}.script"
        script.write_text(json.dumps(scripts[reference]))
        return [sys.executable, "-I", "-S", __file__, str(script)]

    return command


def _play(step: Mapping[str, Any]) -> None:
    if "event" in step:
        print(json.dumps(step), flush=True)
    if "raw" in step:
        print(step["raw"], end="", flush=True)
    if "complain" in step:
        print(step["complain"], file=sys.stderr, flush=True)
    if "deaf" in step:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    while "until" in step and not Path(step["until"]).exists():
        time.sleep(0.005)
    if "kill" in step:
        os.kill(os.getpid(), step["kill"])
    if "exit" in step:
        sys.exit(step["exit"])


if __name__ == "__main__":
    signal.signal(signal.SIGINT, lambda *_: sys.exit(130))
    for each in json.loads(Path(sys.argv[1]).read_text()):
        _play(each)
