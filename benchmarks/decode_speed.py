"""Generation speed of `localr1 run` beside llama-bench and llama-cpp-python's `Llama`.

All three run the same file on the same threads at the same depth, in turn; each figure is a
median of the rounds. llama-bench only decodes: it samples nothing and makes no text. A thought is
long, so 512 tokens are generated: the class detokenizes the whole completion for every token, and
falls behind more with each of them.

    python -m benchmarks.decode_speed [--rounds 5]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.llama_tools import llama_tool
from benchmarks.random_model import QWEN3_0_6B, random_model

DEPTH_TOKENS, NEW_TOKENS = 512, 512
PROMPT = " sea" * (DEPTH_TOKENS - 4)

LLAMA_CLASS_PROGRAM = """
import sys, time
from llama_cpp import Llama
llama = Llama(sys.argv[1], n_ctx=2048, n_threads=int(sys.argv[2]), verbose=False)
times, evaluate = [], llama.eval
def timed(tokens):
    if len(tokens) == 1:
        times.append(time.monotonic())
    evaluate(tokens)
llama.eval = timed
for _ in llama(" sea" * 508, max_tokens=513, stream=True, temperature=0.6, top_p=0.95, seed=1):
    pass
assert len(times) > 100, "the reply ended early"
print((len(times) - 1) / (times[-1] - times[0]))
"""
"""Counts what is decoded: a piece of the stream can be several tokens, or none."""


def main() -> None:
    """Measure in turn, print tokens per second and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    arguments = parser.parse_args()
    model = random_model("0.6b", QWEN3_0_6B)
    contenders = {
        "localr1 run": localr1_run,
        "llama-bench": llama_bench,
        "llama-bench -fa 0": llama_bench_plain_attention,
        "Llama class": llama_class,
    }
    speeds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(arguments.rounds):
        for name, measure in contenders.items():
            speeds[name].append(measure(model, arguments.threads))
    medians = {name: statistics.median(values) for name, values in speeds.items()}
    print("| | tokens/s (median) | min-max |\n|---|---|---|")
    for name, values in speeds.items():
        print(f"| {name} | {medians[name]:.1f} | {min(values):.1f}-{max(values):.1f} |")
    goals = {"llama-bench": "goal: at least 0.98", "Llama class": "goal: at least 1.25"}
    for other in list(contenders)[1:]:
        pairs = zip(speeds["localr1 run"], speeds[other], strict=True)
        ratio = statistics.median(ours / theirs for ours, theirs in pairs)
        print(f"localr1 run / {other}: {ratio:.3f} {goals.get(other, '')}")


def localr1_run(model: Path, threads: int) -> float:
    """Tokens a second as the last line of `localr1 run --json` says."""
    command = [sys.executable, "-m", "localr1", "run", str(model), PROMPT, "--json", "--seed", "1"]
    command += ["--threads", str(threads), "--n-ctx", "2048", "--no-history"]
    command += ["--max-tokens", str(NEW_TOKENS + 1)]
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "LOCALR1_HOME": home}
        lines = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=True
        ).stdout.splitlines()
    done = json.loads(lines[-1])
    if done["type"] != "done" or done["finish_reason"] != "length":
        raise SystemExit(f"the reply ended early: {done}")
    return float(done["generation_tps"])


def llama_bench(model: Path, threads: int, *options: str) -> float:
    """Tokens a second of llama-bench at the same depth, with its own defaults."""
    command = [str(llama_tool("llama-bench")), "-m", str(model), "-p", "0", "-n", str(NEW_TOKENS)]
    command += ["-d", str(DEPTH_TOKENS), "-t", str(threads), "-r", "1", "-o", "json", *options]
    output = subprocess.run(command, capture_output=True, check=True).stdout
    return float(json.loads(output)[0]["avg_ts"])


def llama_bench_plain_attention(model: Path, threads: int) -> float:
    """The same with the attention that localr1 chooses on a CPU."""
    return llama_bench(model, threads, "-fa", "0")


def llama_class(model: Path, threads: int) -> float:
    """Tokens a second of the high-level class, sampled as localr1 does."""
    command = [sys.executable, "-c", LLAMA_CLASS_PROGRAM, str(model), str(threads)]
    return float(subprocess.run(command, capture_output=True, check=True).stdout.split()[-1])


if __name__ == "__main__":
    main()
