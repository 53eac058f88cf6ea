"""A sheet over the chat: a heading, a line to type what is looked for, content, and its keys."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.events import Click, Resize
from textual.widget import Widget
from textual.widgets import Input, Static

from localr1.tui.screens.overlay import Overlay
from localr1.tui.widgets.line_input import LineInput
from localr1.tui.widgets.line_view import LineView

NARROW = 64
"""Cells of a terminal in which a sheet takes all of the screen."""


class SheetBody(VerticalScroll, can_focus=False):
    """What scrolls under the heading."""


class Sheet(Overlay[None]):
    """Closed with Esc, or by a click beside it; the chat goes on below."""

    AUTO_FOCUS = "#search"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll_sheet(-1)", "Up", show=False),
        Binding("down", "scroll_sheet(1)", "Down", show=False),
        Binding("pageup", "scroll_pages(-1)", "Page up", show=False),
        Binding("pagedown", "scroll_pages(1)", "Page down", show=False),
        Binding("ctrl+home", "scroll_first", "To the beginning", show=False, priority=True),
        Binding("ctrl+end", "scroll_last", "To the end", show=False, priority=True),
    ]
    heading = ""
    placeholder = "Type to search"
    hint = "Esc closes, the arrow keys scroll."

    def __init__(self) -> None:
        super().__init__()
        self.is_narrow = False
        self.search = LineInput(placeholder=self.placeholder, id="search")
        self.body = SheetBody(id="sheet-body")
        self.closing = Static(Content(self.hint), id="closing", markup=False)

    def compose(self) -> ComposeResult:
        """Heading, search, body, keys."""
        with Widget(id="sheet"):
            yield Static(Content.styled(self.heading, "bold"), id="sheet-heading", markup=False)
            yield self.search
            with self.body:
                yield from self.content()
            yield self.closing

    def content(self) -> ComposeResult:
        """What is in the body."""
        raise NotImplementedError

    def searched(self, words: str) -> None:
        """Show what holds these words; all, where there are none."""
        raise NotImplementedError

    def on_resize(self, event: Resize) -> None:
        """Leave no margins where there is no room for them."""
        self.is_narrow = event.size.width < NARROW
        self.query_one("#sheet").set_class(self.is_narrow, "-narrow")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Look for what was typed."""
        if event.input is self.search:
            event.stop()
            self.searched(event.value)

    def on_click(self, event: Click) -> None:
        """Close where the click was beside the sheet."""
        if event.widget is self:
            self.action_leave()

    def say(self, text: str) -> None:
        """Say something in the last line."""
        self.closing.update(Content(text or self.hint))

    # ---- actions ---------------------------------------------------------------------------

    def action_scroll_sheet(self, rows: int) -> None:
        """Scroll by rows."""
        self.body.scroll_relative(y=rows, animate=False)

    def action_scroll_pages(self, pages: int) -> None:
        """Scroll by pages."""
        self.body.scroll_relative(y=pages * max(1, self.body.size.height - 1), animate=False)

    def action_scroll_first(self) -> None:
        """To the beginning."""
        self.body.scroll_home(animate=False)

    def action_scroll_last(self) -> None:
        """To the end."""
        self.body.scroll_end(animate=False)


class TextSheet(Sheet):
    """A sheet of words in one view, which are copied as a whole with a key."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+o", "copy_all", "Copy all", show=False),
    ]
    hint = "Esc closes   Ctrl+O copies all   the arrow keys scroll"

    def __init__(self, view: LineView) -> None:
        super().__init__()
        self.view = view

    def content(self) -> ComposeResult:
        """The view alone."""
        yield self.view

    @property
    def copied(self) -> str:
        """What is copied with the key: all that is shown."""
        raise NotImplementedError

    def action_copy_all(self) -> None:
        """Put what is shown on the clipboard."""
        self.app.copy_to_clipboard(self.copied)
        self.say("Copied.")
