"""The line at the bottom: what is happening, with which model, how full, how fast."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget

from localr1.tui.actions import action_named
from localr1.tui.glyphs import ROW_LINE
from localr1.tui.marks import one_line
from localr1.tui.messages import EffortClicked
from localr1.tui.status import GAP, Fact, FactName, Status, fit, fitting_phrases
from localr1.tui.themed import counter_seconds

SLACK_SECONDS = 0.1
"""More than passes between two updates of a reply."""

SAYING_SECONDS = 4.0
"""How long a passing remark stands in place of the facts."""

_OF_THE_WINDOW: tuple[FactName, ...] = ("full", "meter", "context")


class StatusLine(Widget):
    """Shows a `Status`, or for a moment something that was just done."""

    def __init__(self, status: Status, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.status = status
        self._saying = self._hint = ""
        self._timer: Timer | None = None
        self._activity = ""
        self._refreshing: Timer | None = None
        self._due = 0.0
        self._places: dict[FactName, tuple[int, int]] = {}
        """Where facts stand, in cells from the left: the first one and the one after."""

    def show_facts(self) -> None:
        """The facts changed: a new activity is shown at once, mere numbers a little later.

        They go with an update of the rest of the screen where one comes, since each paint has
        its cost.
        """
        now = time.monotonic()
        if self.status.activity != self._activity or now >= self._due:
            self._activity = self.status.activity
            self._refresh()
        elif self._refreshing is None:
            self._refreshing = self.set_timer(self._due - now + SLACK_SECONDS, self._refresh)

    def _refresh(self) -> None:
        if self._refreshing is not None:
            self._refreshing.stop()
        self._refreshing = None
        self._due = time.monotonic() + counter_seconds(self)
        self.refresh()

    def say(self, text: str) -> None:
        """Show a remark for a few seconds."""
        if self._timer is not None:
            self._timer.stop()
        self._saying = one_line(text)
        self._timer = self.set_timer(SAYING_SECONDS, self.fall_silent)
        self._lay_out(cell_len(self._saying) > self.content_size.width)

    def show_hint(self, text: str) -> None:
        """Say which keys do something now, until told otherwise; "" shows the facts again."""
        self._hint = text
        if text:
            self.fall_silent()  # a remark would hide what the next key does
        self.refresh()

    def fall_silent(self) -> None:
        """Show the facts again."""
        self._saying = ""
        self._lay_out(False)

    def _lay_out(self, is_long: bool) -> None:
        """A long remark takes as many lines as it needs; the facts always fit into one."""
        changes = is_long or self.size.height > 1
        self.set_class(is_long, "-long")
        self.refresh(layout=changes)

    def on_click(self, event: events.Click) -> None:
        """What stands there is changed or explained; everywhere else there are all commands."""
        clicked = "" if self._saying or self._hint else self._fact_at(event.x - self.gutter.left)
        if clicked == "effort":
            self.post_message(EffortClicked())
        elif clicked == "fetching":
            self.run_worker(self.app.run_action("screen." + action_named("models").command))
        elif clicked in _OF_THE_WINDOW:
            self.run_worker(self.app.run_action("context"))
        else:
            self.run_worker(self.app.run_action("command_palette"))

    def _fact_at(self, x: int) -> str:
        places = self._places.items()
        return next((name for name, (start, end) in places if start <= x < end), "")

    def render(self) -> Content:
        """The remark, or activity and model on the left and the numbers on the right."""
        if self._saying:
            return Content.assemble((self._saying, "$text-warning"))
        width = self.content_size.width
        if self._hint:
            return Content.assemble((fitting_phrases(self._hint, width), "$primary"))
        left, right = fit(self.status.facts(), width)
        self._places = {}
        begun = self._pieces(left, 0)
        at = width - cell_len(GAP.join(fact.text for fact in right))
        ended = self._pieces(right, at)
        space = " " * (at - sum(cell_len(text) for text, _ in begun))
        return Content.assemble(*begun, space, *ended)

    def _pieces(self, facts: Sequence[Fact], start: int) -> list[tuple[str, str]]:
        """These facts with their styles, from this cell on; where they stand is remembered."""
        pieces = []
        for index, fact in enumerate(facts):
            if index:
                pieces.append((GAP, ""))
                start += len(GAP)
            end = start + cell_len(fact.text)
            self._places[fact.name] = (start, end)
            start = end
            pieces += self._styled(fact)
        return pieces

    def _styled(self, fact: Fact) -> list[tuple[str, str]]:
        if fact.name == "activity":
            return [(fact.text, "$text-error" if self.status.failed else "$text-primary")]
        warns = self.status.is_nearly_full
        if fact.name == "meter":
            full = fact.text.rstrip(ROW_LINE)
            rest = fact.text[len(full) :]
            return [(full, "$text-warning" if warns else "$primary"), (rest, "$rule")]
        return [(fact.text, "$text-warning" if warns and fact.name in _OF_THE_WINDOW else "")]
