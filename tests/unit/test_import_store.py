"""Imported conversations are in the history as they were: branches, times, order; never twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given, settings

from localr1.chat.exporting import ConversationTree, TreeMessage, export_text, in_a_line
from localr1.chat.imports.documents import conversations_in
from localr1.chat.messages import Message, TextPart, user_message
from localr1.errors import ConversationNotFound, StorageError
from localr1.history.store import HistoryStore
from tests.unit.test_export_json import BRANCHED, trees


def open_store(folder: Path) -> HistoryStore:
    return HistoryStore(folder / "history.sqlite3", folder / "locks")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[HistoryStore]:
    with closing(open_store(tmp_path)) as opened:
        yield opened


TIME = "2026-11-26T04:31:00.000+00:00"
KEPT = msgspec.structs.replace(
    BRANCHED,
    messages=tuple(msgspec.structs.replace(each, created_at=TIME) for each in BRANCHED.messages),
)


def line(identity: str, *texts: str, time: str = TIME) -> ConversationTree:
    return ConversationTree(
        id=identity,
        title="",
        model="demo",
        created_at=time,
        updated_at=time,
        messages=in_a_line([user_message(text) for text in texts]),
        shown=len(texts) - 1,
    )


def test_a_conversation_goes_out_and_comes_in_exactly(store: HistoryStore, tmp_path: Path) -> None:
    ((identity, is_new),) = store.take_in([KEPT])
    assert (identity, is_new) == (KEPT.id, True)
    assert store.whole("261126") == KEPT
    document = export_text(store.whole(identity), "json").encode()
    with closing(open_store(tmp_path / "other")) as other:
        other.take_in([*_trees(document)])
        assert other.whole(identity) == KEPT
        opened = other.open(identity)
        assert opened.messages == [each.message for each in KEPT.path()]
        assert opened.branches(1) == (1, 2)
        assert (opened.title, opened.limit) == (KEPT.title, KEPT.limit)
        (summary,) = other.list()
        assert (summary.created_at, summary.updated_at) == (KEPT.created_at, KEPT.updated_at)


def _trees(document: bytes) -> Iterator[ConversationTree]:
    for each in conversations_in(document).conversations:
        assert isinstance(each, ConversationTree)
        yield each


def test_the_same_is_taken_once_and_another_of_its_id_gets_a_new_one(store: HistoryStore) -> None:
    first, again = store.take_in([KEPT]), store.take_in([KEPT])
    assert [each.is_new for each in (*first, *again)] == [True, False]
    renamed = msgspec.structs.replace(KEPT, title="Other", pinned=False)
    assert not store.take_in([renamed])[0].is_new
    grown = msgspec.structs.replace(
        KEPT, messages=(*KEPT.messages, TreeMessage(user_message("more"), 2, TIME))
    )
    other, same = store.take_in([grown]), store.take_in([grown])
    assert other[0].id != KEPT.id
    assert (other[0].is_new, same[0]) == (True, (other[0].id, False))
    assert store.whole(other[0].id) == msgspec.structs.replace(grown, id=other[0].id)
    assert store.whole(KEPT.id) == KEPT


def test_what_was_talked_here_stays_above_what_was_brought(store: HistoryStore) -> None:
    own = store.create("demo")
    own.add(user_message("mine"))
    store.take_in([line("new-1", "a", "b"), line("old-1", "c")])
    store.take_in([line("older-1", "d")])
    assert [each.id for each in store.list()] == [own.id, "new-1", "old-1", "older-1"]
    assert store.latest() == own.id
    own.add(Message("assistant", (TextPart("yours"),), "stop"))
    late = store.open("old-1")
    late.add(user_message("again"))
    assert store.latest() == "old-1"


def test_a_conversation_that_was_deleted_can_be_brought_back(store: HistoryStore) -> None:
    store.take_in([KEPT])
    store.delete(KEPT.id)
    (hidden,) = store.take_in([KEPT])
    assert hidden.is_new
    assert hidden.id != KEPT.id
    store.purge_deleted()
    assert store.take_in([KEPT])[0] == (KEPT.id, True)


def test_what_was_brought_is_found(store: HistoryStore) -> None:
    store.take_in([line("new-1", "about whales"), line("old-1", "whales again")])
    own = store.create("demo")
    own.add(user_message("my whales"))
    found = [each.conversation_id for each in store.search("whales") if each.kind == "question"]
    assert found == [own.id, "new-1", "old-1"]
    hit = store.search("again")[-1]
    assert hit.position == 0


def test_titles_and_times_that_are_missing_are_made(store: HistoryStore) -> None:
    odd = line("odd-1", "First line\nsecond", time="yesterday")
    store.take_in([odd])
    kept = store.whole("odd-1")
    assert kept.title == "First line"
    assert kept.created_at == kept.updated_at == kept.messages[0].created_at
    assert kept.created_at.startswith("20")


def test_an_id_that_cannot_be_one_is_replaced(store: HistoryStore) -> None:
    (taken,) = store.take_in([line("../../etc", "hi")])
    assert taken.id.startswith("261126-")
    assert [each.is_new for each in store.take_in([line("../../etc", "hi")])] == [False]


@settings(max_examples=25)  # each opens a history of its own
@given(trees())
def test_whatever_is_taken_in_can_be_read(tree: ConversationTree) -> None:
    with TemporaryDirectory() as folder, closing(open_store(Path(folder))) as store:
        ((identity, _),) = store.take_in([tree])
        kept = store.whole(identity)
        assert [each.parent for each in kept.messages] == [each.parent for each in tree.messages]
        assert [len(each.message.parts) for each in kept.messages] == [
            len(each.message.parts) for each in tree.messages
        ]
        assert list(store.take_in([tree])) == [(identity, False)]


def test_two_imports_do_not_meet(store: HistoryStore, tmp_path: Path) -> None:
    with closing(open_store(tmp_path)) as other:
        assert other._locks.take("import!")
        with pytest.raises(StorageError, match="another import is under way"):
            store.take_in([KEPT])
        other._locks.release("import!")
        store.take_in([KEPT])


def test_none_is_not_found(store: HistoryStore) -> None:
    with pytest.raises(ConversationNotFound):
        store.whole("261126")
