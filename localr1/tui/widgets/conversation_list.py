"""The conversations at the left side, grouped by day, the pinned ones first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from localr1.history.store import ConversationSummary
from localr1.tui.actions import LIST_KEYS, single_keys
from localr1.tui.marks import one_line

TITLE_CHARACTERS = 80
"""Of which as many are shown as fit."""


class Group(NamedTuple):
    """Conversations below one heading."""

    heading: str
    summaries: Sequence[ConversationSummary]


def grouped(summaries: Sequence[ConversationSummary], today: date) -> Iterator[Group]:
    """Pinned ones, then those of each day of this week, then by month; in the order given.

    Args:
        summaries: the newest first.
        today: the day here, from which days are counted.
    """
    pinned = [each for each in summaries if each.pinned]
    if pinned:
        yield Group("Pinned", pinned)
    groups: dict[str, list[ConversationSummary]] = {}
    for each in summaries:
        if not each.pinned:
            groups.setdefault(_heading(_day(each.updated_at), today), []).append(each)
    yield from (Group(heading, members) for heading, members in groups.items())


def _day(time: str) -> date | None:
    try:
        return datetime.fromisoformat(time.replace("Z", "+00:00")).astimezone().date()
    except (ValueError, OverflowError):
        return None


def _heading(day: date | None, today: date) -> str:
    if day is None:
        return "No date"
    if day >= today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    if day > today - timedelta(days=7):
        return f"{day:%A}"
    return f"{day:%B %Y}"


class ConversationList(OptionList):
    """One row a conversation; what its keys do is in the table of actions."""

    BINDINGS = single_keys(LIST_KEYS)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, compact=True, markup=False)
        self._summaries: dict[str, ConversationSummary] = {}

    class Opened(Message):
        """A person wants to see this conversation."""

        def __init__(self, identity: str) -> None:
            super().__init__()
            self.identity = identity

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click opens it."""
        event.stop()
        if event.option_id is not None:
            self.post_message(self.Opened(event.option_id))

    @property
    def chosen(self) -> ConversationSummary | None:
        """The conversation under the cursor."""
        option = self.highlighted_option
        return self._summaries.get(option.id or "") if option else None

    def show(self, summaries: Sequence[ConversationSummary], current: str | None) -> None:
        """Show these; the cursor stays where it is, or goes to the current one."""
        before = self.chosen
        self._summaries = {each.id: each for each in summaries}
        self.set_options(self._entries(current))
        at = before.id if before and before.id in self._summaries else current
        self.highlighted = self.get_option_index(at) if at in self._summaries and at else None

    def _entries(self, current: str | None) -> Iterator[Option]:
        today = datetime.now().astimezone().date()
        for heading, members in grouped(list(self._summaries.values()), today):
            yield Option(Content.styled(heading, "$text-muted"), disabled=True)
            for each in members:
                sign = "• " if each.id == current else "  "
                title = one_line(each.title, TITLE_CHARACTERS) or "Without a title"
                yield Option(Content.assemble((sign, "$primary"), title), id=each.id)
        if not self._summaries:
            yield Option(Content("No conversation yet"), disabled=True)
