"""What both programs of the interface share: themes, signs and how much moves."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

from textual import events
from textual.app import App
from textual.driver import Driver
from textual.filter import LineFilter, Monochrome
from textual.widget import Widget

from localr1 import quick_start
from localr1.tui.attributes import Attributes, QuietAsDim
from localr1.tui.counter import CALM_COUNTER_SECONDS, COUNTER_SECONDS
from localr1.tui.glyphs import InAscii, needs_ascii
from localr1.tui.lasting_output import with_lasting_output
from localr1.tui.theme import DARK, LINED, PLAIN, QUIET_ANSI, THEMES

Result = TypeVar("Result")

SETTLED_SECONDS = 2.0
"""After a start everything is imported and drawn once."""


class ThemedApp(App[Result], Generic[Result]):
    """An app in one of our themes.

    Args:
        theme: its name; another one is our usual one.
        reduced_motion: nothing is animated and no cursor blinks.
        environment: says which signs the terminal has.
    """

    def __init__(
        self,
        theme: str | None = None,
        *,
        reduced_motion: bool = False,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        super().__init__()
        self._usual_animation = self.animation_level
        self.reduce_motion(reduced_motion)
        self._ascii = InAscii() if needs_ascii(environment) else None
        self._dim, self._attributes = QuietAsDim(), Attributes()
        for each in THEMES:
            self.register_theme(each)
        self.theme = theme if theme in self.available_themes else DARK.name
        # Known before the style sheet is parsed, they need not be put in afterwards
        self.stylesheet.set_variables(self.get_css_variables())

    def refresh_css(self, animate: bool = True) -> None:
        """Apply the style sheet again; parsing all of it is left out where no colour changed.

        Textual begins with that for the theme, which doubles what the style sheet costs a start.
        """
        if self.stylesheet._variables != self.get_css_variables():
            super().refresh_css(animate)
        else:
            self.stylesheet.update(self, animate)

    def on_mount(self) -> None:
        """The start ends when all of the screen stands."""
        self.set_timer(SETTLED_SECONDS, quick_start.end)

    def get_driver_class(self) -> type[Driver]:
        """Textual's for this platform, for a terminal that may go away."""
        return with_lasting_output(super().get_driver_class())

    def reduce_motion(self, is_reduced: bool) -> None:
        """Whether little should move; the usual is what TEXTUAL_ANIMATIONS says."""
        self.animation_level = "none" if is_reduced else self._usual_animation

    def watch_theme(self, name: str) -> None:
        """Lines where the theme has one background only."""
        self.set_class(name in LINED, "-lined")

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """What Textual's own themes do not say."""
        return {"rule": QUIET_ANSI if self.current_theme.ansi else "#808080"}

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's, then what the theme and the terminal need."""
        # The choice of a theme goes before NO_COLOR, which chose the first one
        filters = [each for each in super().get_line_filters() if not isinstance(each, Monochrome)]
        if self.theme == PLAIN.name:
            filters.append(self._attributes)
        elif self.current_theme.ansi:
            filters.append(self._dim)
        return [*filters, self._ascii] if self._ascii else filters

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """No cursor blinks where nothing should move."""
        if self.animation_level == "none" and hasattr(event.widget, "cursor_blink"):
            event.widget.cursor_blink = False


def read_css(app: App[Any], *names: str) -> None:
    """Read more style sheets of this folder; parsing all at the start is a tenth of it."""
    for name in names:
        app.stylesheet.read(Path(__file__).parent / name)
    app.stylesheet.update(app)  # something may have been opened meanwhile


def counter_seconds(widget: Widget) -> float:
    """Between two updates of a counter in this widget."""
    is_calm = widget.is_attached and widget.app.animation_level == "none"
    return CALM_COUNTER_SECONDS if is_calm else COUNTER_SECONDS
