"""Where a person writes: Enter sends, a paste of any size is harmless."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from textual import events
from textual.content import Content

from localr1.terminal_text import clean
from localr1.tui.actions import Action, bindings
from localr1.tui.composing.completion import Completion
from localr1.tui.composing.drafts import draft_of, split_draft
from localr1.tui.composing.dropped import dropped_file
from localr1.tui.composing.enclosures import Aside, Enclosures
from localr1.tui.composing.pasted import LIMIT_BYTES as FOLDED_BYTES
from localr1.tui.composing.pasted import Pasted, is_long, size_bytes
from localr1.tui.composing.sent import SentQuestions
from localr1.tui.composing.slash import Command, NotUnderstood, read_slash, without_mark
from localr1.tui.composing.threads import beside
from localr1.tui.hints import Hint
from localr1.tui.keymap import keymap_of
from localr1.tui.messages import CommandGiven, PasteRefused, Remark, Submitted
from localr1.tui.question import Written
from localr1.tui.widgets.chips import Chips
from localr1.tui.widgets.offers import Offers
from localr1.tui.widgets.typing_area import TypingArea

LIMIT_BYTES = 64 * 1024
"""Text that the composer shows: with more of it every key press is felt (0.1 s at the limit)."""

READING_SECONDS = 2.0
"""How long Enter waits for a file that is still being read."""

DRAFT_SECONDS = 1.0
"""Between two drafts handed over."""


class Composer(TypingArea):
    """A text area that grows with its text, up to a limit set in the style sheet.

    `offers` and `chips` are widgets of their own, which the screen shows above it.
    """

    BINDINGS = bindings("composer")

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.sends_nothing = False
        """Enter without words says something, too; the text is then no question."""
        self.example = ""
        """A question that is sent where nothing is written."""
        self._hint: Hint | None = None
        self.offers = Offers(id="offers")
        self.chips = Chips(id="chips")
        self.enclosures = Enclosures(self.chips, lambda: self.text, self._say)
        self.sent = SentQuestions()
        self.earlier_questions: Callable[[], Sequence[str]] | None = None
        """Those of other conversations, the oldest first; called once, in a thread."""
        self.on_draft: Callable[[str], None] | None = None
        """Given what is not sent yet, at most once a second."""
        self._completion = Completion(self, self.offers, self.attach, self._give)
        self._draft_waits = False

    # ---- what is written -------------------------------------------------------------------

    @property
    def has_words(self) -> bool:
        """Is there something to send? Files alone are no question."""
        return bool(self.text.strip())

    @property
    def draft(self) -> str:
        """What is not sent yet, as one text: files by their paths, pastes in full."""
        paths = [item.path for item in self.enclosures.files.items if item.path]
        return draft_of(paths, self.enclosures.written().text)

    def take(self) -> Written | None:
        """What is written, which is gone from here then; None where there is nothing, or not yet.

        A file that is still being read is said to be.
        """
        if not self.has_words:
            if self.enclosures.files.items:
                self._say("Write a question to go with the files.")
            return None
        if self.enclosures.files.is_reading:
            self._say("A file is still being read.")
            return None
        text, files = self.enclosures.written()
        text = without_mark(text.strip("\n"))
        self.sent.add(text)
        # At once: what is typed from now on belongs to the next message
        self.show_written(Written(""))
        return Written(text, files)

    def attach(self, path: Path) -> None:
        """Let this file go with the question."""
        self.enclosures.files.attach(path)

    def set_aside(self) -> Aside:
        """All that is written here, which is empty then, for `take_up`."""
        aside = self.enclosures.set_aside()
        self.show_text("")
        return aside

    def take_up(self, aside: Aside) -> None:
        """Show what was set aside in place of what is here now."""
        self.enclosures.take_up(aside)
        self.show_text(aside.text)

    def show_written(self, written: Written) -> None:
        """Show this, to be sent or changed, in place of all that was there."""
        self.enclosures.replace(written.files)
        self.show_text(self._folded_to_fit(written.text))

    def show_draft(self, draft: str) -> None:
        """Show a draft as `on_draft` was given it; its files are read again."""
        paths, text = split_draft(draft)
        self.show_written(Written(text))
        for path in paths:
            self.attach(path)

    def put_back(self, written: Written) -> None:
        """Show again what could not be sent, before anything written since."""
        text = self._folded_to_fit(written.text)
        self.enclosures.files.add(written.files)
        self.show_text(f"{text}\n{self.text}" if self.text and text else text or self.text)

    def open_paste(self, pasted: Pasted) -> None:
        """Put a folded text in the place of its mark, where it is short enough to be edited."""
        if size_bytes(self.text) + pasted.size_bytes > LIMIT_BYTES:
            self._say("It is too long to be edited here; it is sent in full.")
        else:
            self.replace_paste(pasted, pasted.text)

    def replace_paste(self, pasted: Pasted, text: str) -> None:
        """Put this text in the place of the mark."""
        start = self.text.find(pasted.mark)
        if start >= 0:
            self.replace_range(start, start + len(pasted.mark), text)

    def show_text(self, text: str) -> None:
        """Show this text in place of what was there; nothing is offered for it."""
        super().show_text(text)
        self._completion.leave_alone()

    def _folded_to_fit(self, text: str) -> str:
        return self.enclosures.pasted.fold(text).mark if size_bytes(text) > LIMIT_BYTES else text

    def _say(self, sentence: str) -> None:
        self.post_message(Remark(sentence))

    # ---- sending ---------------------------------------------------------------------------

    # The keys of these two come before the composer's own, and before keys that still wait in
    # its queue when a person (or a program) types fast: so they take their turn in the queue.

    def action_send(self) -> None:
        """Hand the text over, if there is any."""
        self.call_later(self._send)

    def action_new_line(self) -> None:
        """Break the line at the cursor."""
        self.call_later(self._new_line)

    async def _send(self) -> None:
        if self.read_only:
            return
        if self.sends_nothing:
            self.post_message(Submitted(Written(self.text.strip("\n"))))
            self.clear()
        elif not await self._completion.enter() and not self._obeys():
            await self.enclosures.files.wait(READING_SECONDS)
            if self.example and not self.text and not self.enclosures.files.items:
                self.show_text(self.example)
            written = self.take()
            if written is not None:
                self.post_message(Submitted(written))

    def invite(self, hint: Hint) -> None:
        """Say what can be done here, as long as nothing is written."""
        if hint != self._hint:
            self._hint = hint
            self._show_hint()

    def on_resize(self) -> None:
        """As much of the hint as fits now."""
        self._show_hint()

    def _show_hint(self) -> None:
        width = self.content_size.width
        if self._hint is not None and width:
            self.placeholder = Content(self._hint.text(keymap_of(self), width))

    def _obeys(self) -> bool:
        """Run the text where it looks like a command; whether it does."""
        command = read_slash(self.text)
        if isinstance(command, Command):
            self._give(*command)
        elif isinstance(command, NotUnderstood):
            self._say(command.remark)
        return command is not None

    def _give(self, action: Action, argument: str = "") -> None:
        self.clear()
        self.post_message(CommandGiven(action, argument))

    def _new_line(self) -> None:
        if not self.read_only:
            self._replace_via_keyboard("\n", *self.selection)

    # ---- keys ------------------------------------------------------------------------------

    async def takes_key(self, event: events.Key) -> bool:
        """Tab, the arrows and what ends a mention mean more here."""
        if self.sends_nothing:
            return False
        if event.key == "tab":
            return await self._completion.tab()
        if event.key in ("up", "down"):
            by = -1 if event.key == "up" else 1
            return await self._completion.moves(by) or self._recalls(by)
        if event.key == "backspace":
            return self._removes()
        return event.character is not None and await self._completion.typed(event.character)

    def complete_or(self, otherwise: Callable[[], object]) -> None:
        """Tab, for a screen with another use of it: complete what is offered, or else do that."""

        async def complete() -> None:
            if self.sends_nothing or not await self._completion.tab():
                otherwise()

        self.call_later(complete)

    def begin_mention(self) -> None:
        """Offer files, as if an @ was typed."""
        self.focus()
        space = " " if self.before and not self.before[-1].isspace() else ""
        self._type(f"{space}@")
        self._completion.find()

    def click_offer(self, index: int) -> None:
        """Take the offer of this row."""
        self._completion.click(index)
        self.focus()

    def close_offers(self) -> bool:
        """Offer nothing any more; whether anything was offered."""
        return self._completion.dismiss()

    def _removes(self) -> bool:
        """Remove the mark before the cursor as a whole, or at the beginning the last file."""
        if not self.selection.is_empty:
            return False
        mark = self.enclosures.pasted.ends_with_mark(self.before)
        if mark:
            self.replace_before(len(mark), "")
        return bool(mark) or (self.cursor_location == (0, 0) and self.enclosures.remove_last())

    def _recalls(self, by: int) -> bool:
        """Show an earlier question from the first row, a later one from the last."""
        if not self.is_at_edge(by):
            return False
        if self.earlier_questions is not None:
            load, self.earlier_questions = self.earlier_questions, None
            self.run_worker(self._load_earlier(load))
        return self._walk(by)

    def _walk(self, by: int) -> bool:
        text = self.sent.older(self.text) if by < 0 else self.sent.newer(self.text)
        if text is None:
            return False
        self.show_text(self._folded_to_fit(text))
        if by < 0:
            # Where the next Up goes on at once
            self.move_cursor((0, len(self.document.get_line(0))))
        return True

    async def _load_earlier(self, load: Callable[[], Sequence[str]]) -> None:
        had_none = self.sent.is_empty
        self.sent.remember_earlier(await beside(load))
        if had_none and not self.text:
            self._walk(-1)

    # ---- changes ---------------------------------------------------------------------------

    def _on_text_area_changed(self) -> None:
        if not self.sends_nothing:
            self._completion.find()
            if self.enclosures.pasted:
                self.enclosures.show()
            self.keep_draft()

    def _on_text_area_selection_changed(self) -> None:
        if not self.sends_nothing:
            self._completion.find()

    def keep_draft(self) -> None:
        """Hand the draft over within a second."""
        if self.on_draft is not None and not self._draft_waits:
            self._draft_waits = True
            self.set_timer(DRAFT_SECONDS, self.hand_over_draft)

    def hand_over_draft(self) -> None:
        """Hand the draft over now: for a screen that is about to be left."""
        self._draft_waits = False
        if self.on_draft is not None and not self.sends_nothing:
            self.on_draft(self.draft)

    # ---- pastes ----------------------------------------------------------------------------

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        await self._insert(event.text)

    async def action_paste(self) -> None:  # type: ignore[override]  # Textual awaits either
        """Insert what was copied in here."""
        await self._insert(self.app.clipboard)

    async def _insert(self, pasted: str) -> None:
        if self.read_only:
            return
        if size_bytes(pasted) > FOLDED_BYTES:
            self.post_message(PasteRefused(size_bytes(pasted), FOLDED_BYTES))
            return
        # Terminals send a line end as \r; `clean` would drop it
        text = clean(pasted.replace("\r\n", "\n").replace("\r", "\n"))
        may_fold = not self.sends_nothing
        if may_fold and (path := await dropped_file(pasted)):
            text = text.strip()
            self._type(text)
            self._completion.offer_dropped(path, text)
        elif may_fold and is_long(text):
            self._fold(text)
        elif size_bytes(text) + size_bytes(self.text) > LIMIT_BYTES:
            self.post_message(PasteRefused(size_bytes(pasted), LIMIT_BYTES))
        else:
            self._type(text)

    def _fold(self, text: str) -> None:
        if self.enclosures.has_room_for(text):
            self._type(self.enclosures.pasted.fold(text).mark)
        else:
            self.post_message(PasteRefused(size_bytes(text), FOLDED_BYTES))

    def _type(self, text: str) -> None:
        self._replace_via_keyboard(text, *self.selection)
        self.scroll_cursor_visible(animate=False)
