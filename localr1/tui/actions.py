"""The one table of what a person can do; keys, command palette and help are made from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from textual.binding import Binding, BindingType

Scope = Literal[
    "composer", "chat", "steering", "next", "kept", "turns", "thinking", "answer", "find", "app"
]
CONTROLS: tuple[Scope, ...] = ("steering", "next", "kept", "turns", "thinking", "answer", "find")
"""Scopes of `localr1.tui.controls`, whose methods have the names of the actions."""


class Action(NamedTuple):
    """Something a person can do.

    The scope's class has a method `action_<name>`, or `<name>` for those of `CONTROLS`.
    """

    name: str
    keys: str
    """Textual's key names, separated by commas."""
    title: str
    scope: Scope
    explanation: str = ""
    """A sentence for the command palette; actions without one are not in it."""
    word: str = ""
    """What does the same when it is typed after a slash."""

    @property
    def command(self) -> str:
        """What Textual runs in the namespace of the scope."""
        is_control = self.scope in CONTROLS
        return f"control('{self.scope}', '{self.name}')" if is_control else self.name


# The text area edits with Ctrl and A C D E H J K M U V W X Y Z, F6 and F7. Ctrl+B is the prefix of
# tmux, Ctrl+I is Tab, F10 opens menus, F11 fills the screen, F12 drops terminals down. Ctrl+S
# arrives because Textual turns off flow control, as for Ctrl+Q. Ctrl+_ and Ctrl+/ are one key to
# most terminals.
ACTIONS = (
    Action("send", "enter", "Send", "composer"),
    Action("new_line", "ctrl+j,shift+enter,alt+enter", "New line", "composer"),
    Action("undo", "ctrl+underscore,ctrl+slash", "Undo what was typed", "composer"),
    Action("redo", "ctrl+y", "Redo it", "composer"),
    Action("stop", "escape", "Stop the reply", "chat", "What was said so far stays"),
    Action("toggle_thinking", "ctrl+t", "Open or close the thinking", "chat", "Of the last reply"),
    Action("answer_now", "ctrl+g", "Answer now", "steering", "End the thought and answer"),
    Action("pause", "ctrl+s", "Pause the thinking", "steering", "Then add words, or go on"),
    Action("edit_thought", "f4", "Edit the thought", "steering", "And go on from what you made"),
    Action("go_on", "ctrl+r", "Go on with the reply", "steering", "One that was stopped or cut"),
    Action("change_effort", "ctrl+l", "Effort: low to unlimited", "next", "In this chat"),
    Action("skip_thinking", "ctrl+n", "No thinking next time", "next", "Only an answer"),
    Action("try_several", "f3", "Try several", "next", "Ask this often, keep what most say"),
    Action("carry_thought", "f8", "Carry the last thought", "kept", "Or leave it out again"),
    Action("delete_thought", "f9", "Delete the last thought", "kept", "Its answer stays"),
    Action("copy_answer", "ctrl+o", "Copy the answer", "chat", "The last one, as Markdown"),
    Action("page_up", "pageup", "Scroll up", "chat"),
    Action("page_down", "pagedown", "Scroll down", "chat"),
    Action("top", "ctrl+home", "To the beginning", "chat", "Scroll to the first message"),
    Action("bottom", "ctrl+end", "To the end", "chat", "Scroll to the end and follow it"),
    Action("help", "f1", "All keys", "app", "What can be done, and with which key"),
    Action("switch_colours", "f2", "Other colours", "app", "The next theme"),
    Action("suspend", "ctrl+z", "To the shell", "app", "Its command fg comes back here"),
    Action("command_palette", "ctrl+p", "Commands", "app"),
    Action("quit", "ctrl+q", "Quit", "app", "End the engine and leave; the conversation is kept"),
    Action("interrupt", "ctrl+c", "Copy the selection, or twice: quit", "app"),
)


AFTER_WIDGETS = ("interrupt", "undo", "redo")
"""Actions whose keys are first offered to what has the focus."""


def bindings(*scopes: Scope) -> list[BindingType]:
    """The key bindings of these scopes, by the ids under which keys can be changed.

    They come before the composer's own keys, which would swallow some of them, except that
    Ctrl+C first asks the widgets whether there is something to copy.
    """
    return [
        Binding(
            action.keys,
            action.command,
            action.title,
            show=False,
            priority=action.name not in AFTER_WIDGETS,
            id=action.name,
        )
        for action in ACTIONS
        if action.scope in scopes
    ]


def commands() -> Iterator[tuple[Action, str]]:
    """The actions of the command palette, each with what Textual has to run."""
    for action in ACTIONS:
        if action.explanation:
            namespace = "app" if action.scope == "app" else "screen"
            yield action, f"{namespace}.{action.command}"


KEY_LABELS = {
    **{"pageup": "Page Up", "pagedown": "Page Down", "escape": "Esc"},
    **{"underscore": "_", "slash": "/", "backslash": "\\", "at": "@", "question_mark": "?"},
    **{"left_square_bracket": "[", "right_square_bracket": "]"},
}
"""What is on the keys whose names are not."""


def key_names(keys: str, at_most: int = 2) -> str:
    """The first keys as keyboards write them: "ctrl+t,pageup" -> "Ctrl+T, Page Up"."""
    return ", ".join(_key_name(key) for key in keys.split(",")[:at_most])


def _key_name(key: str) -> str:
    if len(key) == 1:
        return key
    return "+".join(KEY_LABELS.get(part, part.capitalize()) for part in key.split("+"))
