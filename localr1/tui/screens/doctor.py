"""What `localr1 doctor` says, of the model that is loaded, over the chat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localr1.errors import Localr1Error
from localr1.terminal_text import clean
from localr1.tui.entries import GAP, Entry, Kind, matching
from localr1.tui.marks import one_line
from localr1.tui.screens.sheet import TextSheet
from localr1.tui.widgets.entries_view import EntriesView

if TYPE_CHECKING:
    from localr1.advice.report_rows import ReportRow
    from localr1.session import ChatSession

LOOKING = Entry("Looking at the computer and asking the engine…", kind="quiet")

_LABEL_CELLS = 19

_KINDS: dict[str, Kind] = {"problem": "problem", "command": "command", "verdict": "quiet"}


class DoctorScreen(TextSheet):
    """The report: read while it is open, in the background.

    Args:
        session: whose model and plan are told of.
    """

    heading = "Doctor"
    placeholder = "Type to search, as memory or n_ctx"

    def __init__(self, session: ChatSession) -> None:
        self._view = EntriesView(id="sheet-text")
        super().__init__(self._view)
        self._session = session
        self._entries: list[Entry] = [LOOKING]

    @property
    def copied(self) -> str:
        """The rows that are shown."""
        return self._view.text

    def on_mount(self) -> None:
        """Show that something is done, and do it."""
        self._view.show(self._entries)
        self.run_worker(self._examine())

    async def _examine(self) -> None:
        # What probes a computer is imported when it is first asked for
        from localr1.advice import doctor
        from localr1.advice.report_rows import report_rows

        model, plan = self._session.model, self._session.plan
        loaded = doctor.Loaded(model, plan) if model and plan else None
        try:
            report = await doctor.examine(self._session.settings, loaded=loaded)
        except Localr1Error as error:
            self._entries = [Entry(one_line(error.message), kind="problem")]
        else:
            self._entries = [_entry(row) for row in report_rows(report)]
        self.searched(self.search.value)

    def searched(self, words: str) -> None:
        """Show the rows with these words."""
        found = matching(self._entries, words)
        self._view.show(found or [Entry("Nothing has these words.", kind="quiet")], _LABEL_CELLS)


def _entry(row: ReportRow) -> Entry:
    if row.kind == "gap":
        return GAP
    if row.kind == "verdict":
        return Entry(row.text, kind="quiet")
    text = ": ".join(part for part in (row.value, row.text) if part)
    label = f"  {row.name}" if row.kind == "choice" else row.name
    # A command is copied into a shell: it must not be cut
    shown = clean(text) if row.kind == "command" else one_line(text)
    return Entry(shown, label or " ", _KINDS.get(row.kind, "entry"))
