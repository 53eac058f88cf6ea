"""The line at the bottom: what is happening, with which model, how full, how fast."""

from __future__ import annotations

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget

from localr1.tui.marks import one_line
from localr1.tui.messages import EffortClicked
from localr1.tui.status import GAP, Status, fit, fitting_phrases
from localr1.tui.themed import counter_seconds

SAYING_SECONDS = 4.0
"""How long a passing remark stands in place of the facts."""


class StatusLine(Widget):
    """Shows a `Status`, or for a moment something that was just done."""

    def __init__(self, status: Status, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.status = status
        self._saying = self._hint = ""
        self._timer: Timer | None = None
        self._activity = ""
        self._refreshing: Timer | None = None
        self._effort_at = (0, 0)
        """Where the effort stands, in cells."""

    def show_facts(self) -> None:
        """The facts changed: a new activity is shown at once, mere numbers a little later."""
        if self.status.activity != self._activity:
            self._activity = self.status.activity
            self.refresh()
        elif self._refreshing is None:
            self._refreshing = self.set_timer(counter_seconds(self), self._refresh)

    def _refresh(self) -> None:
        self._refreshing = None
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
        """The effort is changed where it stands; everywhere else there are all commands."""
        first, after = self._effort_at
        if not self._saying and first <= event.x - self.gutter.left < after:
            self.post_message(EffortClicked())
        else:
            self.run_worker(self.app.run_action("command_palette"))

    def render(self) -> Content:
        """The remark, or activity and model on the left and the numbers on the right."""
        if self._saying:
            return Content.assemble((self._saying, "$text-warning"))
        if self._hint:
            return Content.assemble(
                (fitting_phrases(self._hint, self.content_size.width), "$primary")
            )
        status = self.status
        facts = [status.activity, status.effort, status.model, status.quant_type, status.split]
        width = self.content_size.width
        left, right = fit(facts, status.right_side(), width)
        activity, *model = left or [""]
        start = cell_len(activity) + len(GAP)
        has_effort = bool(status.effort) and model[:1] == [status.effort]
        self._effort_at = (start, start + cell_len(status.effort)) if has_effort else (0, 0)
        space = width - cell_len(GAP.join([*left, *right]))
        style = "$text-error" if status.failed else "$text-primary"
        rest = GAP.join(["", *model]) + " " * space + GAP.join(["", *right] if right else [])
        return Content.assemble((activity, style), rest)
