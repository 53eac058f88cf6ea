"""Words looked for in all conversations; a hit opens the place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from localr1.errors import Localr1Error
from localr1.history.search import SearchHit
from localr1.session.conversations import Conversations
from localr1.tui.marks import MarkLimit, one_line
from localr1.tui.screens.overlay import Overlay
from localr1.units import count

WAIT_SECONDS = 0.04
"""After a key press: a quick typist searches once."""

_KINDS = {"question": "you", "reasoning": "thinking", "answer": "answer", "title": "title"}
_TITLE_CHARACTERS = 60


class Found(NamedTuple):
    """What a person chose, and the words that led there."""

    hit: SearchHit
    words: str


class SearchScreen(Overlay[Found]):
    """A sheet over the chat: an input, and below it the places where its words are."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", "Down", show=False, priority=True),
        Binding("up", "move(-1)", "Up", show=False, priority=True),
        Binding("enter", "take", "Open", show=False, priority=True),
    ]

    def __init__(self, conversations: Conversations, words: str = "") -> None:
        super().__init__()
        self._conversations = conversations
        self._words = words
        self._hits: Sequence[SearchHit] = ()
        self._timer: Timer | None = None
        self._results = OptionList(id="results", compact=True, markup=False)
        self._summary = Static(classes="closing", markup=False)

    def compose(self) -> ComposeResult:
        """Input, results, a line on how many there are."""
        with Vertical(classes="sheet -tall"):
            yield Input(self._words, placeholder="Search all conversations", compact=True)
            yield self._results
            yield self._summary

    def on_mount(self) -> None:
        """Search at once where words were given."""
        self._results.can_focus = False
        self._search_now()

    def on_input_changed(self) -> None:
        """Search when no key was pressed for a moment."""
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(WAIT_SECONDS, self._search_now)

    def _search_now(self) -> None:
        self._search(self.query_one(Input).value)

    @work(exclusive=True, group="search")
    async def _search(self, words: str) -> None:
        try:
            hits = await self._conversations.search(words) if words.strip() else ()
        except Localr1Error as error:
            self._summary.update(Content(error.message))
            return
        self._words, self._hits = words, hits
        self._results.set_options([Option(_shown(hit)) for hit in hits])
        self._results.highlighted = 0 if hits else None
        self._summary.update(Content(self._said(len(hits))))

    def _said(self, hits: int) -> str:
        if not self._words.strip():
            return "Questions, thinking and answers.   Esc leaves"
        places = count(hits, "place") if hits else "Nothing found"
        return f"{places}.   Enter opens   Esc leaves"

    # ---- actions ---------------------------------------------------------------------------

    def action_move(self, step: int) -> None:
        """Go through the results; the words stay editable."""
        if step > 0:
            self._results.action_cursor_down()
        else:
            self._results.action_cursor_up()

    def action_take(self) -> None:
        """Open the place at the cursor."""
        chosen = self._results.highlighted
        if chosen is not None and chosen < len(self._hits):
            self.dismiss(Found(self._hits[chosen], self._words))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """A click opens a place as well."""
        self.dismiss(Found(self._hits[event.option_index], self._words))


def _shown(hit: SearchHit) -> Content:
    """Title, day and kind above the words around the hit."""
    title = one_line(hit.title, _TITLE_CHARACTERS) or "Without a title"
    head = Content.assemble(
        (title, "bold"),
        (f"  {hit.created_at[:10]}  {_KINDS.get(hit.kind, hit.kind)}", "$text-muted"),
    )
    return Content("\n").join([head, _marked(hit.snippet, hit.ranges)])


def _marked(snippet: str, ranges: Sequence[tuple[int, int]]) -> Content:
    pieces: list[Content] = [Content("  ")]
    position = 0
    for start, end in ranges:
        pieces.append(Content(_plain(snippet[position:start])))
        pieces.append(Content.styled(_plain(snippet[start:end]), "bold $text-accent"))
        position = end
    pieces.append(Content(_plain(snippet[position:])))
    return Content("").join(pieces)


def _plain(text: str) -> str:
    return MarkLimit()(" ".join(text.splitlines()).replace("\t", " "))
