"""The one table of what a person can do; keys, command palette and help are made from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from textual.binding import Binding, BindingType

Scope = Literal["composer", "chat", "app"]


class Action(NamedTuple):
    """Something a person can do; the scope's class has a method `action_<name>`."""

    name: str
    keys: str
    """Textual's key names, separated by commas."""
    title: str
    scope: Scope
    explanation: str = ""
    """A sentence for the command palette; actions without one are not in it."""


ACTIONS = (
    Action("send", "enter", "Send", "composer"),
    Action("new_line", "ctrl+j,shift+enter,alt+enter", "New line", "composer"),
    Action("stop", "escape", "Stop the reply", "chat", "What was said so far stays"),
    Action("toggle_thinking", "ctrl+t", "Open or close the thinking", "chat", "Of the last reply"),
    Action("copy_answer", "ctrl+o", "Copy the answer", "chat", "The last one, as Markdown"),
    Action("page_up", "pageup", "Scroll up", "chat"),
    Action("page_down", "pagedown", "Scroll down", "chat"),
    Action("top", "ctrl+home", "To the beginning", "chat", "Scroll to the first message"),
    Action("bottom", "ctrl+end", "To the end", "chat", "Scroll to the end and follow it"),
    Action("help", "f1", "All keys", "app", "What can be done, and with which key"),
    Action("switch_colours", "f2", "Dark or light", "app", "Switch between the two"),
    Action("command_palette", "ctrl+p", "Commands", "app"),
    Action("quit", "ctrl+q", "Quit", "app", "End the engine and leave; the conversation is kept"),
    Action("interrupt", "ctrl+c", "Copy the selection, or twice: quit", "app"),
)


def bindings(scope: Scope) -> list[BindingType]:
    """The key bindings of a scope, by the ids under which keys can be changed.

    They come before the composer's own keys, which would swallow some of them, except that
    Ctrl+C first asks the widgets whether there is something to copy.
    """
    return [
        Binding(
            action.keys,
            action.name,
            action.title,
            show=False,
            priority=action.name != "interrupt",
            id=action.name,
        )
        for action in ACTIONS
        if action.scope == scope
    ]


def commands() -> Iterator[tuple[Action, str]]:
    """The actions of the command palette, each with what Textual has to run."""
    namespaces = {"app": "app", "chat": "screen"}
    for action in ACTIONS:
        if action.explanation:
            yield action, f"{namespaces[action.scope]}.{action.name}"


def key_names(keys: str) -> str:
    """The first two keys as keyboards write them: "ctrl+t,pageup" -> "Ctrl+T, Page Up"."""
    return ", ".join(_key_name(key) for key in keys.split(",")[:2])


def _key_name(key: str) -> str:
    names = {"pageup": "Page Up", "pagedown": "Page Down", "escape": "Esc"}
    return "+".join(names.get(part, part.capitalize()) for part in key.split("+"))
