"""The themes of localr1, from quiet to without any colour, and which of them is meant.

Every theme gives what the style sheet uses: `$text-muted` for quiet words, `$text-disabled` for
the quietest ones, `$rule` for lines and marks that are no words. Contrast is checked by a test:
4.5 to 1 for words and 3 to 1 for marks, 7 to 1 for words of the high-contrast themes.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from textual.theme import BUILTIN_THEMES, Theme

from localr1.errors import UsageError
from localr1.terminal_text import clean_line

DARK = Theme(
    name="localr1-dark",
    dark=True,
    primary="#8ab4d8",
    secondary="#a99fd6",
    accent="#d9b779",
    foreground="#d6d9df",
    background="#14161b",
    surface="#1b1e25",
    panel="#262a33",
    success="#93bf8f",
    warning="#d9b779",
    error="#e08283",
    variables={
        "text-muted": "#989da8",
        "text-disabled": "#8b909b",
        "rule": "#666c78",
        "screen-selection-background": "#35506b",
        "screen-selection-foreground": "#f2f4f7",
        "input-selection-background": "#35506b",
        "block-cursor-blurred-background": "#22303e",
        "block-cursor-blurred-foreground": "#d6d9df",
        "footer-background": "#14161b",
    },
)

LIGHT = Theme(
    name="localr1-light",
    dark=False,
    primary="#2b6390",
    secondary="#6651a5",
    accent="#8a6116",
    foreground="#2a2d34",
    background="#fbfaf8",
    surface="#f2f0ec",
    panel="#e6e3dc",
    success="#3c7a45",
    warning="#8a6116",
    error="#b03a3f",
    variables={
        "text-muted": "#5f636c",
        "text-disabled": "#676b74",
        "rule": "#868a92",
        "screen-selection-background": "#c4d9ea",
        "screen-selection-foreground": "#14161b",
        "input-selection-background": "#c4d9ea",
        "block-cursor-blurred-background": "#e4edf4",
        "block-cursor-blurred-foreground": "#2a2d34",
        "footer-background": "#fbfaf8",
    },
)

CONTRAST_DARK = Theme(
    name="localr1-contrast-dark",
    dark=True,
    primary="#9adcff",
    secondary="#dcc2ff",
    accent="#ffe27a",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#303030",
    success="#a4f5b4",
    warning="#ffe27a",
    error="#ffb3b3",
    variables={
        "text-muted": "#d8d8d8",
        "text-disabled": "#c4c4c4",
        "rule": "#b0b0b0",
        "screen-selection-background": "#ffffff",
        "screen-selection-foreground": "#000000",
        "input-selection-background": "#ffffff",
        "input-selection-foreground": "#000000",
        "block-cursor-background": "#ffffff",
        "block-cursor-foreground": "#000000",
        "block-cursor-blurred-background": "#303030",
        "block-cursor-blurred-foreground": "#ffffff",
        "footer-background": "#000000",
    },
)

CONTRAST_LIGHT = Theme(
    name="localr1-contrast-light",
    dark=False,
    primary="#00396b",
    secondary="#471a86",
    accent="#573a00",
    foreground="#000000",
    background="#ffffff",
    surface="#ffffff",
    panel="#d8d8d8",
    success="#00430e",
    warning="#573a00",
    error="#8a0010",
    variables={
        "text-muted": "#2e2e2e",
        "text-disabled": "#404040",
        "rule": "#505050",
        "screen-selection-background": "#000000",
        "screen-selection-foreground": "#ffffff",
        "input-selection-background": "#000000",
        "input-selection-foreground": "#ffffff",
        "block-cursor-background": "#000000",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-blurred-background": "#d8d8d8",
        "block-cursor-blurred-foreground": "#000000",
        "footer-background": "#ffffff",
    },
)

_DEFAULT = "ansi_default"
QUIET_ANSI = "ansi_bright_black"
"""Drawn as dim text of the usual colour: some palettes have their background here."""

_ANSI_VARIABLES = {
    "ansi-background": _DEFAULT,
    "ansi-foreground": _DEFAULT,
    "text-muted": QUIET_ANSI,
    "text-disabled": QUIET_ANSI,
    "foreground-disabled": QUIET_ANSI,
    "rule": QUIET_ANSI,
    "border": QUIET_ANSI,
    "border-blurred": QUIET_ANSI,
    "block-cursor-text-style": "bold reverse",
    "block-cursor-background": _DEFAULT,
    "block-cursor-blurred-background": "ansi_cyan",
    "block-cursor-blurred-foreground": "ansi_black",
    "block-hover-background": _DEFAULT,
    "input-cursor-background": _DEFAULT,
    "input-cursor-foreground": _DEFAULT,
    "input-selection-background": "ansi_cyan",
    "input-selection-foreground": "ansi_black",
    "screen-selection-background": "ansi_cyan",
    "screen-selection-foreground": "ansi_black",
    "scrollbar": "ansi_cyan",
    "scrollbar-hover": "ansi_cyan",
    "scrollbar-active": "ansi_cyan",
    "scrollbar-background": _DEFAULT,
    "scrollbar-background-hover": _DEFAULT,
    "scrollbar-background-active": _DEFAULT,
    "button-focus-text-style": "bold reverse",
    "footer-key-foreground": "ansi_cyan",
}


def _of_the_terminal(name: str) -> Theme:
    return Theme(
        name=name,
        ansi=True,
        primary="ansi_cyan",
        secondary="ansi_magenta",
        accent="ansi_green",
        foreground=_DEFAULT,
        background=_DEFAULT,
        surface=_DEFAULT,
        panel=_DEFAULT,
        warning="ansi_yellow",
        error="ansi_red",
        success="ansi_green",
        variables=_ANSI_VARIABLES,
    )


TERMINAL = _of_the_terminal("terminal")
"""The 16 colours that the terminal itself is set to."""

PLAIN = _of_the_terminal("plain")
"""No colour at all; what the 16 colours mean is drawn as bold, dim or reversed."""

THEMES = (DARK, LIGHT, CONTRAST_DARK, CONTRAST_LIGHT, TERMINAL, PLAIN)
"""In the order in which a key goes through them."""

LINED = {theme.name for theme in (CONTRAST_DARK, CONTRAST_LIGHT, TERMINAL, PLAIN)}
"""Themes in which lines stand for what others show by a second background."""

_SHORT_NAMES = {
    "dark": DARK.name,
    "light": LIGHT.name,
    "contrast-dark": CONTRAST_DARK.name,
    "contrast-light": CONTRAST_LIGHT.name,
    "none": PLAIN.name,
    "ansi": TERMINAL.name,
}
_FEW_COLOURS = ("linux", "ansi", "vt100", "vt102", "vt220", "cons25", "cygwin")
"""Terminals (by TERM) of at most 16 colours, which the other themes would be forced into."""


def theme_name(chosen: str | None, environment: Mapping[str, str], *, insists: bool = False) -> str:
    """The theme to begin with.

    Args:
        chosen: by the person; None leaves it to localr1.
        environment: of the process; NO_COLOR goes before a choice, TERM after it.
        insists: the choice was made for this run.

    Raises:
        UsageError: there is no theme of this name.
    """
    name = _found(chosen) if chosen else None
    if environment.get("NO_COLOR") and not (insists and name):
        return PLAIN.name
    if name:
        return name
    return TERMINAL.name if environment.get("TERM", "") in _FEW_COLOURS else DARK.name


def next_theme(name: str) -> str:
    """The one of ours that comes after this one."""
    names = [theme.name for theme in THEMES]
    return names[(names.index(name) + 1) % len(names)] if name in names else names[0]


def _found(chosen: str) -> str:
    name = _SHORT_NAMES.get(chosen.strip().lower(), chosen.strip().lower())
    known = [*(theme.name for theme in THEMES), *_SHORT_NAMES, *BUILTIN_THEMES]
    if name in known:
        return name
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    ours = ", ".join(theme.name for theme in THEMES)
    raise UsageError(
        f"there is no theme {clean_line(chosen, 60)}",
        f"did you mean {near[0]}?" if near else f"there are: {ours}",
    )
