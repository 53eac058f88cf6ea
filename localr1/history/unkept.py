"""A conversation that is nowhere on disk: the same branches, gone with the program."""

from __future__ import annotations

from localr1.chat.effort import Asked
from localr1.chat.messages import Message
from localr1.history.tree import ROOT, Tree


class UnkeptConversation:
    """What `history.Conversation` offers for its messages, in memory."""

    id = None
    read_only = False

    def __init__(self) -> None:
        self.title = self.draft = self.model = ""
        self.limit: Asked | None = None
        self.messages: list[Message] = []
        """From the first message to the last one shown; indexes are into this."""
        self._tree = Tree()
        self._all: dict[int, Message] = {}
        self._places: list[int] = []

    def add(self, message: Message) -> int:
        """Append a message; returns its index."""
        place = self._tree.add(self._places[-1] if self._places else ROOT)
        self._all[place] = message
        self._places.append(place)
        self.messages.append(message)
        return len(self.messages) - 1

    def replace(self, index: int, message: Message) -> None:
        """Put a message in the place of another."""
        self.messages[index] = self._all[self._places[index]] = message

    def rewind(self, index: int) -> None:
        """Cut `messages` before `index`: the next `add` becomes a sibling of the message there."""
        del self.messages[index:], self._places[index:]

    def branches(self, index: int) -> tuple[int, int]:
        """Which of its siblings a message is, from 0; how many there are."""
        siblings = self._tree.siblings(self._places[index])
        return siblings.index(self._places[index]), len(siblings)

    def siblings(self, index: int) -> list[Message]:
        """The message and its alternatives, in the order of creation."""
        return [self._all[place] for place in self._tree.siblings(self._places[index])]

    def choose(self, index: int, number: int) -> None:
        """Show a sibling of a message instead, and below it the path of its newest message."""
        place = self._tree.siblings(self._places[index])[number]
        if place == self._places[index]:
            return
        self._places = self._tree.path(self._tree.newest_below(place))
        self.messages[:] = [self._all[each] for each in self._places]

    def reveal(self, position: int) -> int | None:  # noqa: ARG002 - no search finds it
        """None: no search finds what is not kept."""
        return None

    def rename(self, title: str) -> None:
        """Give it a title."""
        self.title = title

    def set_limit(self, limit: Asked | None) -> None:
        """Limit the reasoning of its replies."""
        self.limit = limit

    def set_draft(self, text: str) -> None:
        """Keep what was typed and not sent."""
        self.draft = text

    def close(self) -> None:
        """Nothing is held."""
