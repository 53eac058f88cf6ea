"""Every setting in a form: found by typing, changed in place, saved at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click, Key, Resize
from textual.widgets import Input, Static

from localr1 import paths
from localr1.errors import Localr1Error
from localr1.session.change_setting import change_setting
from localr1.session.setting_effects import effect
from localr1.session.setting_list import AUTOMATIC, GROUPS, ListedSetting, list_settings
from localr1.settings import RULES, Settings, expected_values, fault, typed
from localr1.tui.marks import one_line
from localr1.tui.screens.sheet import Sheet, SheetBody
from localr1.tui.widgets.setting_line import SettingField, SettingLine

if TYPE_CHECKING:
    from localr1.session import ChatSession

_MAY_BE_EMPTY = ("closing_sentence",)
"""Texts whose emptiness says something; all others that are left empty are automatic."""


class _Form(SheetBody, can_focus=True, inherit_bindings=False):
    """The lines; what is typed here is looked for."""

    def on_focus(self) -> None:
        """What is typed next is another search."""
        assert isinstance(self.screen, SettingsScreen)
        self.screen.next_search_is_new = True

    def on_key(self, event: Key) -> None:
        """Hand on what is typed."""
        if event.is_printable and event.character:
            event.stop()
            event.prevent_default()
            assert isinstance(self.screen, SettingsScreen)
            self.screen.typed_in_form(event.character)


class SettingsScreen(Sheet):
    """A sheet over the chat.

    Args:
        session: follows what is changed.
        load_again: loads the model anew; answers why not, where it cannot be now.
        follow: is told of settings that hold at once.
        themes: that can be chosen.
    """

    AUTO_FOCUS = "#sheet-body"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "change", "Change", show=False),
        Binding("delete,ctrl+d", "automatic", "Back to automatic", show=False),
        Binding("ctrl+u", "clear_search", "Show all", show=False),
        Binding("ctrl+r", "load_again", "Load the model again", show=False, priority=True),
    ]
    heading = "Settings"
    placeholder = "Type to search, as window or temperature"
    hint = "Enter changes   Del: back to automatic   Esc closes"

    def __init__(
        self,
        session: ChatSession,
        load_again: Callable[[], str],
        follow: Callable[[Settings], None],
        themes: list[str],
    ) -> None:
        super().__init__()
        self.body = _Form(id="sheet-body")
        self._session = session
        self._load_again = load_again
        self._follow = follow
        self._themes = themes
        self._file = paths.settings_file()
        self._lines = [SettingLine(setting) for setting in self._settings()]
        self._headings = {
            group: Static(Content.styled(group, "bold"), classes="setting-group", markup=False)
            for group in GROUPS
        }
        self._current = self._lines[0]
        self._field: SettingField | None = None
        self._saving = asyncio.Lock()
        self._searched = ""
        self.next_search_is_new = True
        """The next character typed in the form begins a search; else it goes on with one."""
        self._for_load: list[str] = []
        """Changed since the model was loaded, and in need of that."""

    def _settings(self) -> Iterator[ListedSetting]:
        session = self._session
        return list_settings(session.settings, session.limit, session.plan, session.sampling)

    def content(self) -> ComposeResult:
        """A heading and the lines of each group."""
        for group, heading in self._headings.items():
            yield heading
            yield from (line for line in self._lines if line.setting.group == group)

    def on_mount(self) -> None:
        """The first line is the current one."""
        self._select(self._current)

    def on_resize(self, event: Resize) -> None:
        """Values stand in a column where there is room for one."""
        super().on_resize(event)
        self._show_values()

    # ---- searching and moving --------------------------------------------------------------

    def typed_in_form(self, character: str) -> None:
        """It belongs to the field that has just been opened, or else to the search.

        Who types fast is ahead of the focus.
        """
        if self._field is not None:
            self._field.type(character)
            return
        if self.next_search_is_new:
            self.next_search_is_new = False
            self.search.clear()
        self.search.focus()
        if character != "/":  # which only leads there
            self.search.insert_text_at_cursor(character)

    def action_clear_search(self) -> None:
        """Show all settings again."""
        self.search.clear()

    def searched(self, words: str) -> None:
        """Show the settings with these words."""
        if words == self._searched:
            return
        self._searched = words
        self._end_field()
        for line in self._lines:
            line.display = line.setting.holds(words)
        for group, heading in self._headings.items():
            heading.display = any(line.setting.group == group for line in self._shown())
        shown = list(self._shown())
        self.say("" if shown else "No setting has these words.")
        if shown and self._current not in shown:
            self._select(shown[0])

    def _shown(self) -> Iterator[SettingLine]:
        return (line for line in self._lines if line.display)

    def _select(self, line: SettingLine) -> None:
        self._current.remove_class("-current")
        self._current = line
        line.add_class("-current")
        self.body.scroll_to_widget(line, animate=False)

    def action_scroll_sheet(self, rows: int) -> None:
        """The next line, or the one before."""
        self._move(rows)

    def action_scroll_pages(self, pages: int) -> None:
        """Some lines further."""
        self._move(pages * max(1, self.body.size.height // 3))

    def action_scroll_first(self) -> None:
        """The first line."""
        self._move(-len(self._lines))

    def action_scroll_last(self) -> None:
        """The last line."""
        self._move(len(self._lines))

    def _move(self, lines: int) -> None:
        shown = list(self._shown())
        if self._field is None and shown:
            position = shown.index(self._current) + lines
            self._select(shown[max(0, min(position, len(shown) - 1))])
            self.body.focus()

    # ---- changing --------------------------------------------------------------------------

    def on_setting_line_clicked(self, message: SettingLine.Clicked) -> None:
        """Choose a line; a click on the chosen one changes it."""
        if message.line is self._current and self._field is None:
            self.action_change()
        else:
            self._end_field()
            self._select(message.line)
            self.body.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the search changes the line that it led to."""
        event.stop()
        self.action_change()

    def action_change(self) -> None:
        """Change the current setting: at once if it has two values, else in a field."""
        if self._field is not None:
            self._field.give()
            return
        self.searched(self.search.value)  # of which the message may still be on its way
        if not self._current.display:
            return
        name = self._current.setting.name
        rule, value = RULES[name], getattr(self._session.settings, name)
        if rule.kind is bool:
            self.body.focus()
            self._give(name, not value)
            return
        choices = self._themes if name == "theme" else list(rule.choices)
        text = "" if value is None else str(value)
        if choices:
            choices = [AUTOMATIC, *choices]
            text = text or AUTOMATIC
        self._field = SettingField(name, one_line(text, 4_096), expected_values(rule), choices)
        self.body.mount(self._field, after=self._current)
        empty = "" if choices else "   empty means automatic"
        self.say(f"Enter saves   Esc leaves it as it was{empty}")

    def on_setting_field_given(self, message: SettingField.Given) -> None:
        """Save it, if it can be used."""
        name, text = message.field.setting_name, message.text
        rule = RULES[name]
        if text == AUTOMATIC or (not text.strip() and name not in _MAY_BE_EMPTY):
            self._give(name, None)
            return
        value = typed(rule, text)
        wrong = fault(rule, value)
        if wrong:
            message.field.complain(f"It must be {wrong}.")
        else:
            self._give(name, value)

    def action_automatic(self) -> None:
        """Leave the current setting to localr1 again."""
        self.searched(self.search.value)
        if self._field is None and self._current.display:
            self._give(self._current.setting.name, None)

    def _give(self, name: str, value: object) -> None:
        self.run_worker(self._save(name, value), exclusive=False)

    async def _save(self, name: str, value: object) -> None:
        try:
            async with self._saving:
                sentence = await change_setting(self._session, self._file, name, value)
        except Localr1Error as error:
            words = f"{error.message}. {error.hint}" if error.hint else f"{error.message}."
            if self._field is not None:
                self._field.complain(words)
            else:
                self.say(one_line(words))
            return
        if effect(name) == "next load" and name not in self._for_load:
            self._for_load.append(name)
        self._follow(self._session.settings)
        self._end_field()
        self._show_values()
        self.say(f"{name}: {sentence}")

    def _show_values(self) -> None:
        for line, setting in zip(self._lines, self._settings(), strict=True):
            line.show(setting, is_narrow=self.is_narrow)

    def _end_field(self) -> None:
        if self._field is not None:
            self._field.remove()
            self._field = None
            self.body.focus()
            self.say("")

    def action_leave(self) -> None:
        """Leave the field, or else the sheet."""
        if self._field is not None:
            self._end_field()
        else:
            super().action_leave()

    # ---- loading again ---------------------------------------------------------------------

    def say(self, text: str) -> None:
        """Say it in the last line, and what still waits for a load."""
        waits = ""
        if self._for_load:
            waits = f"\nCtrl+R loads the model again now, with {', '.join(self._for_load)}."
        super().say((text or self.hint) + waits)

    def action_load_again(self) -> None:
        """Load the model with what was changed."""
        problem = self._load_again()
        if problem:
            self.say(problem)
        else:
            self._for_load.clear()
            self.dismiss()

    def on_click(self, event: Click) -> None:
        """A click on the offer takes it."""
        if event.widget is self.closing and self._for_load:
            self.action_load_again()
        else:
            super().on_click(event)
