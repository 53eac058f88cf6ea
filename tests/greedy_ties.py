"""Whether two greedy texts of a model are the same, but for ties that rounding decides.

A token computed in a batch of another size has logits that differ in the last bits (see
docs/decisions/2026-11-23-seed.md). Where the two best are closer than that, either is greedy.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import llama_cpp.llama_cpp as llama
import numpy as np
import numpy.typing as npt

from localr1.chat.messages import user_message
from localr1.chat.prompt import choose_format
from localr1.engine import native
from localr1.engine.llama_backend import LlamaBackend
from localr1.engine.protocol import Done, DraftLoad, Event, Generate, Load, Speculation
from localr1.engine.rpc import RpcServers
from localr1.engine.sampling import Sampling
from localr1.gguf_header import read_header
from localr1.hardware.load_plan import LoadPlan

ONE_THREAD = LoadPlan(n_ctx=1024, n_gpu_layers=0, n_threads=1, n_threads_batch=1)
BATCH_SIZES = (2, 3, 4, 8)
"""As drafts of 1, 2, 3 and 7 tokens make them."""
Logits = npt.NDArray[np.float32]


class Greedy(NamedTuple):
    """A reply at temperature 0."""

    prompt: list[int]
    tokens: list[int]
    """Without the one that ended it."""
    done: Done


class GreedyWriter:
    """A model in this process, where its tokens can be seen.

    Args:
        path: of the model.
        draft: of the model that guesses for it.
    """

    def __init__(self, path: Path, draft: Path | None = None) -> None:
        self._path = path
        self.events: list[Event] = []
        self.backend = LlamaBackend(_log(), RpcServers())
        drafting = DraftLoad(os.fsencode(draft), ONE_THREAD, draft.name) if draft else None
        chat = choose_format(read_header(path)).format
        self.ready = self.backend.load(
            Load(1, os.fsencode(path), ONE_THREAD, chat, "M", 0, drafting, "draft"),
            self.events.append,
        )

    def write(self, question: str, speculate: Speculation, max_tokens: int = 160) -> Greedy:
        """The reply, with a seed: nothing that was said before changes its rounding."""
        command = Generate(
            2,
            (user_message(question),),
            Sampling(temperature=0, seed=1),
            max_tokens,
            speculate=speculate,
        )
        done = self.backend.generate(command, self.events.append)
        replies = self.backend._required()
        return Greedy(
            replies._held.tokens[: done.prompt_tokens], list(replies._written.tokens), done
        )

    def logits(self, prompt: Sequence[int], reply: Sequence[int], batch_size: int) -> Logits:
        """Of the token that follows, when the reply was computed in batches of so many tokens."""
        context = self.backend._context
        self.backend._conversations.held.forget()
        for start in range(0, len(prompt), context.n_ubatch):
            assert context.decode(prompt[start : start + context.n_ubatch]) == 0
        drawn_from = 0
        for start in range(0, len(reply), batch_size):
            batch = reply[start : start + batch_size]
            at = len(prompt) + start
            rows = [native.Row(token, at + n, 0, True) for n, token in enumerate(batch)]
            assert context.decode_rows(rows) == 0
            drawn_from = len(batch) - 1
        row = llama.llama_get_logits_ith(context.handle, drawn_from if reply else -1)
        return np.array(row[: self.ready.model.n_vocab], dtype=np.float32)


@functools.cache
def _log() -> native.NativeLog:
    """One for the process: the library calls it for as long as that lives."""
    return native.NativeLog()


def assert_same_but_for_ties(writer: GreedyWriter, plain: Greedy, drafted: Greedy) -> None:
    """The texts are the same, or part where the model itself is undecided.

    Where they part, the gap between the two best logits must be less than what rounding moves
    them by: the largest difference of any logit between a reply computed in batches of one and in
    batches of the sizes that drafts make, for each of the two.
    """
    if (plain.tokens, plain.done.finish_reason) == (drafted.tokens, drafted.done.finish_reason):
        return
    at = next(_differences(plain.tokens, drafted.tokens))
    alone, *batched = (
        writer.logits(plain.prompt, plain.tokens[:at], size) for size in (1, *BATCH_SIZES)
    )
    noise = max(float(np.abs(alone - each).max()) for each in batched)
    second, best = np.sort(alone)[-2:]
    assert best - second <= 2 * noise, (
        f"the texts part at token {at}, where the best logit leads by {best - second:.4f} "
        f"and rounding moves logits by {noise:.4f}"
    )


def _differences(first: Sequence[int], second: Sequence[int]) -> Iterator[int]:
    shorter = min(len(first), len(second))
    yield from (n for n in range(shorter) if first[n] != second[n])
    yield shorter
