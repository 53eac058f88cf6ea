"""`localr1 bench` beside llama-bench: the same file, tests, threads, attention and micro-batch.

Both only decode, so the ratios should be near 1. They run in turn, at the same niceness, and each
ratio is the median of the rounds' own ratios: a busy machine slows both of a round down.

    python -m benchmarks.bench_vs_llama_bench [--rounds 3] [--model FILE] [--depths 0,4096]
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
from typing import Any

from benchmarks.llama_tools import llama_tool
from benchmarks.random_model import QWEN3_0_6B, random_model
from localr1.engine.worker import NICENESS

Speeds = dict[str, float]
"""Tokens a second by test, named as llama-bench names it."""


def main() -> None:
    """Measure in turn, print both and their ratio."""
    arguments = parsed_arguments()
    model = arguments.model or random_model("0.6b", QWEN3_0_6B)
    rounds: list[tuple[Speeds, Speeds]] = []
    for _ in range(arguments.rounds):
        document = localr1_bench(model, arguments)
        measured = {test["test"]: float(test["mean_tps"]) for test in document["tests"]}
        rounds.append((measured, llama_bench(model, arguments, document["plan"])))
    print("| test | localr1 bench t/s | llama-bench t/s | ratio (median) | min-max |")
    print("|---|---|---|---|---|")
    for test in rounds[0][0]:
        ours, theirs = ([speeds[side][test] for speeds in rounds] for side in (0, 1))
        ratios = [our / their for our, their in zip(ours, theirs, strict=True)]
        print(
            f"| {test} | {statistics.median(ours):.2f} | {statistics.median(theirs):.2f} "
            f"| {statistics.median(ratios):.3f} | {min(ratios):.3f}-{max(ratios):.3f} |"
        )


def parsed_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--prompt-tokens", type=int, default=512)
    parser.add_argument("--generated-tokens", type=int, default=128)
    parser.add_argument("--depths", default="0,4096")
    return parser.parse_args()


def localr1_bench(model: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """The JSON document of one run."""
    command = [sys.executable, "-m", "localr1", "bench", str(model), "--json", "-r", "1"]
    command += ["--threads", str(arguments.threads), "--depths", arguments.depths]
    command += ["--prompt-tokens", str(arguments.prompt_tokens)]
    command += ["--generated-tokens", str(arguments.generated_tokens)]
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "LOCALR1_HOME": home}
        output = subprocess.run(command, env=environment, capture_output=True, check=True).stdout
    document: dict[str, Any] = json.loads(output.splitlines()[-1])
    return document


def llama_bench(model: Path, arguments: argparse.Namespace, plan: dict[str, Any]) -> Speeds:
    """The same with llama-bench, which leaves attention and micro-batch to its own defaults."""
    command = ["nice", "-n", str(NICENESS), str(llama_tool("llama-bench")), "-m", str(model)]
    command += ["-p", str(arguments.prompt_tokens), "-n", str(arguments.generated_tokens)]
    command += ["-d", arguments.depths, "-t", str(arguments.threads), "-r", "1", "-o", "json"]
    command += ["-b", str(plan["n_batch"]), "-ub", str(plan["n_ubatch"])]
    command += ["-fa", plan["flash_attn"]]
    output = subprocess.run(command, capture_output=True, check=True).stdout
    return {name_of_test(test): float(test["avg_ts"]) for test in json.loads(output)}


def name_of_test(test: dict[str, Any]) -> str:
    """ "pp512 @ d4096" of an entry of llama-bench's JSON."""
    name = f"pp{test['n_prompt']}" if test["n_prompt"] else f"tg{test['n_gen']}"
    return f"{name} @ d{test['n_depth']}" if test["n_depth"] else name


if __name__ == "__main__":
    main()
