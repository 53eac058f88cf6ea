"""Time that the worker spends outside llama_decode, per token, at 1,000 and at 20,000 tokens.

Nothing that is done for a token may grow with the text. The end token is ignored; the model has
the real vocabulary and two layers, since the decode itself is not what is measured.

    python -m benchmarks.overhead_per_token
"""

from __future__ import annotations

import statistics
import time

from benchmarks.random_model import TWO_LAYERS, random_model
from localr1.chat.messages import user_message
from localr1.chat.prompt import ChatFormat
from localr1.engine import native
from localr1.engine.llama_backend import LlamaBackend
from localr1.engine.protocol import Generate, Load
from localr1.engine.rpc import RpcServers
from localr1.engine.sampling import Sampling
from localr1.hardware.load_plan import LoadPlan

MARKS = (1_000, 20_000)
WINDOW_TOKENS = 500
"""Tokens before each mark that are averaged."""


class Stopwatch:
    """Seconds of each token outside llama_decode."""

    def __init__(self, context: native.Context) -> None:
        self.outside_seconds: list[float] = []
        self._decode_one = context.decode_one
        self._left_decode: float | None = None

    def decode_one(self, token: int) -> int:
        """Measure what passed since the last decode ended."""
        entered = time.perf_counter()
        if self._left_decode is not None:
            self.outside_seconds.append(entered - self._left_decode)
        code = self._decode_one(token)
        self._left_decode = time.perf_counter()
        return code


def _never(self: native.Vocabulary, token: int) -> bool:  # noqa: ARG001 - in the place of a method
    return False


def main() -> None:
    """Generate, measure, print the ratio."""
    backend = LlamaBackend(native.NativeLog(), RpcServers())
    model = random_model("two-layers", TWO_LAYERS)
    n_ctx = MARKS[-1] + 512
    plan = LoadPlan(n_ctx=n_ctx, n_gpu_layers=0, n_threads=2, n_threads_batch=2)
    chat = ChatFormat(style="r1", thinks=True)
    native.Vocabulary.ends_reply = _never  # type: ignore[method-assign]
    backend.load(Load(1, str(model).encode(), plan, chat, "random"), lambda _event: None)
    stopwatch = Stopwatch(backend._context)
    backend._context.decode_one = stopwatch.decode_one  # type: ignore[method-assign]  # to measure
    sampling = Sampling(temperature=0.6, min_p=0.0, seed=1)
    question = Generate(2, (user_message("Think."),), sampling, MARKS[-1] + 2)
    backend.generate(question, lambda _event: None)
    seconds = {
        mark: statistics.median(stopwatch.outside_seconds[mark - WINDOW_TOKENS : mark])
        for mark in MARKS
    }
    for mark, value in seconds.items():
        print(f"at {mark:>6,} tokens: {value * 1e6:.0f} µs outside llama_decode (median)")
    ratio = seconds[MARKS[1]] / seconds[MARKS[0]]
    print(f"ratio: {ratio:.3f} (goal: at most 1.2)")


if __name__ == "__main__":
    main()
