"""How much of the latest prose consists of phrases that were written several times before."""

from __future__ import annotations

import bisect
import operator
import re
import statistics
from collections import deque
from typing import Literal, NamedTuple


class Loop(NamedTuple):
    """A repetition that has gone on for too long to be meant."""

    kind: Literal["period", "paragraphs"]
    """Exact repetition of tokens, or prose that comes again nearly word by word."""
    period_tokens: int
    """Tokens from one appearance to the next; the median for paragraphs."""
    repeats: int
    """Appearances seen, at least."""


PHRASE_WORDS = 4
"""Four equal words in a row; of longer phrases a changed word would hide more: with five, fewer
loops are found in time, and the false alarms are about the same."""
REACH_WORDS = PHRASE_WORDS + 1
"""A word before a recurring phrase counts with it: usually it is the one that was changed."""
PHRASE_LETTER_WORDS = 3
"""So many of them must be words: numbers are all alike here, and tables are made of them."""
APPEARANCES = 3
"""A phrase counts from its third appearance on, its earlier ones included."""
SHARE = 0.8
"""So much of the latest text must be such phrases. With 0.75 more licence files are loops."""
SHORT_PERIOD_TOKENS = 56
SHORT_SPAN_TOKENS = 224
"""Short sentences of one form may come a dozen times, as when cases are tried one by one."""
LONG_SPAN_TOKENS = 160
PERIOD_SHARE = 0.75
"""A longer period: the latest text is at least so long, and at least this share of the period.
Its phrases have three appearances only once the third copy is nearly complete."""
LEAST_WORDS = 48
"""Fewer words in this text are not prose."""
REMEMBERED_WORDS = 4096
"""Phrases further back are forgotten: three appearances in a long text are no loop."""

_FORGOTTEN_AT_ONCE = 1024
_QUIET_TOKENS = 32
"""Without a recurring phrase for so long, nothing is looked at: that is what most text is like."""
_QUICK_SHARE = 0.25
"""Fewer recurring phrases among the latest words are not looked at closely."""
_LONGEST_HELD_BACK = 256
"""Characters that are waited for to complete a word."""

_ONE_A_WORD = r"\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff"
"""Thai, kana and Han are written without spaces: each character is taken for a word."""
_UNIT = re.compile(
    rf"([{_ONE_A_WORD}]|(?<!\w)[^\W\d_{_ONE_A_WORD}]+(?:['’][^\W\d_]+)?(?![^\W{_ONE_A_WORD}]))"
    rf"|(?<![^\W{_ONE_A_WORD}])(\d+(?:[.,]\d+)*)(?![^\W\d{_ONE_A_WORD}])"
    r"|([\"'“”()*#–—-]+)"
    rf"|\w+|(?:[,.;:!?](?![\s{_ONE_A_WORD}]|\Z)|[^\w\s,.;:!?。，、；：！？「」《》…])+"
)
"""A word, a number, a mark that prose has now and then, or one that it has not (an identifier, an
operator). Punctuation that is followed by a space is left out."""
_UNFINISHED = re.compile(rf"(?:[^\W_{_ONE_A_WORD}]|[.,'’]){{0,{_LONGEST_HELD_BACK}}}")
"""Matched from the end: a word or number that the next token may go on with."""


class _Unit(NamedTuple):
    """A word, number or mark that was read."""

    phrase: int
    """Hash of the phrase that ends here; 0 where none does."""
    place: int
    """Tokens read by then."""
    distance: int
    """Tokens since the phrase's last appearance; 0 before its third one."""


_PLACE = operator.attrgetter("place")


class RepeatedProse:
    """Counts phrases of words, numbers folded, over the last few thousand words."""

    def __init__(self) -> None:
        self._pending = ""
        self._tokens = 0
        self._latest: deque[str] = deque(maxlen=PHRASE_WORDS)
        self._units: list[_Unit] = []
        self._appearances: dict[int, int] = {}
        self._last_place: dict[int, int] = {}
        self._recurred_at = -_QUIET_TOKENS

    def add(self, texts: list[str]) -> None:
        """Take the texts of the next tokens."""
        self._tokens += len(texts)
        pending = self._pending + "".join(texts)
        unfinished = _UNFINISHED.match(pending[::-1])
        end = len(pending) - (unfinished.end() if unfinished else 0)
        self._pending = pending[end:]
        without_phrase = _Unit(0, self._tokens, 0)
        for word, number, mark in _UNIT.findall(pending[:end]):
            if word or number:
                self._latest.append(word.casefold())
                self._units.append(self._phrase() or without_phrase)
            else:
                if not mark:
                    self._latest.clear()
                self._units.append(without_phrase)

    def _phrase(self) -> _Unit | None:
        """Count the phrase that ends with the latest word, if one does."""
        latest, place = self._latest, self._tokens
        if len(latest) < PHRASE_WORDS or latest.count("") > PHRASE_WORDS - PHRASE_LETTER_WORDS:
            return None
        phrase = hash(tuple(latest))
        count = self._appearances.get(phrase, 0) + 1
        self._appearances[phrase] = count
        last = self._last_place.get(phrase, 0)
        self._last_place[phrase] = place
        if count < APPEARANCES:
            return _Unit(phrase, place, 0)
        self._recurred_at = place
        return _Unit(phrase, place, place - last)

    def find(self) -> Loop | None:
        """The loop that the latest prose is in, or None."""
        self._forget_old()
        if self._tokens - self._recurred_at >= _QUIET_TOKENS:
            return None
        latest = self._latest_units(LONG_SPAN_TOKENS)
        distances = [unit.distance for unit in latest if unit.distance]
        if len(latest) < LEAST_WORDS or len(distances) < _QUICK_SHARE * len(latest):
            return None
        period = max(1, int(statistics.median(distances)))
        span = _span_tokens(period)
        if self._tokens < span:
            return None
        latest = self._latest_units(span)
        counts = [self._appearances.get(unit.phrase, 0) for unit in latest]
        if _covered_share(counts) < SHARE:
            return None
        return Loop("paragraphs", period, max(APPEARANCES, int(statistics.median(counts))))

    def _latest_units(self, tokens: int) -> list[_Unit]:
        first = self._tokens - tokens
        return self._units[bisect.bisect_right(self._units, first, key=_PLACE) :]

    def _forget_old(self) -> None:
        if len(self._units) < REMEMBERED_WORDS + _FORGOTTEN_AT_ONCE:
            return
        for unit in self._units[:_FORGOTTEN_AT_ONCE]:
            if unit.phrase:
                self._appearances[unit.phrase] -= 1
                if not self._appearances[unit.phrase]:
                    del self._appearances[unit.phrase], self._last_place[unit.phrase]
        del self._units[:_FORGOTTEN_AT_ONCE]


def _span_tokens(period: int) -> int:
    if period < SHORT_PERIOD_TOKENS:
        return SHORT_SPAN_TOKENS
    return max(LONG_SPAN_TOKENS, int(PERIOD_SHARE * period))


def _covered_share(counts: list[int]) -> float:
    """Share of units that lie within a phrase that appeared often enough."""
    covered = reach = 0
    for count in reversed(counts):
        reach = REACH_WORDS if count >= APPEARANCES else max(0, reach - 1)
        covered += reach > 0
    return covered / max(1, len(counts))
