"""Loading a draft model beside the model that it guesses for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import msgspec

from localr1.engine import native
from localr1.engine.draft_costs import CostTable
from localr1.engine.draft_model import DraftModel
from localr1.engine.draft_vocabulary import VocabularyFacts, vocabularies_match
from localr1.engine.held import HeldContext
from localr1.engine.protocol import DraftLoad, Load
from localr1.engine.speculating import may_pay
from localr1.hardware.load_plan import LoadPlan

_COST_BESIDE_WEIGHTS = 0.03
"""What a drafted token costs beside reading the weights, in tokens of the large model. Finding the
likeliest of 151,936 tokens takes 0.15 ms (measured on Zen 3), starting the computation about as
much, where a token of 7B takes some 10 ms on a GPU; on a CPU it is less."""

_HOST_SLOWDOWN = 10.0
"""How much longer weights take to read from main memory than from a GPU's: 50 to 100 GB/s where
cards have 500 to 1,000 and more."""

_CANNOT_CUT = (
    "This model cannot take back tokens that it has read, so nothing can be guessed ahead for it."
)
_WOULD_NOT_PAY = (
    "{name} is not loaded: on this computer guessing ahead with it would take as long as it saves. "
    "--speculate draft uses it all the same."
)


class Drafting(NamedTuple):
    """What came of loading a draft model."""

    draft: DraftModel | None = None
    cost: float = 0.0
    """Time of a drafted token, in units of a token of the large model."""
    notice: str = ""
    """What a person should know."""


class MakeContext(Protocol):
    """Makes a context window over a loaded model."""

    def __call__(
        self, model: Any, plan: LoadPlan, *, is_single: bool = False
    ) -> native.Context: ...


class DraftLoader:
    """Loads draft models and sees whether they suit.

    Args:
        flag: raised to stop the draft model as well.
        log: has the reason of a failure.
        load_model: loads a file or raises `LoadFailed`.
        make_context: makes a context window or raises `DoesNotFit`.
    """

    def __init__(
        self,
        flag: native.AbortFlag,
        log: native.NativeLog,
        load_model: Callable[[bytes, LoadPlan, Callable[[float], None]], Any],
        make_context: MakeContext,
    ) -> None:
        self._flag = flag
        self._log = log
        self._load_model = load_model
        self._make_context = make_context

    def load(
        self, command: Load, model: Any, context: native.Context, costs: CostTable, *, on_gpu: bool
    ) -> Drafting:
        """Load the draft model that the command names.

        Args:
            command: what was asked for.
            model: the large model.
            context: the large model's window, which the draft's is as long as.
            costs: what batches of the large model cost.
            on_gpu: whether all of it is on a GPU.

        Raises:
            LoadFailed: the engine refused the file.
            DoesNotFit: it refused the window.
        """
        if not context.can_cut:
            is_asked = command.draft or command.speculate in ("lookup", "draft")
            return Drafting(notice=_CANNOT_CUT if is_asked else "")
        if command.draft is None:
            return Drafting()
        asked = command.draft
        # layers that are left on the host make the small model wait for main memory
        is_apart = on_gpu and not asked.on_gpu
        cost = draft_cost(asked.plan.weights_bytes, _size_bytes(model), is_apart=is_apart)
        if command.speculate == "auto" and not may_pay(costs, cost):
            return Drafting(notice=_WOULD_NOT_PAY.format(name=asked.name))
        return self._load(asked, model, context, cost)

    def _load(self, asked: DraftLoad, model: Any, context: native.Context, cost: float) -> Drafting:
        plan = msgspec.structs.replace(asked.plan, n_ctx=context.n_ctx)
        small = self._load_model(asked.path, plan, lambda _progress: None)
        if reason := _unsuitable(model, small, plan):
            native.free_model(small)
            return Drafting(notice=f"{reason} {asked.name} is not used.")
        own = self._make_context(small, plan, is_single=True)
        vocabulary = native.Vocabulary(small)
        draft = DraftModel(
            HeldContext(own, self._flag, self._log),
            native.Likeliest(own.handle).guess,
            min(native.Vocabulary(model).size, vocabulary.size),
            vocabulary.ends_reply,
        )
        return Drafting(draft, cost)


def _unsuitable(model: Any, small: Any, plan: LoadPlan) -> str:
    """Why the small model cannot guess for this one; empty where it can."""
    if not native.can_cut(small, plan):
        return "The draft model cannot take back tokens that it has read."
    return vocabularies_match(_facts(model), _facts(small))


def draft_cost(draft_bytes: int, target_bytes: int, *, is_apart: bool = False) -> float:
    """Time of a drafted token, in units of a token of the large model.

    A token reads all weights once and waits for them most of the time, so the ratio of the two
    sizes is that of the times. No clock: the same files give the same decisions.

    Args:
        draft_bytes: of the small model's weights.
        target_bytes: of the large model's.
        is_apart: the small model is in main memory and the large one on a GPU.
    """
    ratio = draft_bytes / target_bytes
    return ratio * (_HOST_SLOWDOWN if is_apart else 1.0) + _COST_BESIDE_WEIGHTS


def _size_bytes(model: Any) -> int:
    return native.model_numbers(model)["size_bytes"]


def _facts(model: Any) -> VocabularyFacts:
    vocabulary = native.Vocabulary(model)
    return VocabularyFacts(
        native.model_text(model, "tokenizer.ggml.model"),
        [vocabulary.text(token) for token in range(vocabulary.size)],
        vocabulary.bos if vocabulary.bos >= 0 else None,
        vocabulary.eos if vocabulary.eos >= 0 else None,
        vocabulary.adds_bos,
    )
