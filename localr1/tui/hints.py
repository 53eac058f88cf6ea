"""What the composer says about keys, in as many phrases as fit; the keys are those of now."""

from __future__ import annotations

from typing import NamedTuple

from rich.cells import cell_len

from localr1.tui.keymap import Keymap

GAP = "   "

Phrases = tuple[str, ...]
"""Each with the names of actions in braces where their keys belong."""


class Hint(NamedTuple):
    """The same in ever fewer words; a phrase about an action without a key is left out."""

    wordings: tuple[Phrases, ...]

    def text(self, keymap: Keymap, width: int) -> str:
        """The first wording that fits into so many cells; the last one fits everywhere."""
        texts = [GAP.join(filter(None, map(keymap.fill, phrases))) for phrases in self.wordings]
        return next((text for text in texts if cell_len(text) <= width), texts[-1])


_ASK = "Ask something"
_ADD = "Add to the thought"

INVITATION = Hint(
    (
        (_ASK, "{send} sends", "{new_line} new line", "{help} all keys"),
        (_ASK, "{send} sends", "{help} all keys"),
        (_ASK, "{help} all keys"),
        (_ASK,),
    )
)
UNFINISHED = Hint(
    (
        (_ASK, "{send} sends", "{go_on} goes on with the reply", "{help} all keys"),
        (_ASK, "{go_on} goes on with the reply", "{help} all keys"),
        (_ASK, "{go_on} goes on"),
        (_ASK,),
    )
)
LOADING = Hint(
    (
        ("You can write already; it is sent when the model is loaded",),
        ("Write; sent once loaded",),
        ("Write already",),
    )
)
THINKING = Hint(
    (
        ("{stop} stops", "{pause} pauses the thinking", "{answer_now} answers now"),
        ("{stop} stops", "{answer_now} answers now"),
        ("{stop} stops",),
    )
)
REPLYING = Hint((("{stop} stops the reply",), ("{stop} stops",)))
READ_ONLY = Hint(
    (
        ("Another window writes to this conversation; here it can only be read.",),
        ("Another window writes here.",),
        ("Read only",),
    )
)
STEER = Hint(
    (
        (_ADD, "{send} goes on", "{stop} leaves it stopped"),
        (_ADD, "{send} goes on"),
        ("{send} goes on",),
    )
)
RESEND = Hint(
    (
        ("{send} asks this on a new branch", "{stop} leaves the question as it was"),
        ("{send} asks this instead", "{stop} leaves it"),
        ("{send} asks this",),
    )
)
EDIT = Hint(
    (
        ("{send} goes on from this, with a new answer", "{stop} leaves it as it was"),
        ("{send} goes on from this", "{stop} leaves it"),
        ("{send} goes on",),
    )
)


def several(samples: int) -> Hint:
    """While replies are written side by side."""
    told = f"{samples} replies are written side by side; this is the first"
    return Hint((("{stop} stops", told), ("{stop} stops", f"{samples} side by side")))
