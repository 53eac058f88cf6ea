"""What was said is found; what was not, or is deleted, is not; no query is an error."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localr1.chat.messages import FilePart, Message, ReasoningPart, TextPart, user_message
from localr1.errors import StorageError
from localr1.history import search_index
from localr1.history.conversation import Conversation
from localr1.history.search import SearchHit
from localr1.history.search_terms import Term, expression, folded, loosened, terms_of
from localr1.history.snippets import SNIPPET_CHARACTERS, snippet_of
from localr1.history.store import HistoryStore


def open_store(folder: Path) -> HistoryStore:
    return HistoryStore(folder / "history.sqlite3", folder / "locks")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[HistoryStore]:
    with closing(open_store(tmp_path)) as opened:
        yield opened


@pytest.fixture
def without_fts5(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_index, "available", lambda: False)


def query(folder: Path, sql: str, *values: object) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "history.sqlite3", isolation_level=None)) as connection:
        return connection.execute(sql, values).fetchall()


def reply(thought: str, answer: str) -> Message:
    return Message("assistant", (ReasoningPart(thought), TextPart(answer)), "stop")


def marked(hit: SearchHit) -> str:
    """The snippet with its ranges in brackets."""
    text, done = "", 0
    for start, end in hit.ranges:
        text += f"{hit.snippet[done:start]}[{hit.snippet[start:end]}]"
        done = end
    return text + hit.snippet[done:]


def found(store: HistoryStore, text: str) -> list[str]:
    return [f"{hit.kind}: {marked(hit)}" for hit in store.search(text)]


@pytest.fixture
def talk(store: HistoryStore) -> Conversation:
    conversation = store.create("demo")
    conversation.rename("A talk about rivers")
    conversation.add(
        user_message("How long is the Rhône?\nIn km", [FilePart("map of rivers.txt", "x y")])
    )
    conversation.add(reply("The Rhône river, I think, is 813 km.", "It is **813 km** long."))
    conversation.add(user_message("黄河有多长？"))
    conversation.add(reply("黄河 is the Yellow River.", "黄河全长约5464公里。"))
    return conversation


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (
            "rhone",
            [
                "reasoning: The [Rhône] river, I think, is 813 km.",
                "question: How long is the [Rhône]? In km",
            ],
        ),
        (
            "RHÔNE lon",
            ["answer: It is **813 km** [lon]g.", "question: How [lon]g is the [Rhône]? In km"],
        ),
        ("813 long", ["answer: It is **[813] km** [long]."]),
        ('"river i think"', ["reasoning: The Rhône [river, I think], is 813 km."]),
        ('"think river"', []),
        ("thi", ["reasoning: The Rhône river, I [thi]nk, is 813 km."]),
        ('"thi"', []),
        ("thi rhone", []),
        ("黄河", ["answer: [黄河]全长约5464公里。", "question: [黄河]有多长？"]),
        ("全长", ["answer: 黄河[全长]约5464公里。"]),
        ("河", ["answer: 黄[河]全长约5464公里。", "question: 黄[河]有多长？"]),
        ("长全", []),
        ("map", ["file: [map] of rivers.txt"]),
        ("talk", ["title: A [talk] about rivers"]),
        ("i", ["reasoning: The Rhône river, [I] think, is 813 km."]),
        ("k", ["answer: It is **813 [k]m** long.", "question: How long is the Rhône? In [k]m"]),
        ("？", ["question: 黄河有多长[？]"]),
        ("**", ["answer: It is [**]813 km[**] long."]),
        ("x", []),
        ("", []),
        (' " ', []),
    ],
)
def test_what_was_said_is_found(
    store: HistoryStore, talk: Conversation, asked: str, expected: list[str]
) -> None:
    assert found(store, asked) == expected


def test_a_hit_says_where_it_is(store: HistoryStore, talk: Conversation) -> None:
    (hit,) = store.search("813 long")
    assert (hit.conversation_id, hit.title) == (talk.id, "A talk about rivers")
    assert (hit.kind, hit.position) == ("answer", 1)
    talk.rewind(1)
    talk.add(reply("", "It has no end."))
    (hit,) = store.search("813 long")
    assert hit.position is not None
    assert talk.reveal(hit.position) == 1
    assert talk.messages[1].text == "It is **813 km** long."
    assert [each.kind for each in store.search("rivers")] == ["title", "file"]
    assert store.search("rivers")[0].position is None


def test_a_question_that_is_the_title_is_found_once(store: HistoryStore) -> None:
    conversation = store.create("demo")
    conversation.add(user_message("Why is the sky blue?"))
    assert found(store, "sky") == ["question: Why is the [sky] blue?"]
    conversation.rename("My sky")
    assert found(store, "sky") == ["title: My [sky]", "question: Why is the [sky] blue?"]


def test_the_newest_come_first_up_to_a_limit(store: HistoryStore) -> None:
    for number in range(5):
        store.create("demo").add(user_message(f"\n{number} apples in a basket"))
    assert [hit.snippet[0] for hit in store.search("apples", limit=3)] == ["4", "3", "2"]
    assert store.search("apples", limit=0) == []


def test_a_changed_message_is_found_by_its_new_words_only(store: HistoryStore) -> None:
    conversation = store.create("demo")
    conversation.rename("-")
    conversation.add(user_message("old words"))
    conversation.replace(0, user_message("new words"))
    assert found(store, "old") == []
    assert found(store, "new") == ["question: [new] words"]


def test_a_growing_reply_is_indexed_once(store: HistoryStore, tmp_path: Path) -> None:
    conversation = store.create("demo")
    conversation.add(user_message("go"))
    place = conversation.add(Message("assistant", (ReasoningPart("first"),)))
    for number in range(5):
        conversation.replace(place, Message("assistant", (ReasoningPart(f"first {number}"),)))
        assert query(tmp_path, "SELECT count(*) FROM search_docsize") == [(1,)]
    assert found(store, "first 4") == ["reasoning: [first] [4]"], "what grows is found, too"
    conversation.replace(place, Message("assistant", (ReasoningPart("second"),)))
    assert query(tmp_path, "SELECT count(*) FROM search_docsize") == [(1,)]
    assert found(store, "first") == []
    conversation.replace(place, Message("assistant", (ReasoningPart("third"),), "stop"))
    assert query(tmp_path, "SELECT count(*) FROM search_docsize") == [(2,)]
    assert found(store, "second") == []
    assert found(store, "third") == ["reasoning: [third]"]


def test_another_window_finds_what_is_written_here(store: HistoryStore, tmp_path: Path) -> None:
    with closing(open_store(tmp_path)) as other:
        conversation = store.create("demo")
        for text in ("apple", "pear"):
            conversation.add(user_message(f"an {text}"))
            conversation.add(Message("assistant", (TextPart(f"the {text}"),)))
            assert found(other, f"the {text}") == [f"answer: [the] [{text}]"]


def test_a_lost_index_is_made_from_the_messages(
    store: HistoryStore, talk: Conversation, tmp_path: Path
) -> None:
    before = found(store, "rhone")
    store.close()
    query(tmp_path, "DROP TABLE search")
    with closing(open_store(tmp_path)) as later:
        assert found(later, "rhone") == before
        assert later.notice is None


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM search_data",
        "DELETE FROM search_data WHERE id = 10",
        "DELETE FROM search_data WHERE id > 10",
        "UPDATE search_data SET block = x'ffffffffffffff' WHERE id > 1",
        "UPDATE search_data SET block = zeroblob(length(block))",
        "DELETE FROM search_idx",
        "DELETE FROM search_docsize",
        "DROP TABLE search_docsize",
        "DROP TABLE search_data",
        "DROP TABLE search_config",
        "UPDATE search_config SET v = 99",
    ],
)
def test_a_damaged_index_is_made_anew(
    store: HistoryStore, talk: Conversation, tmp_path: Path, damage: str
) -> None:
    before = found(store, "rhone")
    store.close()
    query(tmp_path, damage)
    with closing(open_store(tmp_path)) as later:
        again = later.open(talk.id)
        again.add(user_message("fish in it?"))
        again.replace(4, user_message("trout in it?"))
        assert found(later, "trout") == ["question: [trout] in it?"]
        assert found(later, "rhone") == before
        assert again.messages[:4] == talk.messages
        assert again.damaged_positions == frozenset()


def test_without_fts5_all_texts_are_looked_through(
    without_fts5: None, store: HistoryStore, talk: Conversation, tmp_path: Path
) -> None:
    assert query(tmp_path, "SELECT name FROM sqlite_master WHERE name LIKE 'search%'") == []
    assert found(store, "813 long") == ["answer: It is **[813] km** [long]."]
    assert found(store, "全长") == ["answer: 黄河[全长]约5464公里。"]
    assert found(store, "map") == ["file: [map] of rivers.txt"]
    assert found(store, "100%") == []
    store.delete(talk.id)
    assert store.purge_deleted() == [talk.id]
    assert found(store, "long") == []


def test_an_index_is_not_kept_by_a_sqlite_without_fts5(
    store: HistoryStore, talk: Conversation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(search_index, "available", lambda: False)
        talk.replace(0, user_message("How long is the Rhine?"))
    assert found(store, "rhine") == ["question: How long is the [Rhine]?"]
    assert found(store, "how rhone") == []


def test_a_history_that_cannot_be_written_is_searched(
    store: HistoryStore, talk: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(work: object) -> None:
        raise StorageError("no")

    talk.add(Message("assistant", (TextPart("half of it"),)))
    monkeypatch.setattr(store._database, "write", refuse)
    assert found(store, "map") == ["file: [map] of rivers.txt"]


NASTY = [
    *('"', '""', '"a', 'a"', "'", "*", "a*", "*a", "^a", "NEAR(", "NEAR(a b, 2)", "a AND", "OR"),
    *("NOT a", "words:a", "{words reasoning}:a", "-words : a", "(a", "a + b", "a\x00b", "\ud800"),
    *(
        "🙂",
        "🙂🙂 a",
        "é\u0301\u0301",
        "%",
        "_",
        "!",
        "\\",
        "数",
        "数学 a",
        "\u200d",
        "İ",
        "ß",
        "\x1b[2J",
    ),
    *("a " * 50_000, "a" * 100_000, "数" * 100_000, '"' * 100_000, "(" * 100_000, "* " * 50_000),
]


@pytest.mark.parametrize("asked", NASTY, ids=lambda text: ascii(text[:12]))
def test_no_query_is_an_error(store: HistoryStore, talk: Conversation, asked: str) -> None:
    for hit in store.search(asked):
        assert hit.snippet.isprintable()


letters = st.text(
    st.sampled_from('ab é\u0301数学한ไท🙂"*()^-:+ \n\t\x00\ud83dß_!%NOR'), max_size=30
)


@settings(max_examples=200, deadline=None)
@given(asked=st.text(max_size=40) | letters)
def test_no_match_expression_is_refused_by_fts5(asked: str) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        search_index.prepare(connection)
        terms = terms_of(asked)
        for match in (expression(terms), expression(loosened(terms)) if terms else ""):
            if match:
                connection.execute("SELECT rowid FROM search WHERE search MATCH ?", (match,))


@settings(max_examples=300, deadline=None)
@given(text=letters, asked=letters)
def test_ranges_are_in_the_snippet_and_apart(text: str, asked: str) -> None:
    snippet = snippet_of(text * 20, terms_of(asked))
    assert len(snippet.text) <= SNIPPET_CHARACTERS + 2
    assert "\n" not in snippet.text
    end = 0
    for start, stop in snippet.ranges:
        assert end <= start < stop <= len(snippet.text)
        end = stop


@settings(max_examples=100, deadline=None)
@given(text=st.text())
def test_folding_keeps_every_character_in_its_place(text: str) -> None:
    assert len(folded(text)) == len(text)


def test_a_snippet_shows_the_place_with_most_of_the_words() -> None:
    text = "apple " + "filler " * 60 + "a pear and an apple " + "filler " * 60
    snippet = snippet_of(text, [Term("apple"), Term("pear")])
    assert snippet.text.startswith("…")
    assert snippet.text.endswith("…")
    assert [snippet.text[start:end] for start, end in snippet.ranges] == ["pear", "apple"]
    assert snippet_of("no such word", [Term("apple")]) == ("no such word", (), 0)
