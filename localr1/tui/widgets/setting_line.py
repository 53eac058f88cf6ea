"""One setting in a form, and the field in which its value is changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from localr1.session.setting_list import ListedSetting
from localr1.tui.marks import one_line
from localr1.tui.widgets.line_input import LineInput

_NAME_CELLS = 20


class SettingLine(Static):
    """Name, value and origin, and below them the sentence."""

    @dataclass
    class Clicked(Message):
        """A person clicked on the line."""

        line: SettingLine

    def __init__(self, setting: ListedSetting) -> None:
        super().__init__(_content(setting, _NAME_CELLS), classes="setting", markup=False)
        self.setting = setting
        self._name_cells = _NAME_CELLS

    def show(self, setting: ListedSetting, *, is_narrow: bool) -> None:
        """Show it as it is now; where it is narrow, values stand in no column."""
        name_cells = len(setting.name) + 2 if is_narrow else _NAME_CELLS
        if (setting, name_cells) != (self.setting, self._name_cells):
            self.setting, self._name_cells = setting, name_cells
            self.update(_content(setting, name_cells))

    def on_click(self, event: Click) -> None:
        """Tell the form."""
        event.stop()
        self.post_message(self.Clicked(self))


def _content(setting: ListedSetting, name_cells: int) -> Content:
    is_quiet = not setting.origin
    value = one_line(setting.value, 200)
    became = f", now {setting.became}" if setting.became else ""
    origin = f"   {setting.origin}" if setting.origin else ""
    return Content.assemble(
        (f"{setting.name:<{name_cells}}", "$text-primary"),
        (value or '""', "$text-muted" if is_quiet else "bold"),
        (became, "$text-muted"),
        (origin, "$text-accent"),
        ("\n" + setting.sentence, "$text-muted"),
    )


class SettingField(Vertical):
    """A line to type into, or a list of choices, below the setting that it changes.

    Args:
        name: of the setting.
        value: in the line, or the choice that is marked.
        expected: what can be typed.
        choices: what can be chosen instead of typing.
    """

    @dataclass
    class Given(Message):
        """A person gave this text."""

        field: SettingField
        text: str

    def __init__(self, name: str, value: str, expected: str, choices: Sequence[str] = ()) -> None:
        super().__init__(classes="setting-field")
        self.setting_name = name
        self._value = value
        self._choices = choices
        self._control: LineInput | OptionList = (
            OptionList(*(Option(Content(one_line(each))) for each in choices))
            if choices
            else LineInput(value, expected)
        )
        self._message = Static(Content(""), classes="setting-fault", markup=False)
        self._message.display = False

    def compose(self) -> ComposeResult:
        """The control, and room for what is wrong."""
        yield self._control
        yield self._message

    def on_mount(self) -> None:
        """Ready to type or to choose."""
        self._control.focus()
        if isinstance(self._control, OptionList) and self._value in self._choices:
            self._control.highlighted = self._choices.index(self._value)
        self.call_after_refresh(self.scroll_visible, animate=False)

    def type(self, character: str) -> None:
        """Take a character that was typed before the field had the focus."""
        if isinstance(self._control, LineInput):
            self._control.insert_text_at_cursor(character)

    def give(self) -> None:
        """Hand over what is in the line, if it is one."""
        if isinstance(self._control, LineInput):
            self.post_message(self.Given(self, self._control.value))

    def complain(self, text: str) -> None:
        """Say what is wrong with what was given."""
        self._message.update(Content(one_line(text)))
        self._message.display = True

    def on_input_changed(self, event: Input.Changed) -> None:
        """It is not looked for."""
        event.stop()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Hand it over."""
        event.stop()
        self.post_message(self.Given(self, event.value))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Hand the choice over."""
        event.stop()
        self.post_message(self.Given(self, self._choices[event.option_index]))

    def on_click(self, event: Click) -> None:
        """It is no click on the form."""
        event.stop()
