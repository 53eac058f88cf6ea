"""Kill a conversion at random moments, run it again, compare with an undisturbed one.

    python -m benchmarks.convert_kills [--kills 20]

Each round starts the same conversion, kills it (SIGKILL) after a random time, runs it again to
the end and compares SHA-256. The checkpoint is SmolLM2-135M's.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.converters import make_checkpoints


def convert(checkpoint: Path, output: Path, stop_after: float | None = None) -> int:
    """Run the command; answers its exit code, negative when it was killed."""
    command = [sys.executable, "-m", "localr1", "convert", str(checkpoint), "-o", str(output)]
    process = subprocess.Popen([*command, "--no-check"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        return process.wait(stop_after)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    kills = parser.parse_args().kills
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        checkpoint = make_checkpoints.smollm2(work / "SmolLM2-135M")
        seconds = float("inf")
        for name in ("warm.gguf", "whole.gguf"):
            started = time.monotonic()
            convert(checkpoint, work / name)
            seconds = min(seconds, time.monotonic() - started)
        wanted = hashlib.sha256((work / "whole.gguf").read_bytes()).hexdigest()
        chance = random.Random(1)
        killed = same = 0
        for number in range(kills):
            output = work / f"{number}.gguf"
            moment = chance.uniform(0.2, 0.95 * seconds)
            killed += convert(checkpoint, output, moment) < 0
            journal = output.with_name(output.name + ".partial.journal")
            kept = journal.read_bytes().count(b"\n") - 1 if journal.exists() else 0
            code = convert(checkpoint, output)
            equal = hashlib.sha256(output.read_bytes()).hexdigest() == wanted
            same += equal
            left = [path.name for path in work.glob(f"{number}.gguf.*")]
            print(
                f"round {number + 1}: killed after {moment:.1f} s, {kept} tensors kept, "
                f"exit {code}, {'same bytes' if equal else 'DIFFERENT'}, left over: {left}",
                flush=True,
            )
            output.unlink()
        print(f"{same} of {kills} the same bytes; {killed} kills met a running conversion")
        if same != kills:
            sys.exit(1)


if __name__ == "__main__":
    main()
