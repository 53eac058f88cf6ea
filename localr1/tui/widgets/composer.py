"""Where a person writes: Enter sends, a paste of any size is harmless."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.widgets import TextArea

from localr1.terminal_text import clean
from localr1.tui.actions import bindings
from localr1.tui.hints import Hint
from localr1.tui.keymap import keymap_of
from localr1.tui.messages import PasteRefused, Submitted

LIMIT_BYTES = 64 * 1024
"""Text that the composer holds: with more of it every key press is felt (0.1 s at the limit)."""


class Composer(TextArea):
    """A text area that grows with its text, up to a limit set in the style sheet."""

    BINDINGS = bindings("composer")

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, compact=True, highlight_cursor_line=False, show_line_numbers=False)
        self.sends_nothing = False
        """Enter without words says something, too."""
        self._hint: Hint | None = None

    # The keys of these two come before the composer's own, and before keys that still wait in
    # its queue when a person (or a program) types fast: so they take their turn in the queue.

    def action_send(self) -> None:
        """Hand the text over, if there is any."""
        self.call_later(self._send)

    def action_new_line(self) -> None:
        """Break the line at the cursor."""
        self.call_later(self._new_line)

    def _send(self) -> None:
        if (self.text.strip() or self.sends_nothing) and not self.read_only:
            self.post_message(Submitted(self.text.strip("\n")))
            # At once: what is typed from now on belongs to the next message
            self.clear()

    def invite(self, hint: Hint) -> None:
        """Say what can be done here, as long as nothing is written."""
        if hint != self._hint:
            self._hint = hint
            self._show_hint()

    def on_resize(self) -> None:
        """As much of the hint as fits now."""
        self._show_hint()

    def _show_hint(self) -> None:
        width = self.content_size.width
        if self._hint is not None and width:
            self.placeholder = Content(self._hint.text(keymap_of(self), width))

    def show(self, text: str, *, sends_nothing: bool) -> None:
        """Show this text in place of what was there; says whether Enter alone says something."""
        self.text = text
        self.sends_nothing = sends_nothing
        self.move_cursor(self.document.end)

    def put_back(self, text: str) -> None:
        """Show again what could not be sent, before anything written since."""
        self.text = f"{text}\n{self.text}" if self.text else text
        self.move_cursor(self.document.end)

    def _new_line(self) -> None:
        if not self.read_only:
            self._replace_via_keyboard("\n", *self.selection)

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        size_bytes = _size_bytes(event.text)
        if size_bytes + _size_bytes(self.text) > LIMIT_BYTES:
            self.post_message(PasteRefused(size_bytes))
        elif not self.read_only:
            # Terminals send a line end as \r; `clean` would drop it
            text = clean(event.text.replace("\r\n", "\n").replace("\r", "\n"))
            self._replace_via_keyboard(text, *self.selection)
            self.scroll_cursor_visible(animate=False)


def _size_bytes(text: str) -> int:
    return len(text.encode(errors="surrogatepass"))
