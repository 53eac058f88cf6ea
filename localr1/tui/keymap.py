"""Which key does what: the table of actions, with what a person changed in it.

The keys of `[keys]` in the settings are checked here as a whole, before anything is shown.
"""

from __future__ import annotations

import difflib
import string
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from textual.keys import Keys

from localr1.errors import UsageError
from localr1.terminal_text import clean_line
from localr1.tui.actions import ACTIONS, KEY_LABELS, NO_KEY, Action, key_names

if TYPE_CHECKING:
    from textual.dom import DOMNode

_MODIFIERS = ("ctrl", "alt", "shift", "super", "hyper", "meta")
_NAMES = {key.value for key in Keys if "+" not in key.value and "<" not in key.value}
_TYPED_AS = {"esc": "escape", "return": "enter", "del": "delete", "ins": "insert"}
_SAME_KEY = {"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+h": "backspace"}
"""What terminals send for both."""
_EDITING = {"up", "down", "left", "right", "home", "end", "backspace", "delete"}
_SIGNS = {sign: name for name, sign in KEY_LABELS.items() if len(sign) == 1}


class Keymap:
    """The keys of all actions.

    Args:
        chosen: by the name of an action its keys, separated by commas; "" takes them away.
        place: where that was chosen, for what is said about a mistake in it.

    Raises:
        UsageError: an action or key that does not exist, or a key that two actions would share.
    """

    def __init__(self, chosen: Mapping[str, str] | None = None, place: str = "[keys]") -> None:
        self._place = place
        self._keys = {action.name: action.keys for action in ACTIONS}
        self.changes: dict[str, str] = {}
        """By action what differs from the table, as Textual writes keys."""
        for name, keys in (chosen or {}).items():
            self._keys[name] = ",".join(self._checked(name, keys))
            self.changes[name] = self._keys[name] or NO_KEY
        self._refuse_shared_keys()

    def keys(self, name: str) -> str:
        """The keys of an action as Textual names them, separated by commas; "" for none."""
        return self._keys[name]

    def label(self, name: str, at_most: int = 1) -> str:
        """The first keys of an action as keyboards write them: "Ctrl+G"; "" for none."""
        return key_names(self._keys[name], at_most)

    def fill(self, template: str) -> str:
        """A phrase with keys in the places of actions: "{stop} stops" -> "Esc stops".

        A phrase about an action that has no key is "".
        """
        names = [name for _, name, _, _ in string.Formatter().parse(template) if name]
        labels = {name: self.label(name) for name in names}
        return template.format(**labels) if all(labels.values()) else ""

    def way_to(self, name: str) -> str:
        """How an action is called: by its key, "Alt+M", or else its word, "/models"."""
        return self.label(name) or f"/{_action(name).word}"

    # ---- mistakes --------------------------------------------------------------------------

    def _checked(self, name: str, keys: str) -> Iterator[str]:
        if name not in self._keys:
            raise UsageError(
                f"unknown action {clean_line(name, 60)} in {self._place}", _nearest(name)
            )
        for key in filter(None, (part.strip() for part in keys.split(","))):
            yield self._checked_key(name, key)

    def _checked_key(self, name: str, written: str) -> str:
        key = _normal(written)
        shown = f'{name} = "{clean_line(written, 40)}" in {self._place}'
        if key is None:
            raise UsageError(
                f"{shown}: there is no such key",
                "a key is written as f7, ctrl+g, alt+enter, pageup or shift+tab",
            )
        if _is_for_writing(key) and not _is_for_writing(_action(name).keys.split(",")[0]):
            raise UsageError(
                f"{shown}: that key is for writing", "use it with ctrl or alt, or F1 to F12"
            )
        return key

    def _refuse_shared_keys(self) -> None:
        for name in self.changes:
            for key in filter(None, self._keys[name].split(",")):
                for other in ACTIONS:
                    if other.name != name and key in self._keys[other.name].split(","):
                        self._refuse(name, key, other)

    def _refuse(self, name: str, key: str, other: Action) -> None:
        if key in _action(name).keys.split(",") and key in other.keys.split(","):
            return  # they share it by design, for different moments
        raise UsageError(
            f'{name} = "{key}" in {self._place}: that key is taken by {other.name} ({other.title})',
            f'give {other.name} another key, or "" for none',
        )


USUAL = Keymap()
"""The table as it is."""


def keymap_of(node: DOMNode) -> Keymap:
    """The keys that hold in the running interface."""
    found = getattr(node.app, "keymap", None)
    return found if isinstance(found, Keymap) else USUAL


def _nearest(name: str) -> str:
    names = [action.name for action in ACTIONS]
    near = difflib.get_close_matches(name.lower().replace("-", "_"), names, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"there are: {', '.join(names)}"


def _action(name: str) -> Action:
    return next(action for action in ACTIONS if action.name == name)


def _normal(written: str) -> str | None:
    """The key as Textual names it; None where there is none of this name."""
    *modifiers, key = written.replace(" ", "").split("+") if written != "+" else ["+"]
    modifiers = [modifier.lower() for modifier in modifiers]
    if not set(modifiers) <= set(_MODIFIERS):
        return None
    if len(key) == 1:
        if modifiers:
            key = _SIGNS.get(key, key.lower())
        if not key.isprintable() or (modifiers and not key.isalnum() and key not in KEY_LABELS):
            return None
    else:
        key = _TYPED_AS.get(key.lower(), key.lower())
        if key not in _NAMES and key not in KEY_LABELS:
            return None
    whole = "+".join([*modifiers, key])
    return _SAME_KEY.get(whole, whole)


def _is_for_writing(key: str) -> bool:
    return len(key) == 1 or key in _EDITING or key == "space" or key in _SIGNS.values()
