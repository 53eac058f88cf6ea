"""A long trace in the real chat: what an update costs, and how quickly keys are painted meanwhile.

    python -m benchmarks.chat_streaming [--kilobytes 130] [--rate 200]

The chat runs in a pseudo-terminal of 120 by 40 cells and shows a trace of 130 kB at 200 tokens
a second. The first run measures the processor time of the interface, the second the time from a
key press to its paint, with two processes beside it that keep both cores busy at the worker's
niceness.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.chat_terminal import ChatTerminal, write_transcript
from benchmarks.interface_cost import PARAGRAPH

SPAN_SECONDS = 10.0
"""At the beginning and at the end of the trace."""

KEY_SECONDS = 0.19
"""Between two key presses, no multiple of an update's interval."""

KEYS = "".join(map(chr, range(0x0430, 0x0450)))
"""Letters that are nowhere in the trace; the composer is emptied before the first comes again."""

CLEAR = "\x15"
"""Ctrl+U deletes to the beginning of the line."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kilobytes", type=int, default=130)
    parser.add_argument("--rate", type=float, default=200.0, help="tokens a second")
    arguments = parser.parse_args()
    trace = (PARAGRAPH * (arguments.kilobytes * 1000 // len(PARAGRAPH) + 1))[
        : arguments.kilobytes * 1000
    ]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        # A token of the script is a word with its blank, 5.6 characters here; the rate is that
        # of 4 characters a token, as a model's tokens are
        words = len(trace.split())
        rate = arguments.rate * 4 * words / len(trace)
        path = write_transcript(home / "long.transcript.json", f"{trace}END</think>Done.", rate)
        seconds = words / rate
        _measure_cost(home, path, seconds)
        _measure_keys(home, path, seconds)


def _start(home: Path, path: Path, busy_processes: int = 0) -> ChatTerminal:
    chat = ChatTerminal(home, str(path), busy_processes=busy_processes)
    chat.wait_for("Ask something")
    time.sleep(1)
    chat.press("Go\r")
    chat.wait_for("Thinking")
    return chat


def _measure_cost(home: Path, path: Path, seconds: float) -> None:
    with _start(home, path) as chat:
        begin, cpu_begin = time.monotonic(), chat.cpu_seconds()
        time.sleep(SPAN_SECONDS)
        first = chat.cpu_seconds() - cpu_begin
        time.sleep(seconds - 2 * SPAN_SECONDS - 2)
        before_last = chat.cpu_seconds()
        time.sleep(SPAN_SECONDS)
        last = chat.cpu_seconds() - before_last
        chat.wait_for("Done.", seconds)
        total = chat.cpu_seconds() - cpu_begin
        wall = time.monotonic() - begin
    print(f"trace shown in {wall:.0f} s")
    print(
        f"interface CPU, first {SPAN_SECONDS:.0f} s: {first / SPAN_SECONDS * 100:.1f} % of a core"
    )
    print(f"interface CPU, last {SPAN_SECONDS:.0f} s:  {last / SPAN_SECONDS * 100:.1f} % of a core")
    print(f"last / first: {last / first:.2f}")
    print(f"all of it: {total:.1f} s of CPU, {total / wall * 100:.1f} % of a core")


def _measure_keys(home: Path, path: Path, seconds: float) -> None:
    latencies: list[float] = []
    with _start(home, path, busy_processes=2) as chat:
        end = time.monotonic() + seconds - 5
        while time.monotonic() < end:
            letter = KEYS[len(latencies) % len(KEYS)]
            start = chat.painted_bytes()
            pressed = chat.press(letter)
            latencies.append(chat.wait_for(letter, 30, start) - pressed)
            time.sleep(KEY_SECONDS)
            if letter == KEYS[-1]:
                chat.press(CLEAR)
                time.sleep(KEY_SECONDS)
    latencies.sort()
    p50, p99 = statistics.median(latencies), latencies[int(len(latencies) * 0.99)]
    print(
        f"key to paint, both cores busy, {len(latencies)} keys: "
        f"p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms, most {latencies[-1] * 1000:.0f} ms"
    )


if __name__ == "__main__":
    main()
