"""What is typed after a slash: an action by its word, or a text that only begins like one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from localr1.tui.actions import ACTIONS, Action

MARK = "/"
_WORDS_OF_A_COMMAND = 3
"""After a word that takes none; more of them are a sentence."""


class Command(NamedTuple):
    """An action, and what was typed after its word."""

    action: Action
    argument: str = ""


class NotUnderstood(NamedTuple):
    """Looks like a command and is none; nothing is done or sent."""

    remark: str


def read_slash(text: str) -> Command | NotUnderstood | None:
    """What this text commands; None where it is words to send.

    A path ("/etc/hosts is what?") and a sentence ("/s marks sarcasm, does it?") are words.
    """
    text = text.strip()
    word, _, rest = text[1:].partition(" ")
    if not text.startswith(MARK) or "\n" in text or not word or MARK in word:
        return None
    rest = rest.strip()
    action = action_of(word)
    if action is not None and (action.takes or not rest):
        return Command(action, rest)
    if len(rest.split()) > _WORDS_OF_A_COMMAND:
        return None
    if action is not None:
        return NotUnderstood(f"/{action.word} takes nothing after it; // sends it as text.")
    return NotUnderstood(f"No command /{word[:20]}; // sends it as text.")


def without_mark(text: str) -> str:
    """The words that `//` sends: they begin with one slash."""
    return text[1:] if text.startswith(MARK * 2) else text


def action_of(word: str) -> Action | None:
    """The action with this word."""
    word = word.lower()
    return next((action for action in ACTIONS if action.word and action.word == word), None)


def matching(word: str) -> Iterator[Action]:
    """The actions whose word begins so, then those whose word or title holds it."""
    word = word.lower()
    named = [action for action in ACTIONS if action.word]
    first = [action for action in named if action.word.startswith(word)]
    yield from sorted(first, key=lambda action: action.word)
    for action in named:
        if action not in first and (word in action.word or word in action.title.lower()):
            yield action
