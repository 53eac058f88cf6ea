"""A draft model's cache follows the text, reads nothing twice and stops when told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from localr1.engine import native
from localr1.engine.draft_model import LEAST_PROBABILITY, DraftModel
from localr1.engine.held import HeldContext
from localr1.engine.native import Guess

N_CTX, N_UBATCH, N_VOCAB, END = 64, 4, 50, 49
UNSURE = 13


def following(tokens: Sequence[int]) -> int:
    """What the small model takes for the next token: something of all that it has read."""
    value = 7
    for token in tokens:
        value = (value * 31 + token) % 9973
    return value % (N_VOCAB - 1)


def ideal(tokens: Sequence[int], most: int) -> list[int]:
    """The draft that a model without a cache would make."""
    drafted: list[int] = []
    while len(drafted) < min(most, N_CTX - len(tokens)):
        token = following([*tokens, *drafted])
        if token == UNSURE:
            break
        drafted.append(token)
    return drafted


class Window:
    """Stands for `native.Context`: remembers tokens, counts what it reads, can be stopped."""

    n_ctx, n_ubatch = N_CTX, N_UBATCH

    def __init__(self, flag: native.AbortFlag) -> None:
        self.tokens: list[int] = []
        self.read_tokens = 0
        self.stops_after: int | None = None
        self._flag = flag

    def decode(self, tokens: Sequence[int]) -> int:
        assert len(self.tokens) + len(tokens) <= N_CTX
        if self.stops_after is not None:
            self.stops_after -= 1
            if self.stops_after < 0:
                self._flag.raise_()
                return native.DECODE_ABORTED
        self.tokens += tokens
        self.read_tokens += len(tokens)
        return 0

    def decode_one(self, token: int) -> int:
        return self.decode([token])

    def keep(self, n_tokens: int, sequence: int = 0) -> bool:
        del self.tokens[n_tokens:]
        return True

    def clear(self) -> None:
        self.tokens.clear()


class Silence:
    """Stands for `native.NativeLog`."""

    def take_errors(self) -> list[str]:
        return []


class Small:
    """A draft model over a window that can be looked into."""

    def __init__(self) -> None:
        self.flag = native.AbortFlag()
        self.window = Window(self.flag)
        window: Any = self.window
        log: Any = Silence()
        held = HeldContext(window, self.flag, log)
        self.draft = DraftModel(held, self._guess, N_VOCAB, lambda token: token == END)

    def _guess(self) -> Guess:
        token = following(self.window.tokens)
        return Guess(token, LEAST_PROBABILITY - 0.01 if token == UNSURE else 0.9)

    def after(self, tokens: Sequence[int], *, exactly: bool = False) -> DraftModel:
        self.draft.begin(tokens, exactly=exactly)
        return self.draft


tokens_of_both = st.lists(st.integers(0, N_VOCAB - 2), min_size=1, max_size=20)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("draft"), st.integers(0, 9), st.integers(0, 9)),
        st.tuples(st.just("words"), tokens_of_both),
        st.tuples(st.just("cut"), st.integers(1, 30)),
        st.tuples(st.just("begin"), tokens_of_both, st.booleans()),
        st.tuples(st.just("begin_with_part"), st.integers(1, 60), tokens_of_both, st.booleans()),
        st.tuples(st.just("stop"), st.integers(0, 5)),
    ),
    max_size=25,
)


@given(tokens_of_both, steps)
def test_whatever_happened_before_a_draft_follows_the_whole_text(
    prompt: list[int], happenings: list[tuple[Any, ...]]
) -> None:
    """Right and wrong guesses, words put in, cuts, other conversations and stops."""
    small, text = Small(), list(prompt)
    draft = small.after(text)
    for kind, *with_ in happenings:
        if kind == "draft":
            made = draft.draft(with_[0])
            assert made == ideal(text, with_[0])
            came = [*made[: with_[1]], (made[with_[1]] + 1) % 40 if with_[1] < len(made) else 3]
            draft.extend(came)
            text += came
        elif kind == "words":
            draft.extend(with_[0])
            text += with_[0]
        elif kind == "cut":
            draft.keep(with_[0])
            del text[with_[0] :]
        elif kind == "stop":
            small.window.stops_after = with_[0]
            assert draft.draft(9) in ([], ideal(text, 9))
            small.window.stops_after = None
            small.flag.lower()
        else:
            text = with_[0] if kind == "begin" else text[: with_[0]] + with_[1]
            text = list(text)
            draft.begin(text, exactly=with_[-1])
        if len(text) >= N_CTX:
            assert draft.match_tokens == -1
            assert draft.draft(3) == []
            return
    assert draft.draft(5) == ideal(text, 5)


def test_nothing_is_read_before_a_draft_is_asked_for() -> None:
    small = Small()
    small.after(range(1, 20)).extend([3, 4])
    assert small.window.read_tokens == 0


def test_right_guesses_are_not_read_again() -> None:
    small = Small()
    draft = small.after([1, 2, 3])
    made = draft.draft(4)
    assert len(made) == 4
    before = small.window.read_tokens
    draft.extend([*made, 5])
    draft.draft(1)
    assert small.window.read_tokens - before == 2, "the last guess and the token after it"


def test_the_same_text_asked_again_reads_one_token() -> None:
    small = Small()
    small.after(list(range(1, 30))).draft(1)
    before = small.window.read_tokens
    small.after(list(range(1, 30))).draft(1)
    assert small.window.read_tokens - before == 1


def test_a_seeded_reply_keeps_whole_micro_batches_only() -> None:
    small = Small()
    small.after([1, 2, 3, 4, 5, 6]).draft(1)
    before = small.window.read_tokens
    small.after([1, 2, 3, 4, 5, 6, 7], exactly=True).draft(1)
    assert small.window.read_tokens - before == 3


def test_the_match_counts_right_guesses_in_a_row() -> None:
    draft = Small().after([1, 2, 3])
    made = draft.draft(4)
    assert draft.match_tokens == 0
    draft.extend([*made[:2]])
    assert draft.match_tokens == 2
    draft.extend([(made[2] + 1) % 40, 8, 9])
    assert draft.match_tokens == 0


def test_words_after_all_guesses_leave_the_match_as_it_is() -> None:
    draft = Small().after([1, 2, 3])
    made = draft.draft(3)
    draft.extend([*made, 11, 12])
    assert draft.match_tokens == len(made)


def unsure_text() -> list[int]:
    """A text after which the small model is unsure at once."""
    return next([1, n] for n in range(N_VOCAB) if following([1, n]) == UNSURE)


def test_an_unsure_guess_is_not_sent() -> None:
    assert Small().after(unsure_text()).draft(5) == []


def test_an_end_is_not_sent() -> None:
    small = Small()
    small.draft._guess = lambda: Guess(END, 1.0)
    assert small.after([1, 2]).draft(5) == []


def test_a_token_that_only_the_large_model_knows_ends_drafting_until_it_is_cut() -> None:
    small = Small()
    draft = small.after([1, 2])
    draft.extend([N_VOCAB, 3])
    assert draft.match_tokens == -1
    assert draft.draft(4) == []
    assert small.window.read_tokens == 0
    draft.keep(2)
    assert draft.draft(4) == ideal([1, 2], 4)


def test_a_guess_that_the_large_model_does_not_know_is_not_sent() -> None:
    small = Small()
    small.draft._guess = lambda: Guess(N_VOCAB, 1.0)
    assert small.after([1, 2]).draft(5) == []


def test_a_stop_while_drafting_sends_nothing() -> None:
    small = Small()
    draft = small.after([1, 2])
    small.window.stops_after = 2
    assert draft.draft(5) == []
    assert small.flag.is_raised


def test_after_a_cut_other_words_are_read_in_place_of_those_taken_back() -> None:
    draft = Small().after([1, 2, 3, 4, 5, 6])
    draft.draft(1)
    draft.keep(3)
    draft.extend([9, 9, 9, 9])
    assert draft.draft(4) == ideal([1, 2, 3, 9, 9, 9, 9], 4)
