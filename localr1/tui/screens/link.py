"""A sheet that shows where a link leads before anything opens it."""

from __future__ import annotations

import asyncio
import webbrowser
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from localr1.tui.links import Place
from localr1.tui.screens.overlay import Overlay

NO_BROWSER = "No browser with a window of its own was found; C copies the address."


class LinkScreen(Overlay[str]):
    """Its result is what was done, in words, or None where the person leaves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", show=False),
        Binding("c", "copy", "Copy", show=False),
    ]

    def __init__(self, place: Place) -> None:
        super().__init__()
        self._place = place

    def compose(self) -> ComposeResult:
        """The whole address on lines of its own, and a remark where there is one."""
        with Vertical(classes="sheet"):
            yield Static(Content("Open this address in the browser?"), markup=False)
            yield Static(Content(self._place.address), id="address", markup=False)
            if self._place.remark:
                yield Static(Content(self._place.remark), id="remark", markup=False)
            yield Static(
                Content("Enter opens it, C copies it, Esc leaves."), classes="closing", markup=False
            )

    async def action_open(self) -> None:
        """Open the address; a browser may take its time, so not here."""
        opened = await asyncio.to_thread(_open, self._place.address)
        self.dismiss("Opened in the browser." if opened else NO_BROWSER)

    def action_copy(self) -> None:
        """Copy the address."""
        self.app.copy_to_clipboard(self._place.address)
        self.dismiss("Copied the address.")


def _open(address: str) -> bool:
    try:
        browser = webbrowser.get()
        return not _takes_the_terminal(browser) and browser.open(address)
    except (webbrowser.Error, OSError):
        return False


def _takes_the_terminal(browser: webbrowser.BaseBrowser) -> bool:
    """Browsers such as lynx would draw over the chat."""
    return type(browser) is webbrowser.GenericBrowser or not getattr(browser, "background", True)
