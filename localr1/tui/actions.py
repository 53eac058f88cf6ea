"""The one table of what a person can do; keys, command palette and help are made from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from textual.binding import Binding, BindingType

Scope = Literal[
    "composer",
    "writing",
    "chat",
    "steering",
    "next",
    "kept",
    "turns",
    "thinking",
    "answer",
    "find",
    "app",
]
CONTROLS: tuple[Scope, ...] = (
    "writing",
    "steering",
    "next",
    "kept",
    "turns",
    "thinking",
    "answer",
    "find",
)
"""Scopes of `localr1.tui.controls`, whose methods have the names of the actions."""


class Action(NamedTuple):
    """Something a person can do.

    The scope's class has a method `action_<name>`, or `<name>` for those of `CONTROLS`.
    """

    name: str
    keys: str
    """Textual's key names, separated by commas; may be empty."""
    title: str
    scope: Scope
    explanation: str = ""
    """A sentence for the command palette; actions without one are not in it."""
    word: str = ""
    """What does the same when it is typed after a slash."""
    takes: str = ""
    """What may follow the word, as a hint; the method of the control gets it as a string."""

    @property
    def command(self) -> str:
        """What Textual runs in the namespace of the scope."""
        is_control = self.scope in CONTROLS
        return f"control('{self.scope}', '{self.name}')" if is_control else self.name


# The text area edits with Ctrl and A C D E H J K M U V W X Y Z, F6 and F7. Ctrl+B is the prefix of
# tmux, Ctrl+I is Tab, F10 opens menus, F11 fills the screen, F12 drops terminals down. Ctrl+S
# arrives because Textual turns off flow control, as for Ctrl+Q.
ACTIONS = (
    Action("send", "enter", "Send", "composer"),
    Action("new_line", "ctrl+j,shift+enter,alt+enter", "New line", "composer"),
    Action(
        "attach",
        "",
        "Attach a file",
        "writing",
        "Or type @ and its name",
        word="attach",
        takes="file",
    ),
    Action("detach", "", "Leave the files out", "writing", "All that are attached", word="detach"),
    Action("open_paste", "", "Open the folded paste", "writing", "To edit it here", word="open"),
    Action("stop", "escape", "Stop the reply", "chat", "What was said so far stays", word="stop"),
    Action(
        "toggle_thinking",
        "ctrl+t",
        "Open or close the thinking",
        "chat",
        "Of the last reply",
        word="thinking",
    ),
    Action(
        "answer_now",
        "ctrl+g",
        "Answer now",
        "steering",
        "End the thought and answer",
        word="answer",
    ),
    Action(
        "pause",
        "ctrl+s",
        "Pause the thinking",
        "steering",
        "Then add words, or go on",
        word="pause",
    ),
    Action(
        "edit_thought",
        "f4",
        "Edit the thought",
        "steering",
        "And go on from what you made",
        word="thought",
    ),
    Action(
        "go_on",
        "ctrl+r",
        "Go on with the reply",
        "steering",
        "One that was stopped or cut",
        word="go",
    ),
    Action(
        "change_effort",
        "ctrl+l",
        "Effort: low to unlimited",
        "next",
        "In this chat",
        word="effort",
        takes="low|medium|high|unlimited|512 tokens|30 seconds|off|default",
    ),
    Action(
        "skip_thinking", "ctrl+n", "No thinking next time", "next", "Only an answer", word="skip"
    ),
    Action(
        "try_several",
        "f3",
        "Try several",
        "next",
        "Ask this often, keep what most say",
        word="try",
        takes="question",
    ),
    Action(
        "carry_thought",
        "f8",
        "Carry the last thought",
        "kept",
        "Or leave it out again",
        word="carry",
    ),
    Action(
        "delete_thought", "f9", "Delete the last thought", "kept", "Its answer stays", word="forget"
    ),
    Action(
        "copy_answer", "ctrl+o", "Copy the answer", "chat", "The last one, as Markdown", word="copy"
    ),
    Action("page_up", "pageup", "Scroll up", "chat"),
    Action("page_down", "pagedown", "Scroll down", "chat"),
    Action(
        "top", "ctrl+home", "To the beginning", "chat", "Scroll to the first message", word="top"
    ),
    Action(
        "bottom", "ctrl+end", "To the end", "chat", "Scroll to the end and follow it", word="end"
    ),
    Action("help", "f1", "All keys", "app", "What can be done, and with which key", word="help"),
    Action(
        "switch_colours", "f2", "Dark or light", "app", "Switch between the two", word="colours"
    ),
    Action("command_palette", "ctrl+p", "Commands", "app", word="commands"),
    Action(
        "quit",
        "ctrl+q",
        "Quit",
        "app",
        "End the engine and leave; the conversation is kept",
        word="quit",
    ),
    Action("interrupt", "ctrl+c", "Copy the selection, or twice: quit", "app"),
)


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
            priority=action.name != "interrupt",
            id=action.name,
        )
        for action in ACTIONS
        if action.scope in scopes and action.keys
    ]


def commands() -> Iterator[tuple[Action, str]]:
    """The actions of the command palette, each with what Textual has to run."""
    for action in ACTIONS:
        if action.explanation:
            namespace = "app" if action.scope == "app" else "screen"
            yield action, f"{namespace}.{action.command}"


def key_names(keys: str) -> str:
    """The first two keys as keyboards write them: "ctrl+t,pageup" -> "Ctrl+T, Page Up"."""
    return ", ".join(_key_name(key) for key in keys.split(",")[:2])


def _key_name(key: str) -> str:
    names = {"pageup": "Page Up", "pagedown": "Page Down", "escape": "Esc"}
    return "+".join(names.get(part, part.capitalize()) for part in key.split("+"))
