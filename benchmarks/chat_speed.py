"""Tokens a second of a reply in the chat, beside the same reply of `localr1 run` into a file.

    python -m benchmarks.chat_speed [--rounds 9]

A model in the shape of Qwen3-0.6B with random weights, the same seed, two threads; both figures
are those that localr1 shows, taken in turn, and the ratio is that of the medians.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.chat_terminal import ChatTerminal
from benchmarks.random_model import QWEN3_0_6B, random_model

NEW_TOKENS = 250
QUESTION = "Tell me about the sea."
FLAGS = ("--seed", "1", "--max-tokens", str(NEW_TOKENS), "--n-ctx", "2048", "--speculate", "off")
REPLY_SECONDS = 300.0
_SPEED = re.compile(r"([\d,.]+) tokens/s")


def main() -> None:
    """Measure in turn and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    model = random_model("0.6b", QWEN3_0_6B)
    chat, run = [], []
    for _ in range(arguments.rounds):
        with tempfile.TemporaryDirectory() as folder:
            run.append(_run_speed(model, Path(folder)))
            chat.append(_chat_speed(model, Path(folder)))
        print(f"run {run[-1]:.1f}, chat {chat[-1]:.1f} tokens/s", flush=True)
    ratio = statistics.median(chat) / statistics.median(run)
    print(f"chat / run: {ratio:.3f}")


def _run_speed(model: Path, home: Path) -> float:
    output = home / "events.jsonl"
    with output.open("wb") as file:
        subprocess.run(
            [sys.executable, "-m", "localr1", "run", str(model), *FLAGS, "--json", QUESTION],
            stdout=file,
            check=True,
            env={**os.environ, "LOCALR1_HOME": str(home)},
        )
    events = map(json.loads, output.read_text().splitlines())
    done = next(event for event in events if event["type"] == "done")
    return float(done["generation_tps"])


def _chat_speed(model: Path, home: Path) -> float:
    with ChatTerminal(home, str(model), *FLAGS) as chat:
        chat.wait_for("Ready", REPLY_SECONDS)
        time.sleep(0.5)
        start = chat.painted_bytes()
        chat.press(f"{QUESTION}\r")
        chat.wait_for("Cut off", REPLY_SECONDS, start)
        time.sleep(1.5)  # the numbers come a little later
        shown = _SPEED.findall(chat.painted(start).decode(errors="replace"))
    return float(shown[-1].replace(",", ""))


if __name__ == "__main__":
    main()
