"""Drafts looked up in the conversation: where it last read like this, and after edits."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localr1.engine.lookup_draft import LookupDrafter
from localr1.engine.token_index import TokenIndex

TEXT = list(range(100, 130))
"""Thirty tokens, none of them twice."""


def after(prompt: Sequence[int], reply: Sequence[int] = ()) -> LookupDrafter:
    drafter = LookupDrafter()
    drafter.extend(prompt)
    for token in reply:
        _ = drafter.match_tokens
        drafter.extend([token])
    return drafter


def test_what_followed_last_time_is_proposed() -> None:
    drafter = after(TEXT, TEXT[4:9])
    assert drafter.match_tokens == 5
    assert drafter.draft(4) == TEXT[9:13]


@pytest.mark.parametrize("tokens", [[], [1], [1, 2], [*TEXT, 103, 104], [*TEXT, 5, 103, 104]])
def test_fewer_than_three_equal_tokens_propose_nothing(tokens: list[int]) -> None:
    drafter = after(tokens)
    assert drafter.match_tokens < 0
    assert drafter.draft(5) == []


def test_the_longest_match_wins_and_of_equals_the_latest() -> None:
    longer_first = after([9, 1, 2, 3, 50, 8, 1, 2, 3, 60, 9, 1, 2, 3])
    assert (longer_first.match_tokens, longer_first.draft(1)) == (4, [50])
    equals = after([9, 1, 2, 3, 50, 9, 1, 2, 3, 60, 9, 1, 2, 3])
    assert equals.draft(1) == [60]


def test_a_loop_is_proposed_round_and_round() -> None:
    assert after([7, 1, 2, 3, 1, 2, 3, 1, 2]).draft(7) == [3, 1, 2, 3, 1, 2, 3]
    assert after([5, 5, 5, 5]).draft(3) == [5, 5, 5]


@pytest.mark.parametrize(
    ("edited", "continues_at"),
    [
        ([900], 11),  # one token replaced
        ([900, 112, 113], 14),  # one replaced by another, seen to go on
        ([900, 110], 11),  # one put in
        ([900, 901, 902, 111], 12),  # one replaced by three
        ([112], 13),  # two left out
        ([900, 115], 16),  # five replaced by one
    ],
)
def test_a_copy_goes_on_after_an_edit(edited: list[int], continues_at: int) -> None:
    drafter = after(TEXT, [*TEXT[:10], *edited])
    if edited == [900]:
        assert drafter.match_tokens == 0
    assert drafter.draft(5) == TEXT[continues_at : continues_at + 5]


def test_a_copy_found_again_counts_as_before() -> None:
    drafter = after(TEXT, [*TEXT[:10], 900, *TEXT[11:13]])
    assert drafter.match_tokens == 2
    drafter.extend([TEXT[13]])
    assert drafter.match_tokens > 10


def test_a_copy_that_does_not_come_back_is_given_up() -> None:
    drafter = after(TEXT, [*TEXT[:10], *range(900, 930)])
    assert drafter.match_tokens < 0


few_tokens = st.lists(st.integers(0, 3), max_size=200)


@settings(deadline=None)
@given(few_tokens, few_tokens, st.integers(0, 250))
def test_keeping_the_first_tokens_is_as_never_having_seen_more(
    kept: list[int], forgotten: list[int], most: int
) -> None:
    drafter = after(kept, forgotten)
    drafter.keep(len(kept))
    fresh = after(kept)
    for token in [*forgotten[:3], 1, 2, 1]:
        drafter.extend([token])
        fresh.extend([token])
        assert drafter.match_tokens == fresh.match_tokens
        assert drafter.draft(most % 40) == fresh.draft(most % 40)


@settings(deadline=None)
@given(few_tokens)
def test_a_match_is_what_it_says(tokens: list[int]) -> None:
    """Outside of an edit, the last `match_tokens` stood before, followed by the draft."""
    drafter = after(tokens)
    match, draft = drafter.match_tokens, drafter.draft(1)
    assert (match >= 3) == bool(draft)
    if draft:
        wanted = [*tokens[len(tokens) - match :], *draft]
        places = range(len(tokens) - match)
        assert any(tokens[place : place + match + 1] == wanted for place in places)


def test_the_work_for_a_token_does_not_grow_with_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0

    class Counting(TokenIndex):
        def _agreement(self, place: int) -> int:
            nonlocal compared
            compared += 1
            return super()._agreement(place)

    monkeypatch.setattr("localr1.engine.lookup_draft.TokenIndex", Counting)
    drafter = LookupDrafter()
    hostile = [0, 0, 0, 1] * 2_000  # every place looks alike, and the copy is lost all the time
    rng = random.Random(1)
    for token in hostile:
        drafter.extend([token if rng.random() < 0.7 else 2])
        _ = drafter.match_tokens
    assert compared <= 32 * len(hostile)


# ---- edits that come again -----------------------------------------------------------------

OLD, NEW = [500], [600, 601]
"""A name and its replacement."""


def used(name: Sequence[int], times: int = 4) -> list[int]:
    """A text in which a name stands some times, ten other tokens after each."""
    return [token for use in range(times) for token in (*name, *range(use * 10, use * 10 + 10))]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ([500], [600]),
        ([500], [600, 601]),
        ([500, 501], [600]),
        ([500], [500, 601]),  # something is put behind it
        ([500, 501], [500]),  # and taken away
        ([500], [601, 500]),
    ],
)
def test_a_renaming_is_expected_again(old: list[int], new: list[int]) -> None:
    source, reply = used(old), used(new)
    twice = 2 * (len(new) + 10)
    drafter = after([*TEXT, *source, 999], [*TEXT, *reply[:twice]])
    assert drafter.draft(200)[: len(reply) - twice + 1] == [*reply[twice:], 999]


def test_an_expected_edit_that_does_not_come_is_not_expected_again() -> None:
    source, renamed = used(OLD), used(NEW)
    reply = [*renamed[:24], *source[22:33]]  # renamed twice, then left as it was
    drafter = after([*TEXT, *source], [*TEXT, *reply])
    assert drafter.match_tokens > 30
    assert drafter.draft(11) == source[33:]


def test_what_a_copy_has_renamed_is_not_renamed_once_more() -> None:
    """The second time, the copy is of the reply, where the new name contains the old one."""
    source, reply = used([500]), used([500, 601])
    drafter = after([*TEXT, *source], [*TEXT, *reply, *range(900, 920), *reply[2:24]])
    assert drafter.draft(12) == reply[24:36]


@settings(deadline=None)
@given(few_tokens, few_tokens, st.integers(0, 40))
def test_a_draft_is_as_long_as_asked_or_empty(
    prompt: list[int], reply: list[int], most: int
) -> None:
    drafter = after(prompt, reply)
    wanted = most if drafter.match_tokens >= 0 else 0
    assert len(drafter.draft(most)) == wanted
    assert drafter.draft(40)[:most] == drafter.draft(most)


def test_an_edit_that_was_wrong_once_may_come_again_without_being_expected() -> None:
    source, renamed = used(OLD, 8), used(NEW, 8)
    kept = source[22:33]
    renamed_again = [*NEW, *source[34:44]]
    drafter = after([*TEXT, *source], [*TEXT, *renamed[:24], *kept, *renamed_again])
    assert drafter.draft(11) == source[44:55]


def test_one_insertion_is_expected_behind_the_token_before_it_only() -> None:
    source = [*TEXT, 500, 700, 40, 41, 42, 43, 501, 700, 50, 51, 500, 702]
    drafter = after(source, [*TEXT, 500, 600, 700, 40, 41, 42])
    assert drafter.draft(8) == [43, 501, 700, 50, 51, 500, 600, 702]


def test_a_short_likeness_is_not_looked_for_after_it_ends() -> None:
    drafter = after([*TEXT, 999], [*TEXT[3:8], 900])
    assert drafter.match_tokens < 0


def test_an_edit_is_not_left_for_a_short_likeness_elsewhere() -> None:
    elsewhere = [900, 901, 902, 903, 904]
    drafter = after([*elsewhere, *TEXT], [*TEXT[:10], *elsewhere[:3], TEXT[10]])
    assert drafter.draft(3) == TEXT[11:14]


def test_edits_are_forgotten_with_the_tokens() -> None:
    prompt = [*TEXT, *used(OLD)]
    drafter = after(prompt, [*TEXT, *used(NEW)[:24]])
    drafter.keep(len(prompt))
    for token in TEXT:
        drafter.extend([token])
        _ = drafter.match_tokens
    assert drafter.draft(12) == used(OLD)[:12]
