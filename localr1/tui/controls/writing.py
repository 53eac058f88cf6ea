"""What goes with a question, and words that run actions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from localr1.chat.messages import FilePart
from localr1.errors import Localr1Error
from localr1.tui.actions import CONTROLS, Action
from localr1.tui.composing.attachments import Attachment
from localr1.tui.composing.pasted import Pasted
from localr1.tui.widgets.chips import Chips

if TYPE_CHECKING:
    from localr1.tui.screens.chat import ChatScreen


class Writing:
    """The actions of the scope "writing"."""

    def __init__(self, screen: ChatScreen) -> None:
        self._screen = screen
        enclosures = screen.composer.enclosures
        enclosures.files.counter = self._count
        enclosures.room = lambda: screen.window_room

    def begin(self) -> None:
        """The conversation is shown: its questions can be gone back to."""
        questions = [each.text for each in self._screen.session.messages if each.role == "user"]
        self._screen.composer.sent.start(questions)

    def stream_ended(self) -> None:
        """The model may be free now: what was only estimated can be counted."""
        self._screen.composer.enclosures.files.count_again()

    async def attach(self, path: str = "") -> None:
        """Attach this file, or begin to name one."""
        composer = self._screen.composer
        if path:
            composer.attach(_path(path))
        else:
            composer.begin_mention()

    async def open_paste(self) -> None:
        """Put the last folded paste into the text, to be edited."""
        composer = self._screen.composer
        folded = composer.enclosures.folded
        if folded:
            composer.open_paste(folded[-1])
        else:
            self._screen.say("There is no folded paste.")

    async def detach(self) -> None:
        """Leave all files out."""
        self._screen.composer.enclosures.files.clear()

    def clicked(self, message: Chips.Clicked) -> None:
        """A chip was clicked: open a paste, or remove it or a file."""
        composer, key = self._screen.composer, message.key
        if isinstance(key, Attachment) and message.removes:
            composer.enclosures.files.remove(key)
        elif isinstance(key, Pasted) and message.removes:
            composer.replace_paste(key, "")
        elif isinstance(key, Pasted):
            composer.open_paste(key)
        composer.focus()

    async def run(self, action: Action, argument: str) -> None:
        """Run an action whose word was typed."""
        screen = self._screen
        try:
            if action.scope in CONTROLS:
                await screen.action_control(action.scope, action.name, argument)
            else:
                namespaces = {"app": screen.app, "composer": screen.composer}
                await screen.app.run_action(action.name, namespaces.get(action.scope, screen))
        except Localr1Error as error:
            screen.say_error(error)

    async def _count(self, text: str, files: Sequence[FilePart]) -> int | None:
        if not self._screen.is_idle:
            return None
        return await self._screen.session.count_tokens(text, files)


def _path(typed: str) -> Path:
    """The path that was typed, with or without quotation marks; `~` is the home folder."""
    path = Path(typed.strip("'\""))
    try:
        return path.expanduser()
    except RuntimeError:
        return path  # there is no such person
