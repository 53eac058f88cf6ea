"""An app whose clipboard is the terminal's and, where there is one, the system's."""

from __future__ import annotations

import functools

from localr1.tui.clipboard import SystemClipboard
from localr1.tui.themed import ThemedApp


class CopyingApp(ThemedApp[None]):
    """Whatever is copied, by whichever widget, goes to both."""

    @functools.cached_property
    def system_clipboard(self) -> SystemClipboard:
        """Looked for with the first copy: that reads the folders of programs."""
        return SystemClipboard()

    def copy_to_clipboard(self, text: str) -> None:
        """Copy text: to the terminal at once, to the system on a thread."""
        super().copy_to_clipboard(text)
        system = self.system_clipboard
        if system.is_there:
            put = functools.partial(system.put, text, system.announce())
            self.run_worker(put, group="clipboard", thread=True, exit_on_error=False)
