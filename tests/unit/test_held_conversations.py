"""Other conversations keep their cache: in memory while the program runs, in files beyond it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localr1.engine.conversations import HeldConversations
from localr1.engine.held import HeldContext
from localr1.engine.protocol import LoadState, SaveState
from tests.decoding import Cache, held_context
from tests.kept_states import GIB, KEY, NAME, set_free

PLENTY = GIB


@pytest.fixture(autouse=True)
def _roomy_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    set_free(monkeypatch, 100 * GIB)


def text(first: int, n_tokens: int) -> list[int]:
    return [first * 1000 + n for n in range(n_tokens)]


class Kept:
    """Conversations over a cache that only remembers."""

    def __init__(self, parked_bytes: int = PLENTY) -> None:
        self.cache = Cache()
        self.held: HeldContext = held_context(self.cache)
        self.conversations = HeldConversations(self.held, KEY, parked_bytes)

    def read(self, tokens: list[int], lasting: int | None = None) -> int:
        """Read a prompt as a reply does; answers how many tokens did not have to be read."""
        self.conversations.turn_to(tokens, len(tokens) if lasting is None else lasting)
        assert self.held.tokens == self.cache.sequences[0]
        shared = self.held.share(tokens[:-1], exactly=False)
        assert self.held.read(tokens, lambda _: None)
        assert self.held.tokens == self.cache.sequences[0] == tokens
        return shared

    def save(self, folder: Path, budget_bytes: int = PLENTY) -> int:
        return self.conversations.save(SaveState(1, os.fsencode(folder), NAME, budget_bytes))

    def load(self, folder: Path) -> int:
        tokens = self.conversations.load(LoadState(1, os.fsencode(folder), NAME, PLENTY))
        assert self.held.tokens == self.cache.sequences[0]
        return tokens


def test_a_conversation_that_was_left_is_taken_up_again() -> None:
    kept = Kept()
    first, second = text(1, 400), text(2, 300)
    assert kept.read(first) == 0
    assert kept.read(second) == 0
    assert kept.read([*first, 5]) == 400
    assert kept.read([*second, 6]) == 300


def test_what_does_not_last_is_not_parked() -> None:
    kept = Kept()
    kept.read(text(1, 600), lasting=300)
    kept.read(text(2, 300))
    assert kept.read(text(1, 600)) == 300


def test_short_ones_are_read_again() -> None:
    kept = Kept()
    kept.read(text(1, 200))
    kept.read(text(2, 200))
    assert kept.read(text(1, 200)) == 0


def test_without_memory_nothing_is_parked() -> None:
    kept = Kept(parked_bytes=0)
    kept.read(text(1, 400))
    kept.read(text(2, 400))
    assert kept.read(text(1, 400)) == 0


def test_the_same_conversation_is_not_parked_when_it_goes_on() -> None:
    kept = Kept()
    kept.read(text(1, 400))
    kept.read([*text(1, 400), 7, 8])
    kept.read(text(2, 300))
    assert kept.read([*text(1, 400), 7, 8, 9]) == 402


def test_a_cache_that_cannot_be_cut_is_lost_whole() -> None:
    kept = Kept()
    kept.read(text(1, 400))
    kept.cache.can_keep = False
    assert kept.read(text(2, 400)) == 0


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 700)), max_size=8), st.integers(0, 3))
def test_the_cache_always_holds_the_prompt(turns: list[tuple[int, int]], states: int) -> None:
    kept = Kept(parked_bytes=states * 2000)
    for first, n_tokens in turns:
        kept.read(text(first, n_tokens))


# ---- files -------------------------------------------------------------------------------------


def test_a_file_fills_the_cache_of_another_worker(tmp_path: Path) -> None:
    kept = Kept()
    kept.read(text(1, 500), lasting=400)
    assert kept.save(tmp_path) == 400
    again = Kept()
    assert again.load(tmp_path) == 400
    assert again.held.exact == 400
    assert again.read(text(1, 500)) == 400


def test_what_is_held_when_a_file_is_loaded_is_parked(tmp_path: Path) -> None:
    kept = Kept()
    kept.read(text(1, 400))
    kept.save(tmp_path)
    kept.read(text(2, 300))
    kept.conversations._parked.clear()
    assert kept.load(tmp_path) == 400
    assert kept.read([*text(2, 300), 5]) == 300


def test_a_file_that_says_less_than_the_cache_changes_nothing(tmp_path: Path) -> None:
    kept = Kept()
    kept.read(text(1, 400))
    kept.save(tmp_path)
    kept.read(text(1, 500))
    assert kept.load(tmp_path) == 400
    assert len(kept.held.tokens) == 500


def test_a_state_that_the_engine_refuses_leaves_an_empty_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Kept()
    kept.read(text(1, 400))
    kept.save(tmp_path)
    again = Kept()
    monkeypatch.setattr(again.cache, "restore", lambda state: False)
    assert again.load(tmp_path) == 0
    assert again.read(text(1, 400)) == 0


@pytest.mark.parametrize(("n_tokens", "budget_bytes"), [(255, PLENTY), (400, 100)])
def test_what_is_short_or_too_large_is_not_saved(
    tmp_path: Path, n_tokens: int, budget_bytes: int
) -> None:
    kept = Kept()
    kept.read(text(1, n_tokens))
    assert kept.save(tmp_path, budget_bytes) == 0
    assert Kept().load(tmp_path) == 0
