"""Which guesses are made for a reply: none, looked up in the conversation, or by a small model."""

from __future__ import annotations

from collections.abc import Sequence

from localr1.engine.draft_costs import CostTable
from localr1.engine.draft_credit import Credit
from localr1.engine.draft_length import MODEL_PRIORS, DraftPolicy
from localr1.engine.draft_model import DraftModel
from localr1.engine.lookup_draft import LookupDrafter
from localr1.engine.protocol import Speculation as Choice
from localr1.engine.speculation import EitherSpeculation, Speculation
from localr1.engine.steady_length import SteadyLength
from localr1.engine.writing import Speculator


class Speculating:
    """Makes the speculator of each reply; what was learned of a model's text stays.

    Args:
        costs: what batches of the large model cost.
        can_cut: tokens can be taken back out of the KV cache; nothing is guessed otherwise.
        draft: a small model that guesses, where one is loaded.
        draft_cost: its time for a token, in units of the large one's.
    """

    def __init__(
        self,
        costs: CostTable,
        *,
        can_cut: bool,
        draft: DraftModel | None = None,
        draft_cost: float = 0.0,
    ) -> None:
        self._costs = costs
        self.can_cut = can_cut
        self._draft = draft
        self._draft_cost = draft_cost
        self._policies = self._fresh_policies()

    @property
    def has_draft(self) -> bool:
        """Whether a draft model is there."""
        return self._draft is not None

    def begin(self, choice: Choice, tokens: Sequence[int], *, afresh: bool) -> Speculator | None:
        """The speculator for a reply after these tokens.

        Args:
            choice: what was asked for.
            tokens: the prompt, and the reply as far as it was begun.
            afresh: with nothing learned, so that the same seed gives the same text.
        """
        if choice == "off" or not self.can_cut:
            return None
        if choice != "lookup" and self._draft is not None:
            self._draft.begin(tokens, exactly=afresh)
            if choice == "draft":
                return Speculation(self._draft, SteadyLength(), compares_unsent=False)
        elif choice == "draft":
            return None
        drafter = LookupDrafter()
        drafter.extend(tokens)
        looked_up, modelled = self._fresh_policies() if afresh else self._policies
        lookup = Speculation(drafter, looked_up)
        if choice == "lookup" or self._draft is None:
            return lookup
        # what can be looked up is free, so it goes first where both promise the same
        model = Speculation(self._draft, modelled, compares_unsent=False)
        return EitherSpeculation(lookup, model)

    def _fresh_policies(self) -> tuple[DraftPolicy, DraftPolicy]:
        """For what is looked up and for the draft model, with one account for both."""
        credit = Credit()
        looked_up = DraftPolicy(self._costs, credit=credit)
        return looked_up, _model_policy(self._costs, self._draft_cost, credit)


def may_pay(costs: CostTable, draft_cost: float) -> bool:
    """Whether "auto" would ever try a draft model with such a share of a token's time."""
    return _model_policy(costs, draft_cost, Credit()).length(0) > 0


def _model_policy(costs: CostTable, draft_cost: float, credit: Credit) -> DraftPolicy:
    return DraftPolicy(costs, draft_cost, MODEL_PRIORS, credit)
