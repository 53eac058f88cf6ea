"""What guesses: what was asked for, and of two ways the one that promises more."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

import pytest

from localr1.engine.draft_costs import CPU_COSTS, GPU_COSTS
from localr1.engine.draft_credit import CREDIT_PER_TOKEN, FIRST_CREDIT
from localr1.engine.draft_loading import draft_cost
from localr1.engine.protocol import Speculation as Choice
from localr1.engine.speculating import Speculating, may_pay
from localr1.engine.steady_length import ASKED_LENGTH

COST = 0.25
"""R1-Distill-Qwen-1.5B beside 7B."""


class SmallModel:
    """Stands for `DraftModel`: always guesses the same token, and is sometimes unsure."""

    def __init__(self, guess: int = 1, stops_after: int | None = None) -> None:
        self.guess = guess
        self.stops_after = stops_after
        self.tokens: list[int] = []
        self.begun_exactly: list[bool] = []
        self.drafts = 0
        self.worked_out = 0

    match_tokens = 5

    def begin(self, tokens: Iterable[int], *, exactly: bool) -> None:
        self.tokens = list(tokens)
        self.begun_exactly.append(exactly)

    def extend(self, tokens: Iterable[int]) -> None:
        self.tokens += tokens

    def keep(self, n_tokens: int) -> None:
        del self.tokens[n_tokens:]

    def draft(self, most: int) -> list[int]:
        self.drafts += 1
        stops_after = 99 if self.stops_after is None else self.stops_after
        self.worked_out += min(most, stops_after + 1)
        return [self.guess] * min(most, stops_after)


def speculating(small: SmallModel | None = None, *, can_cut: bool = True) -> Speculating:
    draft: Any = small
    return Speculating(GPU_COSTS, can_cut=can_cut, draft=draft, draft_cost=COST)


COPIED = [*range(100, 160), *range(100, 130)]
"""What follows can be looked up: 130, 131..."""


def proposed(small: SmallModel | None, choice: Choice, tokens: list[int]) -> list[int]:
    speculator = speculating(small).begin(choice, tokens, afresh=True)
    return speculator.propose(31) if speculator else []


@pytest.mark.parametrize("choice", ["auto", "lookup", "draft"])
def test_nothing_is_guessed_where_tokens_cannot_be_taken_back(choice: Choice) -> None:
    assert speculating(SmallModel(), can_cut=False).begin(choice, COPIED, afresh=True) is None


def test_off_guesses_nothing() -> None:
    assert speculating(SmallModel()).begin("off", COPIED, afresh=True) is None


def test_a_choice_by_name_is_kept_to() -> None:
    small = SmallModel()
    assert proposed(small, "lookup", [1, 2, 3]) == []
    assert proposed(small, "lookup", COPIED)[:2] == [130, 131]
    assert small.drafts == 0
    assert proposed(small, "draft", COPIED) == [1] * ASKED_LENGTH
    assert proposed(None, "draft", COPIED) == []


def test_auto_looks_up_a_copy_and_asks_the_small_model_elsewhere() -> None:
    small = SmallModel()
    assert proposed(small, "auto", COPIED)[:2] == [130, 131]
    assert small.drafts == 0
    assert set(proposed(small, "auto", list(range(40)))) == {1}
    assert proposed(None, "auto", COPIED)[:2] == [130, 131]


def test_both_know_all_that_came() -> None:
    small = SmallModel()
    speculator = speculating(small).begin("auto", COPIED, afresh=True)
    assert speculator
    for _ in range(5):
        came = [*speculator.propose(31), 7]
        speculator.came(came)
    speculator.keep(20)
    speculator.came([5])
    assert small.tokens == [*COPIED[:20], 5]


def test_a_copy_that_fails_gives_way_to_the_small_model() -> None:
    """The lookup keeps finding the copy of `1 2 3 4 5`, and it never goes on as before."""
    small = SmallModel(guess=9)
    text = [n for _ in range(30) for n in (1, 2, 3, 4, 5, 6)] + [9, 1, 2, 3, 4, 5]
    speculator = speculating(small).begin("auto", text, afresh=True)
    assert speculator
    sent = []
    for _ in range(60):
        sent.append(speculator.propose(31))
        speculator.came([9, 1, 2, 3, 4, 5])
    assert any(each[:1] == [9] for each in sent[-10:])


@pytest.mark.parametrize("stops_after", [0, 1, None])
def test_what_never_comes_true_costs_no_more_than_the_bound(stops_after: int | None) -> None:
    """Guesses that are worked out and held back count as well."""
    small = SmallModel(guess=1, stops_after=stops_after)
    speculator = speculating(small).begin("auto", list(range(10, 50)), afresh=True)
    assert speculator
    time = 0.0
    for tokens in range(1, 2_001):
        before = small.worked_out
        sent = speculator.propose(31)
        time += GPU_COSTS.batch(len(sent) + 1) + COST * (small.worked_out - before)
        speculator.came([1000 + tokens])
        assert time <= tokens * (1 + CREDIT_PER_TOKEN) + FIRST_CREDIT + 1e-6
    assert small.drafts > 1


def test_the_bound_holds_for_both_ways_together() -> None:
    """What was just repeated never comes a third time, and the small model is wrong as well."""
    small = SmallModel(guess=1)
    rng = random.Random(3)
    text = [rng.randrange(10, 20) for _ in range(400)]
    speculator = speculating(small).begin("auto", text, afresh=True)
    assert speculator
    time, by_small, looked_up = 0.0, 0, 0
    for tokens in range(1, 1_001):
        before = small.drafts
        sent = speculator.propose(31)
        by_small += small.drafts > before
        looked_up += bool(sent) and small.drafts == before
        cost = COST * len(sent) if small.drafts > before else 0.0
        time += GPU_COSTS.batch(len(sent) + 1) + cost
        wrong = [token for token in range(10, 20) if token not in sent[:1]]
        speculator.came([rng.choice(wrong)])
        assert time <= tokens * (1 + CREDIT_PER_TOKEN) + FIRST_CREDIT + 1e-6
    assert min(by_small, looked_up) > 1


def test_it_gives_up_a_small_model_that_is_wrong_and_keeps_one_that_is_right() -> None:
    for right in (False, True):
        small = SmallModel(guess=1)
        speculator = speculating(small).begin("auto", list(range(10, 50)), afresh=True)
        assert speculator
        lengths = []
        for step in range(300):
            sent = speculator.propose(31)
            lengths.append(len(sent))
            # copies are of no use here: each step ends with a token that never was
            speculator.came([*(sent if right else ()), 1000 + step])
        assert (sum(map(bool, lengths[-100:])) > 90) is right
        assert (sum(map(bool, lengths[-100:])) < 10) is not right


def test_seeded_replies_learn_nothing_from_earlier_ones() -> None:
    small = SmallModel()
    made = speculating(small)

    def lengths(*, afresh: bool) -> list[int]:
        speculator = made.begin("auto", list(range(10, 50)), afresh=afresh)
        assert speculator
        found = []
        for step in range(40):
            found.append(len(speculator.propose(31)))
            speculator.came([2000 + step])
        return found

    first = lengths(afresh=True)
    assert lengths(afresh=True) == first
    assert lengths(afresh=False) == first
    assert lengths(afresh=False) != first
    assert lengths(afresh=True) == first
    assert small.begun_exactly == [True, True, False, False, True]


def test_where_checking_costs_as_much_as_it_saves_a_draft_model_is_of_no_use() -> None:
    assert not may_pay(CPU_COSTS, COST)
    assert may_pay(GPU_COSTS, COST)
    assert not may_pay(GPU_COSTS, 1.0)


def test_the_cost_of_a_draft_follows_the_sizes() -> None:
    small, large = 1_100_000_000, 4_700_000_000
    assert small / large < draft_cost(small, large) < small / large + 0.1
    assert draft_cost(small, 2 * large) < draft_cost(small, large)


def test_a_small_model_on_the_cpu_is_of_no_use_to_one_on_a_gpu() -> None:
    """R1-Distill-Qwen-1.5B for 32B in Q4_K_M."""
    sizes = 1_120_000_000, 19_850_000_000
    assert may_pay(GPU_COSTS, draft_cost(*sizes))
    assert not may_pay(GPU_COSTS, draft_cost(*sizes, is_apart=True))
