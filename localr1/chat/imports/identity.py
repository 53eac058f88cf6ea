"""An id for a conversation of another program, the same each time it is imported."""

from __future__ import annotations

import hashlib
import re

import msgspec

from localr1.chat.exporting.tree import ConversationTree

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that are easily read as another, as in ids that localr1 draws."""
_DAY = re.compile(r"20(\d\d)-(\d\d)-(\d\d)")
_OWN_ID = re.compile(r"[a-z0-9-]{1,64}")


def derived_id(said: str, day: str) -> str:
    """ "261004-k3f9x2": the day, or zeros, and six letters that follow from what is said.

    Args:
        said: what makes the conversation this one.
        day: begins with the day, as ISO 8601.
    """
    number = int.from_bytes(hashlib.sha256(said.encode("utf-8", "replace")).digest()[:8], "big")
    letters = ""
    for _ in range(6):
        number, rest = divmod(number, len(_LETTERS))
        letters += _LETTERS[rest]
    match = _DAY.match(day)
    return f"{''.join(match.groups()) if match else '000000'}-{letters}"


def own_id(tree: ConversationTree) -> str:
    """The conversation's id where it can be one, else one that follows from it."""
    return tree.id if _OWN_ID.fullmatch(tree.id) else derived_id(tree.id, tree.created_at)


def content_id(tree: ConversationTree) -> str:
    """An id that follows from the messages: for one whose own id is taken by another."""
    content = msgspec.json.encode([[each.message, each.parent] for each in tree.messages])
    return derived_id(content.decode(), tree.created_at)
