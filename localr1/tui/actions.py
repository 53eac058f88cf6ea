"""The one table of what a person can do; keys, command palette and help are made from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple, get_args

from textual.binding import Binding, BindingType

ControlScope = Literal[
    "writing",
    "steering",
    "next",
    "kept",
    "turns",
    "thinking",
    "answer",
    "find",
    "lists",
    "models",
]
Scope = Literal["composer", "chat", "app"] | ControlScope
CONTROLS: tuple[ControlScope, ...] = get_args(ControlScope)
"""Scopes of `localr1.tui.controls`, whose methods have the names of the actions."""


class Action(NamedTuple):
    """Something a person can do.

    The scope's class has a method `action_<name>`, or `<name>` for those of `CONTROLS`.
    """

    name: str
    keys: str
    """Textual's key names, separated by commas; empty where it has none."""
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

    @property
    def on_screen(self) -> str:
        """What Textual runs wherever the focus is."""
        return f"{'app' if self.scope == 'app' else 'screen'}.{self.command}"


EFFORTS = "low|medium|high|unlimited|512 tokens|30 seconds|off|default"

# The text area edits with Ctrl and A C D E H J K M U V W X Y Z, F6 and F7. Ctrl+B is the prefix of
# tmux, Ctrl+I is Tab, F10 opens menus, F11 fills the screen, F12 drops terminals down. Ctrl+S
# arrives because Textual turns off flow control, as for Ctrl+Q. Ctrl+_ and Ctrl+/ are one key to
# most terminals.
ACTIONS = (
    Action("send", "enter", "Send", "composer"),
    Action("new_line", "ctrl+j,shift+enter,alt+enter", "New line", "composer"),
    Action("undo", "ctrl+underscore,ctrl+slash", "Undo what was typed", "composer"),
    Action("redo", "ctrl+y", "Redo it", "composer"),
    Action("attach", "", "Attach a file", "writing", "Or type @ and its name", "attach", "file"),
    Action("detach", "", "Leave the files out", "writing", "All that are attached", "detach"),
    Action("open_paste", "", "Open the folded paste", "writing", "To edit it here", "open"),
    Action("stop", "escape", "Stop the reply", "chat", "What was said so far stays", "stop"),
    Action(
        "toggle_thinking",
        "ctrl+t",
        "Open or close the thinking",
        "chat",
        "Of the last reply",
        "thinking",
    ),
    Action(
        "answer_now", "ctrl+g", "Answer now", "steering", "End the thought and answer", "answer"
    ),
    Action(
        "pause", "ctrl+s", "Pause the thinking", "steering", "Then add words, or go on", "pause"
    ),
    Action(
        "edit_thought",
        "f4",
        "Edit the thought",
        "steering",
        "And go on from what you made",
        "thought",
    ),
    Action(
        "go_on", "ctrl+r", "Go on with the reply", "steering", "One that was stopped or cut", "go"
    ),
    Action(
        "change_effort",
        "ctrl+l",
        "Effort: low to unlimited",
        "next",
        "In this chat",
        "effort",
        EFFORTS,
    ),
    Action("skip_thinking", "f7", "No thinking next time", "next", "Only an answer", "skip"),
    Action(
        "change_model", "", "Change the model", "next", "The conversation stays", "model", "name"
    ),
    Action(
        "try_several",
        "f3",
        "Try several",
        "next",
        "Ask this often, keep what most say",
        "try",
        "question",
    ),
    Action("carry_thought", "f8", "Carry the thought", "kept", "Or leave it out again", "carry"),
    Action("delete_thought", "f9", "Delete the thought", "kept", "Its answer stays", "forget"),
    Action(
        "outline",
        "alt+o",
        "Outline of the thinking",
        "thinking",
        "Its steps, to jump by",
        "outline",
    ),
    Action("toggle_all", "", "Open or close all thinking", "thinking", "In this chat", "unfold"),
    Action(
        "hide", "", "Hide or show the thinking", "thinking", "Of all replies in this chat", "hide"
    ),
    Action(
        "copy_thought", "", "Copy the thought", "thinking", "As the model wrote it", "copythought"
    ),
    Action("find", "ctrl+f", "Find in this conversation", "find", "Thinking included", "find"),
    Action("copy_answer", "ctrl+o", "Copy the answer", "chat", "The last one, as Markdown", "copy"),
    Action("copy_code", "", "Copy a code block", "answer", "Of this answer", "code"),
    Action("save_code", "", "Save a code block", "answer", "To a file", "save"),
    Action("copy_turn", "", "Copy the whole turn", "answer", "Thinking included", "copyall"),
    Action("maths_source", "", "Formulas as LaTeX", "answer", "Or as text again", "maths"),
    Action("pick", "tab", "Pick a turn", "turns", "Single keys then act on it"),
    Action("pick_earlier", "", "The turn before", "turns"),
    Action("pick_later", "", "The turn after", "turns"),
    Action("edit_question", "", "Edit the question", "turns", "Ask again, on a branch", "edit"),
    Action("again", "", "Another reply", "turns", "This one stays as a branch", "again"),
    Action("think_more", "", "Another reply, more thought", "turns", "Next effort", "more"),
    Action("previous_branch", "", "Previous branch", "turns", "Of this turn", "previous"),
    Action("next_branch", "", "Next branch", "turns", "Of this turn", "next"),
    Action("compare", "", "Compare the replies", "turns", "Side by side", "compare"),
    Action("conversations", "f5", "Conversations", "lists", "Open, pin, rename, delete", "list"),
    Action("new_conversation", "ctrl+n", "New conversation", "lists", "This one is kept", "new"),
    Action(
        "search_all", "f6", "Search all conversations", "lists", "For any words", "search", "words"
    ),
    Action("pin", "", "Pin the conversation", "lists", "Or unpin it", "pin"),
    Action("delete", "", "Delete the conversation", "lists", "Can be undone", "delete"),
    Action(
        "rename", "", "Rename the conversation", "lists", "Give it another title", "rename", "title"
    ),
    Action(
        "export",
        "",
        "Export the conversation",
        "lists",
        "To a file",
        "export",
        "markdown|json|html",
    ),
    Action("undo_delete", "", "Undo the deletion", "lists", "Of a conversation", "undo"),
    Action("models", "alt+m", "Models", "models", "Use, fetch, add and remove them", "models"),
    Action(
        "use_fetched",
        "alt+u",
        "Use the fetched model",
        "models",
        "The one that was fetched last",
        "use",
    ),
    Action("page_up", "pageup", "Scroll up", "chat"),
    Action("page_down", "pagedown", "Scroll down", "chat"),
    Action("top", "ctrl+home", "To the beginning", "chat", "Scroll to the first message", "top"),
    Action("bottom", "ctrl+end", "To the end", "chat", "Scroll to the end and follow it", "end"),
    Action("help", "f1", "All keys", "app", "What can be done, and with which key", "help"),
    Action("settings", "", "Settings", "app", "Every one, from where it comes", "settings"),
    Action("context", "", "Context window", "app", "What fills it, in tokens", "context"),
    Action("doctor", "", "Doctor", "app", "What this computer has and what is used", "doctor"),
    Action("log", "", "The engine's log", "app", "What its native code prints, live", "log"),
    Action("switch_colours", "f2", "Other colours", "app", "The next theme", "colours"),
    Action("suspend", "ctrl+z", "To the shell", "app", "Its fg comes back here", "shell"),
    Action("command_palette", "ctrl+p", "Commands", "app", word="commands"),
    Action("quit", "ctrl+q", "Quit", "app", "End the engine; the conversation is kept", "quit"),
    Action("interrupt", "ctrl+c", "Copy the selection, or twice: quit", "app"),
)

