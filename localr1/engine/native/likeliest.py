"""The likeliest next token and how likely it is."""

from __future__ import annotations

import ctypes
import math
from typing import Any, NamedTuple

import llama_cpp.llama_cpp as llama

_COMPARED = 10
"""The likeliest tokens, over which probabilities are taken, as llama.cpp does it for its drafts
(common/speculative.cpp): no exponentials over the whole vocabulary."""


class Guess(NamedTuple):
    """A token that may come next."""

    token: int
    probability: float
    """Among the likeliest ten tokens, 0 to 1."""


class Likeliest:
    """Reads the likeliest token from the last logits of a context.

    llama.cpp finds the first ten among all logits; a sampler of its interface, behind that one
    in the chain, hands them to Python.

    Args:
        context: the handle of the context.
    """

    def __init__(self, context: Any) -> None:
        self._context = context
        self._last = Guess(-1, 0.0)
        # the library calls this for as long as the chain lives
        self._apply = llama.llama_sampler_i_apply(self._take)
        self._interface = llama.llama_sampler_i(apply=self._apply)
        params = llama.llama_sampler_chain_default_params()
        self._chain = llama.llama_sampler_chain_init(params)
        llama.llama_sampler_chain_add(self._chain, llama.llama_sampler_init_top_k(_COMPARED))
        taking = llama.llama_sampler_init(ctypes.byref(self._interface), None)
        llama.llama_sampler_chain_add(self._chain, taking)

    def guess(self) -> Guess:
        """From the last token that was decoded."""
        llama.llama_sampler_sample(self._chain, self._context, -1)
        return self._last

    def _take(self, _sampler: Any, candidates: Any) -> None:
        found = candidates.contents
        logits = [found.data[index].logit for index in range(found.size)]
        first = max(range(found.size), key=logits.__getitem__)
        share = 1 / sum(math.exp(logit - logits[first]) for logit in logits)
        self._last = Guess(found.data[first].id, share)
        found.selected = first
