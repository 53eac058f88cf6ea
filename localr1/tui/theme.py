"""Two quiet themes; every other theme of the command palette works as well."""

from __future__ import annotations

from textual.theme import Theme

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
        "screen-selection-background": "#35506b",
        "screen-selection-foreground": "#f2f4f7",
        "input-selection-background": "#35506b",
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
        "screen-selection-background": "#c4d9ea",
        "screen-selection-foreground": "#14161b",
        "input-selection-background": "#c4d9ea",
        "footer-background": "#fbfaf8",
    },
)
