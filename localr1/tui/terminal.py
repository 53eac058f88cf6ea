"""What the terminal around the interface is told: its title, and that a long reply has ended.

Every text goes through `one_line`: a title is made from a person's or a model's words.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import Literal

from localr1.tui.counter import Clock
from localr1.tui.marks import one_line

LONG_SECONDS = 10.0
"""A reply that took longer is told to a person who is elsewhere."""

TITLE_CHARACTERS = 80

Notify = Literal["auto", "bell", "off"]

_BELL = "\a"
_SAVE_TITLE, _RESTORE_TITLE = "\x1b[22;2t", "\x1b[23;2t"
_END = "\x1b\\"
_WITHOUT_TITLE = ("linux", "dumb", "ansi", "vt100", "vt102", "vt220", "cons25")
_WITHOUT_FOCUS = _WITHOUT_TITLE
"""Consoles, which never say that a person looks elsewhere."""


class Protocol(enum.Enum):
    """How a terminal is asked to show a desktop notification."""

    NONE = ""
    ITERM = "\x1b]9;{text}" + _END
    """OSC 9: iTerm2, WezTerm, Ghostty."""
    URXVT = "\x1b]777;notify;localr1;{text}" + _END
    """OSC 777: rxvt-unicode, foot, Konsole."""
    KITTY = "\x1b]99;;{text}" + _END
    """OSC 99: kitty."""


def protocol_of(environment: Mapping[str, str]) -> Protocol:
    """What the terminal is known to understand; inside tmux or screen that is nothing."""
    term, program = environment.get("TERM", ""), environment.get("TERM_PROGRAM", "")
    if environment.get("TMUX") or environment.get("STY") or term.startswith(("screen", "tmux")):
        return Protocol.NONE
    if term == "xterm-kitty" or environment.get("KITTY_WINDOW_ID"):
        return Protocol.KITTY
    if program in ("iTerm.app", "WezTerm", "ghostty") or term == "xterm-ghostty":
        return Protocol.ITERM
    if term.startswith(("rxvt-unicode", "foot")) or environment.get("KONSOLE_VERSION"):
        return Protocol.URXVT
    return Protocol.NONE


class Surroundings:
    """Sets the title and tells of replies that ended.

    Args:
        write: sends to the terminal; what it sends moves no cursor and shows nothing.
        clock: seconds, monotonic.
        notify: what the settings say.
        environment: says what the terminal understands.
    """

    def __init__(
        self,
        write: Callable[[str], object],
        clock: Clock,
        notify: Notify,
        environment: Mapping[str, str],
    ) -> None:
        self._write = write
        self._clock = clock
        self.notify = notify
        """What the settings say by now."""
        self._protocol = protocol_of(environment)
        term = environment.get("TERM", "")
        self._has_title = bool(term) and term not in _WITHOUT_TITLE
        self._tells_focus = term not in _WITHOUT_FOCUS
        self._shown: tuple[str, bool] = ("", False)
        self._is_saved = False
        self._works_since = 0.0

    def show(self, title: str, *, is_working: bool, is_focused: bool) -> None:
        """The title of the conversation, and whether a reply is being written.

        Args:
            title: of the conversation, as it is stored.
            is_working: a reply is being written.
            is_focused: as far as the terminal tells, the person looks here.
        """
        was_working = self._shown[1]
        if (title, is_working) == self._shown:
            return
        self._shown = (title, is_working)
        self._set_title()
        if is_working and not was_working:
            self._works_since = self._clock()
        elif was_working and not is_working and self._clock() - self._works_since >= LONG_SECONDS:
            self.tell(f"Answered: {one_line(title, TITLE_CHARACTERS)}", is_focused=is_focused)

    def leave(self) -> None:
        """The terminal gets its own title back."""
        if self._is_saved:
            self._is_saved = False
            # An empty title is what terminals without a memory for titles can take back
            self._write(f"\x1b]2;{_END}{_RESTORE_TITLE}")

    def come_back(self) -> None:
        """After the terminal was left: our title again."""
        self._set_title()

    def _set_title(self) -> None:
        if not self._has_title:
            return
        if not self._is_saved:
            self._is_saved = True
            self._write(_SAVE_TITLE)
        title, is_working = self._shown
        sign = "* " if is_working else ""
        self._write(f"\x1b]2;{sign}{one_line(title, TITLE_CHARACTERS) or 'localr1'}{_END}")

    def tell(self, text: str, *, is_focused: bool) -> None:
        """Tell a person who looks elsewhere, as the settings say.

        Args:
            text: a few words.
            is_focused: as far as the terminal tells, the person looks here.
        """
        is_elsewhere = not is_focused or not self._tells_focus
        if self.notify == "off" or not is_elsewhere:
            return
        if self.notify == "auto" and self._protocol is not Protocol.NONE:
            # A semicolon would begin the next field
            told = one_line(text, TITLE_CHARACTERS + 20).replace(";", ",")
            self._write(self._protocol.value.format(text=told))
        else:
            self._write(_BELL)
