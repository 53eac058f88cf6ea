"""Insertions stay around the words they were put around, and a damaged column harms nothing."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localr1.chat.messages import (
    REASONING_ENDS,
    Insertion,
    Message,
    ReasoningPart,
    TextPart,
)
from localr1.history import search_index
from localr1.history.insertions import insertions_as_json, insertions_from_json
from localr1.history.migrations import migrate
from localr1.history.rows import StoredMessage, read_messages, storable, write_message
from localr1.history.store import HistoryStore
from localr1.terminal_text import clean

AUTHORS: tuple[Literal["person", "localr1"], ...] = ("person", "localr1")

# Characters that cleaning removes, replaces, and leaves alone.
texts = st.text(st.sampled_from("ab é数🙂\n\r\u200b\u00ad\u202e\x1b\x00\x85\ud83d"), max_size=40)


@st.composite
def reasoning_parts(draw: st.DrawFn) -> ReasoningPart:
    """With insertions that are in order and apart, or touch."""
    text = draw(texts)
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8, unique=True)))
    authors: st.SearchStrategy[Literal["person", "localr1"]] = st.sampled_from(AUTHORS)
    pairs = zip(cuts[::2], cuts[1::2], strict=False)
    return ReasoningPart(
        text,
        draw(st.integers(0, 10**6)),
        draw(st.floats(0, 1e6)),
        draw(st.sampled_from(REASONING_ENDS)),
        tuple(Insertion(start, end, draw(authors)) for start, end in pairs),
        draw(st.booleans()),
    )


messages = st.builds(
    Message,
    st.just("assistant"),
    st.lists(reasoning_parts() | st.builds(TextPart, texts), max_size=4).map(tuple),
    st.sampled_from(["stop", "loop", None]),
)


def through_rows(message: Message) -> StoredMessage:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        search_index.prepare(connection)
        connection.execute(
            "INSERT INTO conversation (id, title, model, created_at, updated_at)"
            " VALUES ('c', '', '', '', '')"
        )
        write_message(connection, "c", 0, message, "")
        return read_messages(connection, "c")[0]


@settings(deadline=None)  # a busy machine is no failure
@given(messages)
def test_a_message_comes_back_from_its_rows(message: Message) -> None:
    kept = storable(message)
    assert through_rows(kept) == StoredMessage(0, kept, damaged=False)
    assert storable(kept) == kept


def inserted_words(part: ReasoningPart) -> list[tuple[str, str]]:
    """What each insertion says once it is cleaned; what cleans to nothing is left out."""
    said = [(clean(part.text[each.start : each.end]), each.author) for each in part.insertions]
    return [(words, author) for words, author in said if words]


@settings(deadline=None)  # a busy machine is no failure
@given(reasoning_parts())
def test_cleaning_keeps_the_inserted_words(part: ReasoningPart) -> None:
    kept = storable(Message("assistant", (part,))).reasoning
    assert kept is not None
    assert kept.text == clean(part.text)
    assert inserted_words(kept) == inserted_words(part)


def test_offsets_follow_what_is_removed() -> None:
    text = "\u200b\u200bWait.\r\n No\u00ad, \r\rhold on\u200b!"
    written = ReasoningPart(
        text,
        insertions=(
            Insertion(text.index("No"), text.index("hold"), "person"),
            Insertion(text.index("on\u200b"), len(text), "localr1"),
        ),
    )
    kept = storable(Message("assistant", (written,))).reasoning
    assert kept is not None
    assert [kept.text[each.start : each.end] for each in kept.insertions] == ["No, ", "on!"]


def test_what_is_cleaned_away_is_no_insertion() -> None:
    written = ReasoningPart("a\u200b\rb", insertions=(Insertion(1, 3, "person"),))
    kept = storable(Message("assistant", (written,))).reasoning
    assert kept == ReasoningPart("ab")


def entry(start: object, end: object, author: object = "person") -> dict[str, object]:
    return {"start": start, "end": end, "author": author}


FIRST = Insertion(0, 3, "person")
DEEP = "[" * 100_000

DAMAGED: list[tuple[Any, tuple[Insertion, ...]]] = [
    (17, ()),
    (2.5, ()),
    (b'[{"start":0,"end":3,"author":"person"}]', ()),
    ("", ()),
    ("\x1b[2J", ()),
    ("[", ()),
    ("null", ()),
    ("{}", ()),
    ("[1]", ()),
    ("[[0,3]]", ()),
    (json.dumps([entry(0, 3, "qerson")]), ()),
    (json.dumps([entry("0", 3)]), ()),
    (json.dumps([entry(0, 3.5)]), ()),
    (json.dumps([entry(0, None)]), ()),
    (json.dumps([{"start": 0}]), ()),
    (json.dumps([entry(-1, 3)]), ()),
    (json.dumps([entry(3, 3)]), ()),
    (json.dumps([entry(5, 3)]), ()),
    (json.dumps([entry(0, 3), entry(4, 12)]), (FIRST,)),
    (json.dumps([entry(0, 3), entry(10**30, 10**31)]), (FIRST,)),
    (json.dumps([entry(0, 3), entry(2, 5)]), (FIRST,)),
    (json.dumps([entry(4, 6), entry(0, 3)]), (Insertion(4, 6, "person"),)),
    (json.dumps([entry(0, 3)] * 3), (FIRST,)),
    (json.dumps([entry(0, 3)] * 10_000), ()),
    ('[{"start":0,"end":3,"author":"person"}]' + " " * 10_000, ()),
    ('[{"start":0,"end":' + "9" * 600 + ',"author":"person"}]', ()),
    (f'[{{"x":{DEEP}', ()),
]


@pytest.mark.parametrize(("column", "kept"), DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_column_loses_what_does_not_fit(
    tmp_path: Path, column: object, kept: tuple[Insertion, ...]
) -> None:
    path = tmp_path / "history.sqlite3"
    with closing(HistoryStore(path, tmp_path / "locks")) as store:
        conversation = store.create("demo")
        part = ReasoningPart("So 2 and 2.", insertions=(Insertion(3, 5, "localr1"),))
        conversation.add(Message("assistant", (part, TextPart("4")), "stop"))
        conversation.close()
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("UPDATE part SET insertions = ? WHERE position = 0", (column,))
        read = store.open(conversation.id)
        assert read.damaged_positions == {0}
        assert read.messages[0].reasoning == ReasoningPart("So 2 and 2.", insertions=kept)
        assert read.messages[0].text == "4"


@pytest.mark.parametrize("damaged", [DEEP, f'[{{"x":{DEEP}', json.dumps([entry(0, 10**4000)])])
def test_a_long_text_bounds_nothing_that_raises(damaged: str) -> None:
    assert insertions_from_json(damaged, 10**6) == ()


@settings(deadline=None)  # a busy machine is no failure
@given(st.text() | st.binary() | st.none() | st.integers(), st.integers(0, 50))
def test_no_column_raises(column: object, characters: int) -> None:
    assert insertions_from_json(column, characters) == ()


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(st.tuples(st.integers(-3, 20), st.integers(-3, 20))), st.integers(0, 20))
def test_what_is_read_is_in_order_and_in_the_text(
    pairs: list[tuple[int, int]], characters: int
) -> None:
    column = insertions_as_json(tuple(Insertion(*pair, "person") for pair in pairs))
    read = insertions_from_json(column, characters)
    offsets = [offset for each in read for offset in (each.start, each.end)]
    assert offsets == sorted(offsets)
    assert all(each.start < each.end for each in read)
    assert not offsets or (offsets[0] >= 0 and offsets[-1] <= characters)


def test_the_longest_column_is_read() -> None:
    everywhere = tuple(Insertion(number, number + 1, "localr1") for number in range(2000))
    assert insertions_from_json(insertions_as_json(everywhere), 2000) == everywhere
