"""Time and memory of `localr1 convert` against llama.cpp's two programs, on the same cores.

    python -m benchmarks.convert_speed --llama LLAMA_CPP --tools TOOLS/bin --python REFERENCE_PYTHON

How to build the tools and the reference environment: benchmarks/convert_expected.py. The
checkpoint has R1-Distill-Qwen-1.5B's shapes (1.78 B parameters, 3.55 GB) and random weights. All
times are of whole processes, with the files in the page cache, without the final load check.
"""

from __future__ import annotations

import argparse
import json
import os
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from localr1_convert import native

from tests.converters import tokenizer_files
from tests.converters.make_checkpoints import encoded, random_weights, write_text_files

SHAPE: dict[str, Any] = {
    "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_size": 1536,
    "intermediate_size": 8960, "num_hidden_layers": 28, "num_attention_heads": 12,
    "num_key_value_heads": 2, "rms_norm_eps": 1e-06, "vocab_size": 151936, "rope_theta": 10000,
    "max_position_embeddings": 131072, "tie_word_embeddings": False, "torch_dtype": "bfloat16",
    "bos_token_id": 151643, "eos_token_id": 151643,
}  # fmt: skip


@dataclass
class Measured:
    """One command: wall time, most anonymous memory of its processes together, disk used."""

    seconds: float
    anonymous_bytes: int
    disk_bytes: int


def make_checkpoint(folder: Path) -> None:
    """Write the checkpoint; weights repeat a block of random ones, which changes no timing."""
    if (folder / "model.safetensors").exists():
        return
    write_text_files(folder, SHAPE, tokenizer_files.r1_qwen())
    small = {**SHAPE, "vocab_size": 8192, "num_hidden_layers": 1}
    block = b"".join(encoded(w, "BF16") for _, w in random_weights(small, seed=9, biases=True))
    shapes = dict(_shapes())
    header: dict[str, dict[str, Any]] = {}
    position = 0
    for name, shape in shapes.items():
        size = int(np.prod(shape)) * 2
        header[name] = {
            "dtype": "BF16",
            "shape": shape,
            "data_offsets": [position, position + size],
        }
        position += size
    text = json.dumps(header).encode()
    with (folder / "model.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for entry in header.values():
            begin, end = entry["data_offsets"]
            left = end - begin
            while left > 0:
                left -= file.write(block[:left])


def _shapes() -> Iterator[tuple[str, list[int]]]:
    one = {**SHAPE, "vocab_size": 1, "num_hidden_layers": 1}
    for name, weights in random_weights(one, seed=0, biases=True):
        shape = list(weights.shape)
        if name.startswith(("model.embed", "lm_head")):
            yield name, [SHAPE["vocab_size"], SHAPE["hidden_size"]]
        elif ".layers." not in name:
            yield name, shape
        else:
            for layer in range(SHAPE["num_hidden_layers"]):
                yield name.replace(".0.", f".{layer}.", 1), shape


def measure(command: list[Any], work: Path) -> Measured:
    """Run a command and watch its processes."""
    before = _used_bytes(work)
    started = time.perf_counter()
    process = subprocess.Popen(
        [str(part) for part in command], cwd=Path(__file__).parents[1],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    peaks = {"memory": 0, "disk": 0}
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.05):
            peaks["memory"] = max(peaks["memory"], _anonymous_bytes(process.pid))
            peaks["disk"] = max(peaks["disk"], _used_bytes(work) - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    code = process.wait()
    seconds = time.perf_counter() - started
    done.set()
    watcher.join()
    if code:
        sys.exit(f"{command} ended with {code}")
    return Measured(seconds, peaks["memory"], max(peaks["disk"], _used_bytes(work) - before))


def _anonymous_bytes(pid: int) -> int:
    total = 0
    try:
        processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        for process in processes:
            status = Path(f"/proc/{process.pid}/status").read_text()
            line = next(line for line in status.splitlines() if line.startswith("RssAnon"))
            total += int(line.split()[1]) << 10
    except (psutil.Error, OSError, StopIteration):
        return total
    return total


def _used_bytes(work: Path) -> int:
    total = 0
    for path in work.glob("*.gguf*"):
        try:
            total += path.stat().st_blocks * 512
        except OSError:
            continue
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--llama", type=Path, required=True)
    parser.add_argument("--tools", type=Path, required=True)
    parser.add_argument("--python", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "convert-speed")
    arguments = parser.parse_args()
    work = arguments.work.absolute()
    checkpoint = work / "R1-Shape-1.5B"
    make_checkpoint(checkpoint)
    script = [arguments.python, arguments.llama / "convert_hf_to_gguf.py", checkpoint]
    quantize = arguments.tools.absolute() / "llama-quantize"
    full, out = work / "full.gguf", work / "out.gguf"

    def own(quant: str, kernels: str = "auto") -> Measured:
        command = [sys.executable, "-m", "localr1", "convert", checkpoint, "-q", quant]
        flags = ["--no-check", "--force", "--kernels", kernels]
        return measure([*command, "-o", out, *flags], work)

    def clean() -> None:
        for path in work.glob("*.gguf*"):
            path.unlink()

    (checkpoint / "model.safetensors").read_bytes()
    print(f"kernels: {native.Kernels(types=[12, 14]).own.choice}")
    rows = {}
    rows["localr1 Q4_K_M"] = own("Q4_K_M")
    clean()
    rows["localr1 Q4_K_M, ggml's kernels"] = own("Q4_K_M", "ggml")
    clean()
    rows["localr1 Q8_0"] = own("Q8_0")
    clean()
    rows["convert_hf_to_gguf bf16"] = measure(
        [*script, "--outtype", "bf16", "--outfile", full], work
    )
    rows["llama-quantize Q4_K_M"] = measure([quantize, full, out, "Q4_K_M"], work)
    out.unlink()
    rows["llama-quantize Q8_0"] = measure([quantize, full, out, "Q8_0"], work)
    clean()
    rows["convert_hf_to_gguf q8_0"] = measure(
        [*script, "--outtype", "q8_0", "--outfile", out], work
    )
    clean()
    report(rows)


def report(rows: dict[str, Measured]) -> None:
    """Print the table and the ratios."""
    print(f"cores: {len(os.sched_getaffinity(0))}")
    print("| command | seconds | anonymous memory | disk |")
    print("|---|---|---|---|")
    for name, row in rows.items():
        memory, disk = row.anonymous_bytes / 1e6, row.disk_bytes / 1e9
        print(f"| {name} | {row.seconds:.1f} | {memory:.0f} MB | {disk:.2f} GB |")
    first = rows["convert_hf_to_gguf bf16"].seconds
    both = first + rows["llama-quantize Q4_K_M"].seconds
    fastest = min(
        first + rows["llama-quantize Q8_0"].seconds, rows["convert_hf_to_gguf q8_0"].seconds
    )
    for name in ("localr1 Q4_K_M", "localr1 Q4_K_M, ggml's kernels"):
        print(f"{name}: {rows[name].seconds / both:.2f} of the two programs together")
    print(f"localr1 Q8_0: {rows['localr1 Q8_0'].seconds / fastest:.2f} of the faster way")


if __name__ == "__main__":
    main()