PICKED_KEYS = {
    "up": "pick_earlier",
    "down": "pick_later",
    "e": "edit_question",
    "r": "again",
    "m": "think_more",
    "g": "go_on",
    "left_square_bracket": "previous_branch",
    "right_square_bracket": "next_branch",
    "v": "compare",
    "c": "copy_answer",
    "w": "copy_turn",
    "b": "copy_code",
    "s": "save_code",
    "f": "maths_source",
    "t": "toggle_thinking",
    "o": "outline",
    "k": "carry_thought",
    "x": "delete_thought",
}
"""What single keys do while a turn is picked; they are no keys of the composer."""


def action_named(name: str) -> Action:
    """The action of this name.

    Raises:
        KeyError: there is none.
    """
    return _BY_NAME[name]


_BY_NAME = {action.name: action for action in ACTIONS}


LIST_KEYS = {
    "p": "pin",
    "r": "rename",
    "d,delete": "delete",
    "u": "undo_delete",
    "n": "new_conversation",
    "slash": "search_all",
}
"""What single keys do in the list of conversations."""


def single_keys(keys: Mapping[str, str]) -> list[BindingType]:
    """Bindings for the widget that has the focus: `PICKED_KEYS` or `LIST_KEYS`."""
    return [
        Binding(key, action_named(name).on_screen, action_named(name).title, show=False)
        for key, name in keys.items()
    ]


NO_KEY = "no_key"
"""Stands for a key where there is none: no terminal sends it, and a person may give another."""

AFTER_WIDGETS = ("interrupt", "undo", "redo")
"""Actions whose keys are first offered to what has the focus."""


def bindings(*scopes: Scope) -> list[BindingType]:
    """The key bindings of these scopes, by the ids under which keys can be changed.

    They come before the composer's own keys, which would swallow some of them, except that
    Ctrl+C first asks the widgets whether there is something to copy.
    """
    return [
        Binding(
            action.keys or NO_KEY,
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
            yield action, action.on_screen


KEY_LABELS = {
    **{"pageup": "Page Up", "pagedown": "Page Down", "escape": "Esc"},
    **{"underscore": "_", "slash": "/", "backslash": "\\", "at": "@", "question_mark": "?"},
    **{"left_square_bracket": "[", "right_square_bracket": "]"},
}
"""What is on the keys whose names are not."""


def key_names(keys: str, at_most: int = 2) -> str:
    """The first keys as keyboards write them: "ctrl+t,pageup" -> "Ctrl+T, Page Up"."""
    return ", ".join(_key_name(key) for key in keys.split(",")[:at_most] if key)


def _key_name(key: str) -> str:
    if len(key) == 1:
        return key
    return "+".join(KEY_LABELS.get(part, part.capitalize()) for part in key.split("+"))
