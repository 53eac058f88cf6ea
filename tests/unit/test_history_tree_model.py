"""Whatever is done to a conversation, it is a simple tree; it reopens as it was shown."""

from __future__ import annotations

import tempfile
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from localr1.chat.messages import Message, TextPart
from localr1.history.store import HistoryStore
from localr1.history.tree import ROOT, Tree

Step = tuple[str, int, int]
"""What is done, and two numbers that choose among what there is."""

steps = st.tuples(
    st.sampled_from(["add", "add", "rewind", "choose", "replace", "reopen", "reveal"]),
    st.integers(0, 30),
    st.integers(0, 30),
)


@dataclass
class Node:
    """A message of the model."""

    text: str
    number: int
    children: list[Node] = field(default_factory=list)

    def newest_path(self) -> list[Node]:
        """This one and its descendants on the way to the newest of them."""
        below = [child.newest_path() for child in self.children]
        return [self, *max(below, key=lambda path: path[-1].number, default=[])]


class Model:
    """What a conversation should do, in the simplest way."""

    def __init__(self) -> None:
        self.root = Node("", -1)
        self.path: list[Node] = []
        self.saved: list[Node] = []
        """What a reopening shows."""
        self.count = 0

    def siblings(self, index: int) -> list[Node]:
        return (self.path[index - 1] if index else self.root).children

    def add(self, text: str) -> None:
        node = Node(text, self.count)
        (self.path[-1] if self.path else self.root).children.append(node)
        self.count += 1
        self.path = self.saved = [*self.path, node]

    def choose(self, index: int, number: int) -> None:
        chosen = self.siblings(index)[number]
        if chosen is not self.path[index]:
            self.path = self.saved = [*self.path[:index], *chosen.newest_path()]

    def reveal(self, number: int) -> None:
        if number in [node.number for node in self.path]:
            return
        way = self._way(self.root, number)
        self.path = self.saved = [*way, *way[-1].newest_path()[1:]]

    def _way(self, node: Node, number: int) -> list[Node]:
        for child in node.children:
            if child.number == number:
                return [child]
            if below := self._way(child, number):
                return [child, *below]
        return []


def message(text: str) -> Message:
    return Message("user", (TextPart(text),))


class Pair:
    """A stored conversation and its model, which go the same way."""

    def __init__(self, store: HistoryStore) -> None:
        self.store = store
        self.stored = store.create("demo")
        self.model = Model()

    def step(self, name: str, first: int, second: int) -> None:
        getattr(self, name)(first, second)
        self.check()

    def add(self, first: int, second: int) -> None:
        text = f"message {self.model.count}"
        self.stored.add(message(text))
        self.model.add(text)

    def rewind(self, first: int, second: int) -> None:
        if self.model.path:
            index = first % len(self.model.path)
            self.stored.rewind(index)
            self.model.path = self.model.path[:index]

    def choose(self, first: int, second: int) -> None:
        if self.model.path:
            index = first % len(self.model.path)
            number = second % len(self.model.siblings(index))
            self.stored.choose(index, number)
            self.model.choose(index, number)

    def replace(self, first: int, second: int) -> None:
        if self.model.path:
            index = first % len(self.model.path)
            self.stored.replace(index, message(f"replaced {second}"))
            self.model.path[index].text = f"replaced {second}"

    def reveal(self, first: int, second: int) -> None:
        if self.model.count:
            number = first % self.model.count
            index = self.stored.reveal(number)
            self.model.reveal(number)
            assert [n for n, node in enumerate(self.model.path) if node.number == number] == [index]

    def reopen(self, first: int, second: int) -> None:
        if self.model.count:
            self.stored.close()
            self.stored = self.store.open(self.stored.id)
            self.model.path = self.model.saved

    def check(self) -> None:
        assert [each.text for each in self.stored.messages] == [n.text for n in self.model.path]
        assert self.stored.damaged_positions == frozenset()
        for index, node in enumerate(self.model.path):
            siblings = self.model.siblings(index)
            assert self.stored.branches(index) == (siblings.index(node), len(siblings))
            assert [m.text for m in self.stored.siblings(index)] == [n.text for n in siblings]


@settings(max_examples=30, deadline=None)
@given(walk=st.lists(steps, max_size=25))
def test_a_conversation_is_a_tree_that_reopens_as_it_was(walk: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with closing(HistoryStore(folder / "history.sqlite3", folder / "locks")) as store:
            pair = Pair(store)
            for each in walk:
                pair.step(*each)
            pair.reopen(0, 0)
            pair.check()


columns: st.SearchStrategy[Any] = st.none() | st.integers(-3, 12) | st.sampled_from(["1", b"", 1.0])


@given(links=st.lists(columns, max_size=12), gaps=st.sets(st.integers(0, 11)))
def test_no_link_hides_a_message_or_makes_a_circle(links: list[object], gaps: set[int]) -> None:
    rows = [(position, link) for position, link in enumerate(links) if position not in gaps]
    tree = Tree(rows)
    reached = set()
    for position, _ in rows:
        path = tree.path(position)
        assert path[-1] == position
        assert path == sorted(set(path))
        assert position in tree.siblings(position)
        leaf = tree.newest_below(position)
        assert position in tree.path(leaf)
        reached.update(path)
    assert reached == {position for position, _ in rows}
    assert tree.path(ROOT) == []
    again = Tree((position, tree.column(position)) for position, _ in rows)
    assert [again.path(position) for position, _ in rows] == [
        tree.path(position) for position, _ in rows
    ]
