"""The least that Textual starts with: a text area that invites to type, and nothing of localr1."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import TextArea


class BareApp(App[None]):
    """What every Textual program pays."""

    def compose(self) -> ComposeResult:
        """An empty text area."""
        yield TextArea(placeholder="Ask something")


if __name__ == "__main__":
    BareApp().run()
