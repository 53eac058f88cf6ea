"""Every action with its key and its slash word, made from the table of actions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from localr1.tui.actions import (
    ACTIONS,
    LIST_KEYS,
    PICKED_KEYS,
    Action,
    Scope,
    action_named,
    key_names,
)
from localr1.tui.entries import GAP, Entry, matching
from localr1.tui.screens.sheet import TextSheet
from localr1.tui.widgets.entries_view import EntriesView

HEADINGS: dict[Scope, str] = {
    "composer": "Writing",
    "writing": "Files and pastes",
    "chat": "The conversation",
    "steering": "While it thinks",
    "next": "The next reply",
    "kept": "Thoughts that are kept",
    "turns": "Questions and replies",
    "thinking": "Reading the thinking",
    "answer": "Answers",
    "find": "Finding",
    "lists": "Conversations",
    "models": "Models",
    "app": "localr1",
}
"""In the order in which they are shown; a scope that is not here comes last, by its own name."""

_SIGNS = {
    "up": "Up",
    "down": "Down",
    "slash": "/",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
}

MOUSE = (
    Entry("shows all commands; on the effort: the next one", "Click on the last line"),
    Entry("opens or closes it", "Click on a thinking line"),
    Entry("closes it", "Click beside a sheet"),
)


class HelpScreen(TextSheet):
    """A sheet over the chat.

    Args:
        keys: the keys of each action by its name, where they are not those of the table.
    """

    heading = "What you can do"
    placeholder = "Type to search, as copy or Ctrl+G"

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._view = EntriesView(id="sheet-text")
        super().__init__(self._view)
        self._entries = list(_entries(keys))

    @property
    def copied(self) -> str:
        """The actions that are shown."""
        return self._view.text

    def on_mount(self) -> None:
        """Show all."""
        self.searched("")

    def searched(self, words: str) -> None:
        """Show what has these words."""
        found = matching(self._entries, words)
        self._view.show(found or [Entry("Nothing has these words.", kind="quiet")], 26)


def _entries(keys: Mapping[str, str]) -> Iterator[Entry]:
    palette = key_names(keys.get("command_palette", "ctrl+p"), 1)
    copying = key_names(keys.get("interrupt", "ctrl+c"), 1)
    scopes = dict.fromkeys([*HEADINGS, *(action.scope for action in ACTIONS)])
    for scope in scopes:
        actions = [action for action in ACTIONS if action.scope == scope]
        if actions:
            yield Entry(HEADINGS.get(scope, scope.capitalize()), kind="heading")
            for action in actions:
                yield _entry(action, keys, palette)
            yield GAP
    yield Entry("The mouse", kind="heading")
    yield Entry(f"selects words; {copying} copies them" if copying else "selects words", "Drag")
    yield from MOUSE


def _entry(action: Action, keys: Mapping[str, str], palette: str) -> Entry:
    word = f"/{action.word}" if action.word else ""
    told = (key_names(_keys(action, keys)), _single_key(action, keys), word)
    label = ", ".join(part for part in told if part)
    sentence = f"{action.title}. {action.explanation}." if action.explanation else action.title
    return Entry(sentence, label or f"{palette}, its name" if palette else label)


def _keys(action: Action, keys: Mapping[str, str]) -> str:
    return keys.get(action.name, action.keys)


def _single_key(action: Action, keys: Mapping[str, str]) -> str:
    """A key that acts while a turn is picked or the list has the focus: "Tab e"."""
    for opener, single in (("pick", PICKED_KEYS), ("conversations", LIST_KEYS)):
        found = next((key for key, name in single.items() if name == action.name), None)
        if found is not None:
            first = key_names(_keys(action_named(opener), keys).split(",")[0])
            key = found.split(",")[0]
            return f"{first} {_SIGNS.get(key, key)}"
    return ""
