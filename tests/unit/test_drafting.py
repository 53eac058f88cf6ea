"""How long drafts get, that they never cost much, and that they change no text."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localr1.engine.draft_costs import CPU_COSTS, GPU_COSTS, CostTable
from localr1.engine.draft_credit import CREDIT_PER_TOKEN, FIRST_CREDIT
from localr1.engine.draft_length import MODEL_PRIORS, DraftPolicy
from localr1.engine.lookup_draft import LookupDrafter
from localr1.engine.speculation import Speculation

REPOSITORY = Path(__file__).parents[2]
# ---- the length ----------------------------------------------------------------------------


def test_costs_between_measured_sizes_lie_on_a_line() -> None:
    costs = CostTable({2: 2.0, 4: 3.0}, longest_draft=5)
    assert [costs.batch(size) for size in range(1, 7)] == [1.0, 2.0, 2.5, 3.0, 3.5, 4.0]


def test_nothing_is_drafted_without_a_match() -> None:
    assert DraftPolicy(GPU_COSTS).length(-1) == 0


def test_a_sure_copy_gets_long_drafts_once_gains_pay_for_them() -> None:
    policy = DraftPolicy(CPU_COSTS)
    lengths = []
    for _ in range(10):
        lengths.append(policy.length(40))
        policy.learn(40, lengths[-1], lengths[-1])
    assert 0 < lengths[0] < 8
    assert lengths[-1] == CPU_COSTS.longest_draft


def test_where_batches_cost_nearly_nothing_less_certainty_is_enough() -> None:
    cpu, gpu = DraftPolicy(CPU_COSTS), DraftPolicy(GPU_COSTS)
    for policy in (cpu, gpu):
        for _ in range(50):
            policy.observe(3, 1, 1)
            policy.observe(3, 1, 0)
    assert cpu.length(3) == 0
    assert gpu.length(3) > 0


def test_a_draft_model_must_earn_its_own_time_too() -> None:
    lengths = []
    for draft_cost in (0.0, 0.2, 1.0):
        policy = DraftPolicy(GPU_COSTS, draft_cost, MODEL_PRIORS)
        for _ in range(100):
            policy.observe(5, 4, 4)
        lengths.append(policy.length(5))
    assert lengths[0] >= lengths[1] > lengths[2] == 0


@pytest.mark.parametrize("costs", [CPU_COSTS, GPU_COSTS])
def test_it_gives_up_what_fails_and_comes_back_to_it(costs: CostTable) -> None:
    policy = DraftPolicy(costs, 0.05, (0.9,) * 13)
    failing = 0
    for _ in range(1_000):
        length = policy.length(5)
        failing += bool(length)
        policy.learn(5, length, 0)
    assert 2 <= failing <= 60
    drafts = []
    for _ in range(400):
        drafts.append(policy.length(5))
        policy.learn(5, drafts[-1], drafts[-1])
    assert drafts[-1] > 0


Fate = Callable[[int], int]


def loss_on(policy: DraftPolicy, prices: Callable[[int], float], fate: Fate, steps: int) -> None:
    """Play steps whose drafts meet `fate`; check the bound after each."""
    seconds, tokens = 0.0, 0
    for step in range(steps):
        match = (step * 7) % 70 - 1
        drafted = policy.length(match)
        accepted = min(fate(step), drafted)
        policy.learn(match, drafted, accepted)
        seconds += prices(drafted)
        tokens += accepted + 1
        assert policy.credit.left >= -1e-9
        assert seconds <= tokens * (1 + CREDIT_PER_TOKEN) + FIRST_CREDIT + 1e-6
        if tokens >= 200:
            assert seconds < 1.03 * tokens


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 31) | st.sampled_from([0, 31]), min_size=1, max_size=60),
    st.sampled_from([CPU_COSTS, GPU_COSTS, CostTable({2: 1.0, 32: 1.1}, 31)]),
    st.sampled_from([0.0, 0.1, 0.4]),
)
def test_no_stream_costs_more_than_three_percent(
    fates: list[int], costs: CostTable, draft_cost: float
) -> None:
    def price(drafted: int) -> float:
        return costs.batch(drafted + 1) + draft_cost * drafted

    policy = DraftPolicy(costs, draft_cost, (0.99,) * 13)
    loss_on(policy, price, lambda step: fates[step % len(fates)], 400)


def test_gains_do_not_buy_endless_losses() -> None:
    policy = DraftPolicy(CPU_COSTS)
    for _ in range(500):
        policy.learn(100, 31, 31)
    lost = 0.0
    for _ in range(200):
        drafted = policy.length(100)
        policy.learn(100, drafted, 0)
        lost += CPU_COSTS.batch(drafted + 1) - 1
    assert 0 < lost <= 1.5 * CPU_COSTS.batch(32) + 2


# ---- both together -------------------------------------------------------------------------

few_tokens = st.lists(st.integers(0, 3), max_size=200)


def decoded(
    prompt: list[int], reply: list[int], costs: CostTable, policy: DraftPolicy | None = None
) -> tuple[list[int], float]:
    """The loop over a model that writes `reply`; answers the tokens and the time taken."""
    drafter = LookupDrafter()
    drafter.extend(prompt)
    speculation = Speculation(drafter, policy or DraftPolicy(costs))
    written: list[int] = []
    time = 0.0
    while len(written) < len(reply):
        proposed = speculation.propose(len(reply) - len(written) - 1)
        time += costs.batch(len(proposed) + 1)
        came: list[int] = []
        for draft in [*proposed, None]:
            came.append(reply[len(written) + len(came)])
            if came[-1] != draft:
                break
        speculation.came(came)
        written += came
    return written, time


@settings(deadline=None)
@given(st.lists(few_tokens, min_size=2, max_size=4), st.sampled_from([CPU_COSTS, GPU_COSTS]))
def test_every_token_is_the_models_and_each_replys_time_is_bounded(
    texts: list[list[int]], costs: CostTable
) -> None:
    policy = DraftPolicy(costs)
    for prompt, reply in itertools.pairwise(texts):
        written, time = decoded(prompt, reply, costs, policy)
        assert written == reply
        assert time <= len(reply) * (1 + CREDIT_PER_TOKEN) + FIRST_CREDIT + 1e-6


def test_gains_of_one_reply_do_not_pay_for_losses_of_the_next() -> None:
    policy = DraftPolicy(CPU_COSTS)
    for _ in range(50):
        policy.learn(40, 31, 31)
    assert policy.length(40) == 31
    policy.begin_reply()
    assert 0 < CPU_COSTS.batch(policy.length(40) + 1) - 1 <= FIRST_CREDIT


def test_a_new_reply_begins_with_the_first_credit() -> None:
    policy = DraftPolicy(CPU_COSTS)
    decoded(list(range(300)), list(range(300)), CPU_COSTS, policy)
    assert policy.credit.left > FIRST_CREDIT
    Speculation(LookupDrafter(), policy)
    assert policy.credit.left == FIRST_CREDIT


def test_what_was_not_sent_teaches_too() -> None:
    policy = DraftPolicy(CostTable({2: 5.0, 32: 100.0}, 31))
    before = policy.agreement(20)
    copied = list(range(300))
    _, time = decoded(copied, copied, CostTable({2: 5.0, 32: 100.0}, 31), policy)
    assert time == len(copied)
    assert policy.agreement(20) > before


def test_a_draft_model_runs_only_for_drafts_that_are_sent() -> None:
    class SmallModel(LookupDrafter):
        asked: ClassVar[list[int]] = []

        @property
        def match_tokens(self) -> int:
            return 0

        def draft(self, most: int) -> list[int]:
            self.asked.append(most)
            return [1] * most

    policy = DraftPolicy(CPU_COSTS, 0.1, MODEL_PRIORS)
    speculation = Speculation(SmallModel(), policy, compares_unsent=False)
    sent = []
    for _ in range(300):
        sent.append(len(speculation.propose(31)))
        speculation.came([2])
    assert SmallModel.asked == [length for length in sent if length]
    assert sent.count(0) > 250


def test_a_text_with_drafts_is_the_text_without() -> None:
    """Each token drawn from its own distribution, in order: the same draws, the same text."""

    def drawn(rng: random.Random, context: Sequence[int]) -> int:
        """A toy model that likes to repeat what stood 20 tokens before."""
        weights = [8 if context[-20] == token else 1 for token in range(4)]
        return rng.choices(range(4), weights)[0]

    prompt = [random.Random(7).randrange(4) for _ in range(40)]
    plain, rng = list(prompt), random.Random(1)
    for _ in range(500):
        plain.append(drawn(rng, plain))
    drafter, context, rng = LookupDrafter(), list(prompt), random.Random(1)
    drafter.extend(prompt)
    speculation, steps = Speculation(drafter, DraftPolicy(GPU_COSTS)), 0
    while len(context) < len(plain):
        came: list[int] = []
        for draft in [*speculation.propose(len(plain) - len(context) - 1), None]:
            came.append(drawn(rng, [*context, *came]))
            if came[-1] != draft:
                break
        speculation.came(came)
        context += came
        steps += 1
    assert context == plain
    assert steps < 500


def words(*texts: str) -> list[list[int]]:
    """Token ids of words, spaces and signs; the same word has the same id in all texts."""
    ids: dict[str, int] = {}
    return [
        [ids.setdefault(word, len(ids)) for word in re.findall(r"\w+|\s+|[^\w\s]", text)]
        for text in texts
    ]


def test_an_edited_file_comes_faster() -> None:
    source = (REPOSITORY / "localr1/engine/draft_length.py").read_text("utf-8")
    edited = source.replace("credit", "balance").replace("_fade", "_forget_a_little")
    prompt, reply = words(
        "Rename credit:\n" + source, "<think>They want a new name.</think>" + edited
    )
    for costs, goal in ((CPU_COSTS, 1.3), (GPU_COSTS, 2.5)):
        _, time = decoded(prompt, reply, costs)
        assert len(reply) / time >= goal


@pytest.mark.parametrize("costs", [CPU_COSTS, GPU_COSTS])
@pytest.mark.parametrize("name", ["docs/cli.md", "docs/formats.md", "docs/architecture.md"])
def test_free_text_stays_as_fast(name: str, costs: CostTable) -> None:
    prompt, reply = words("Write about it.", (REPOSITORY / name).read_text("utf-8"))
    _, time = decoded(prompt, reply, costs)
    assert len(reply) / time >= 0.98
