"""Which tests a benchmark runs: named as in llama-bench, in an order that reuses the KV cache."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from localr1.engine.protocol import BenchTests
from localr1.errors import DoesNotFit
from localr1.units import count


class BenchTest(NamedTuple):
    """Tokens to read or to generate, after `depth` others, with so many threads."""

    n_prompt: int
    n_generated: int
    depth: int
    n_threads: int

    @property
    def tokens(self) -> int:
        """Processed in a repetition: one of the two numbers is 0."""
        return self.n_prompt + self.n_generated

    @property
    def name(self) -> str:
        """As llama-bench calls it: "pp512", "tg128 @ d4096"."""
        name = f"pp{self.n_prompt}" if self.n_prompt else f"tg{self.n_generated}"
        return f"{name} @ d{self.depth}" if self.depth else name


def planned_tests(asked: BenchTests, n_threads: int, n_threads_batch: int) -> list[BenchTest]:
    """All tests, the shallow ones first: from depth to depth the KV cache only grows.

    Args:
        asked: what is to be measured.
        n_threads: generate where no number of threads is asked for.
        n_threads_batch: process the prompt then.
    """
    kinds = (
        (asked.prompt_tokens, 0, n_threads_batch),
        (0, asked.generated_tokens, n_threads),
    )
    return [
        BenchTest(n_prompt, n_generated, depth, threads)
        for depth in sorted(set(asked.depths))
        for n_prompt, n_generated, loaded_with in kinds
        if n_prompt or n_generated
        for threads in asked.n_threads or (loaded_with,)
    ]


def fitting_tests(
    tests: Sequence[BenchTest], n_ctx: int, n_ctx_train: int
) -> tuple[list[BenchTest], list[str]]:
    """The tests that fit the window, and a sentence for each that does not.

    Args:
        tests: in order.
        n_ctx: tokens of the context window.
        n_ctx_train: tokens that the model was trained with; 0 where that is not known.

    Raises:
        DoesNotFit: none does.
    """
    faults = {test: _fault(test, n_ctx, n_ctx_train) for test in tests}
    sentences = dict.fromkeys(
        f"{test.name} is left out: it needs {fault}." for test, fault in faults.items() if fault
    )
    fitting = [test for test in tests if not faults[test]]
    if not fitting:
        raise DoesNotFit(
            f"nothing can be measured: {tests[0].name} needs {faults[tests[0]]}",
            "take fewer tokens: --prompt-tokens, --generated-tokens and --depths",
        )
    return fitting, list(sentences)


def _fault(test: BenchTest, n_ctx: int, n_ctx_train: int) -> str:
    """What a test needs and does not get; empty when it fits."""
    needed = test.depth + test.tokens
    if needed > n_ctx_train > 0:
        return f"{count(needed, 'token')}, and the model was trained for {n_ctx_train:,}"
    if needed > n_ctx:
        return f"{count(needed, 'token')}, and the context window (--n-ctx) holds {n_ctx:,}"
    return ""
