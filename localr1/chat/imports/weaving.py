"""Messages that name their parents become a tree: pieces of a reply joined, hidden ones skipped.

Other programs keep a reply as several nodes (thoughts, code, text) and put nodes between that
nobody sees. A reply here is one message; where branches part within a reply, each branch gets
the whole of it.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence

import msgspec

from localr1.chat.exporting.tree import TreeMessage
from localr1.chat.imports.found import Unreadable
from localr1.chat.messages import (
    FinishReason,
    Message,
    Part,
    ReasoningPart,
    Role,
    TextPart,
)
from localr1.units import count

MESSAGES_AT_MOST = 100_000
"""In one conversation; a person who writes one every ten seconds needs eleven days for them."""
_PIECES_AT_MOST = 1_000
_PARTS_AT_MOST = 1_000_000
"""Of all messages together: branches that part within a reply repeat its beginning."""


class Node(msgspec.Struct, frozen=True):
    """A message, or a piece of a reply, of another program."""

    parent: str | None
    role: Role | None
    """None for what is not shown."""
    parts: tuple[Part, ...] = ()
    seconds: float = 0.0
    """Since 1970 in UTC; 0 where it is not known."""
    time: str = ""
    """The same as ISO 8601."""
    model: str = ""
    finish_reason: FinishReason | None = "stop"


class _Place:
    """Where a branch has got to: the last whole message, and the pieces of a reply after it."""

    def __init__(
        self, whole: int | None, before: _Place | None = None, piece: Node | None = None
    ) -> None:
        self.whole = whole
        self.before = before
        self.piece = piece
        self.pieces: int = before.pieces + 1 if before else 0
        self.finished: int | None = None
        """Position of the message that the pieces became."""

    def gathered(self) -> list[Node]:
        """The pieces in their order."""
        pieces: list[Node] = []
        place: _Place | None = self
        while place is not None and place.piece is not None:
            pieces.append(place.piece)
            place = place.before
        return pieces[::-1]


class Woven(msgspec.Struct, frozen=True):
    """The tree of a conversation."""

    messages: tuple[TreeMessage, ...]
    shown: int | None


def woven(nodes: Mapping[str, Node], shown: object) -> Woven:
    """The tree of these nodes.

    Args:
        nodes: by their id.
        shown: id of the last node that is shown; of any type and content.

    Raises:
        Unreadable: there are too many, they form a circle, or nobody says anything.
    """
    if len(nodes) > MESSAGES_AT_MOST:
        raise Unreadable(f"it has {count(len(nodes), 'message')}, more than any conversation")
    return _Loom(nodes).weave(shown)


class _Loom:
    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self._nodes = nodes
        self._children: dict[str, list[str]] = {}
        self._places: dict[str, _Place] = {}
        self._messages: list[TreeMessage] = []
        self._parts = 0

    def weave(self, shown: object) -> Woven:
        for identity in self._in_order():
            self._places[identity] = place = self._place(identity)
            if self._is_end(identity):
                self._finish(place)
        if len(self._places) < len(self._nodes):
            raise Unreadable("its messages follow one another in a circle")
        if not self._messages:
            raise Unreadable("nobody says anything in it")
        last = self._places.get(shown) if isinstance(shown, str) else None
        end = self._finish(last) if last else None
        return Woven(tuple(self._messages), len(self._messages) - 1 if end is None else end)

    def _is_end(self, identity: str) -> bool:
        """Whether a reply is whole here: replies are numbered in the order they were begun."""
        children = self._children.get(identity)
        return not children or any(self._nodes[each].role == "user" for each in children)

    def _in_order(self) -> list[str]:
        """Oldest first, none before its parent; those of a circle are missing."""
        numbers = {identity: number for number, identity in enumerate(self._nodes)}
        ready: list[tuple[float, int, str]] = []
        for identity, node in self._nodes.items():
            if node.parent is None or node.parent not in self._nodes:
                heapq.heappush(ready, (node.seconds, numbers[identity], identity))
            else:
                self._children.setdefault(node.parent, []).append(identity)
        order: list[str] = []
        while ready:
            seconds, _, identity = heapq.heappop(ready)
            order.append(identity)
            for child in self._children.get(identity, ()):
                since = max(seconds, self._nodes[child].seconds)
                heapq.heappush(ready, (since, numbers[child], child))
        return order

    def _place(self, identity: str) -> _Place:
        node = self._nodes[identity]
        before = _Place(None) if node.parent is None else self._places.get(node.parent)
        before = before or _Place(None)
        if node.role is None or not node.parts:
            return before
        if node.role == "assistant":
            return _Place(before.whole, before, node)
        if node.role == "system" and (before.piece or before.whole is not None):
            return before  # a note of the program to its model, in the midst of the talk
        return _Place(self._add(node, node.parts, self._finish(before)))

    def _finish(self, place: _Place) -> int | None:
        """The position of the message that a place ends with, whole."""
        if place.piece is None or place.finished is not None:
            return place.finished if place.piece else place.whole
        if place.pieces > _PIECES_AT_MOST:
            raise Unreadable(f"a reply of it has more than {count(_PIECES_AT_MOST, 'piece')}")
        pieces = place.gathered()
        parts = joined([part for piece in pieces for part in piece.parts])
        if not parts:
            return place.whole
        model = next((piece.model for piece in reversed(pieces) if piece.model), "")
        whole = msgspec.structs.replace(place.piece, model=model, time=pieces[0].time)
        place.finished = self._add(whole, parts, place.whole)
        return place.finished

    def _add(self, node: Node, parts: tuple[Part, ...], parent: int | None) -> int:
        self._parts += len(parts)
        if self._parts > _PARTS_AT_MOST:
            raise Unreadable("its branches repeat one another too often")
        role = node.role or "assistant"
        is_reply = role == "assistant"
        message = Message(
            role,
            parts,
            node.finish_reason if is_reply else None,
            node.model if is_reply else "",
        )
        self._messages.append(TreeMessage(message, parent, node.time))
        return len(self._messages) - 1


def joined(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts of a reply as localr1 keeps them: one thought, one answer."""
    thoughts = [part for part in parts if isinstance(part, ReasoningPart)]
    texts = [part.text for part in parts if isinstance(part, TextPart)]
    others = [part for part in parts if not isinstance(part, (ReasoningPart, TextPart))]
    thought = "\n\n".join(part.text for part in thoughts if part.text)
    whole: list[Part] = [*others]
    if thought:
        whole.append(
            ReasoningPart(
                thought,
                sum(part.tokens for part in thoughts),
                sum(part.seconds for part in thoughts),
                thoughts[-1].ended_by,
            )
        )
    if texts:
        whole.append(TextPart("\n\n".join(texts)))
    return tuple(whole)
