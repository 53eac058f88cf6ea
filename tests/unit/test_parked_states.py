"""States of other conversations: the best for a prompt is found, the budget holds."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localr1.engine.parked_states import ParkedStates
from localr1.engine.shared_prefix import shared_prefix

SMALL_TOKENS = st.lists(st.integers(0, 2), max_size=40)


def park(states: ParkedStates, tokens: list[int], size_bytes: int = 10, n_exact: int = 0) -> bool:
    return states.park(tokens, n_exact, lambda: bytes(size_bytes), size_bytes)


def parked(states: ParkedStates, *candidates: list[int]) -> list[list[int]]:
    """Which of them are held, as whole lists."""
    found = (states.best_for(tokens) for tokens in candidates)
    return [match.parked.tokens for match in found if match and match.parked.tokens in candidates]


# ---- shared prefix -----------------------------------------------------------------------------


@given(SMALL_TOKENS, SMALL_TOKENS, SMALL_TOKENS)
def test_the_shared_prefix_is_that_of_a_loop(
    common: list[int], first: list[int], second: list[int]
) -> None:
    a, b = common + first, common + second
    expected = 0
    while expected < min(len(a), len(b)) and a[expected] == b[expected]:
        expected += 1
    assert shared_prefix(a, b) == expected
    assert shared_prefix(tuple(a), b) == expected
    assert shared_prefix(array("I", a), b) == expected


@pytest.mark.parametrize("position", [0, 1, 15_999, 16_000, 31_998, 31_999])
def test_one_other_token_in_a_long_list_is_found(position: int) -> None:
    tokens = list(range(32_000))
    other = tokens.copy()
    other[position] = -1
    assert shared_prefix(tokens, other) == position


# ---- parked states -----------------------------------------------------------------------------


def test_the_state_that_shares_most_is_found_and_stays_until_taken() -> None:
    states = ParkedStates(100)
    assert park(states, [1, 2, 3, 9])
    assert states.park([1, 2, 3, 4, 5], 4, lambda: bytearray(b"state"), 5)
    assert park(states, [1, 7])
    assert states.best_for([1, 2, 3, 4, 6]) == states.best_for([1, 2, 3, 4, 6])
    match = states.best_for([1, 2, 3, 4, 6])
    assert match is not None
    assert (match.shared, match.parked.n_exact) == (4, 4)
    assert bytes(match.parked.state) == b"state"
    assert states.take(match.parked) is match.parked
    match = states.best_for((1, 2, 3, 4, 6))
    assert match is not None
    assert (match.shared, match.parked.tokens) == (3, [1, 2, 3, 9])
    assert states.held_bytes == 20


def test_nothing_shared_is_no_match() -> None:
    states = ParkedStates(100)
    assert states.best_for([1]) is None
    park(states, [2, 1])
    assert states.best_for([1]) is None
    assert states.best_for([]) is None


def test_of_equals_the_one_used_last_is_taken() -> None:
    states = ParkedStates(100)
    park(states, [1, 2])
    park(states, [1, 3])
    match = states.best_for([1, 4])
    assert match is not None
    assert match.parked.tokens == [1, 3]


def test_the_one_not_used_for_longest_goes_before_memory_is_taken() -> None:
    states = ParkedStates(30)
    for first in (1, 2, 3):
        assert park(states, [first, 0])
    assert park(states, [1], n_exact=0), "held already, and so used"
    seen: list[int] = []

    def make_state() -> bytes:
        seen.append(states.held_bytes)
        return bytes(15)

    assert states.park([4, 0], 0, make_state, 15)
    assert seen == [10]
    assert states.held_bytes == 25
    assert parked(states, [1, 0], [2, 0], [3, 0], [4, 0]) == [[1, 0], [4, 0]]


@pytest.mark.parametrize("size_bytes", [0, 31])
def test_what_cannot_fit_is_not_copied_and_displaces_nothing(size_bytes: int) -> None:
    states = ParkedStates(30)
    park(states, [1])

    def never() -> bytes:
        raise AssertionError

    assert not states.park([2], 0, never, size_bytes)
    assert not ParkedStates(0).park([2], 0, never, 1)
    assert states.held_bytes == 10


def test_lack_of_memory_is_no_failure() -> None:
    states = ParkedStates(30)

    def fail() -> bytes:
        raise MemoryError

    assert not states.park([1], 0, fail, 10)
    assert states.held_bytes == 0
    assert states.best_for([1]) is None


def test_a_state_larger_than_announced_is_held_to_the_budget() -> None:
    states = ParkedStates(30)
    park(states, [1])
    states.park([2], 0, lambda: bytes(25), 5)
    assert states.held_bytes == 25
    states.park([3], 0, lambda: bytes(31), 5)
    assert states.held_bytes == 0


def test_a_longer_state_replaces_the_shorter_ones_of_its_conversation() -> None:
    states = ParkedStates(100)
    for tokens in ([1], [1, 2], [2, 1], [1, 2, 4]):
        park(states, tokens)
    park(states, [1, 2, 3])
    assert states.held_bytes == 30
    assert parked(states, [2, 1], [1, 2, 4], [1, 2, 3]) == [[2, 1], [1, 2, 4], [1, 2, 3]]


def test_a_state_that_is_held_is_parked_again_only_for_exact_tokens() -> None:
    states = ParkedStates(100)
    park(states, [1, 2, 3], n_exact=1)
    park(states, [1, 2], n_exact=1)
    assert states.held_bytes == 10
    park(states, [1, 2], n_exact=2)
    assert states.held_bytes == 20


def test_cleared_states_are_gone() -> None:
    states = ParkedStates(100)
    park(states, [1])
    states.clear()
    assert states.held_bytes == 0
    assert states.best_for([1]) is None
