"""All conversations: list, open, start, find, pin, rename and delete them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, TypeVar

from localr1.errors import Localr1Error
from localr1.history.store import Conversation, ConversationSummary
from localr1.session.conversations import Conversations
from localr1.tui.marks import one_line
from localr1.tui.saving import Saving

if TYPE_CHECKING:
    from localr1.tui.screens.chat import ChatScreen
    from localr1.tui.screens.search import Found

_Result = TypeVar("_Result")

HINT = "Enter opens   P pin   R rename   D delete   U undo   N new   / search   Esc back"
NOT_KEPT = "Conversations are not kept here, so there is no list."
_TITLE_CHARACTERS = 50


class Lists:
    """The actions of the scope "lists"; they act on the list's cursor, or on what is open."""

    def __init__(self, screen: ChatScreen) -> None:
        self._screen = screen

    async def conversations(self) -> None:
        """Show the list and go there; from there, hide it."""
        listing = self._screen.conversation_list
        if listing.display and listing.has_focus:
            self._screen.show_list(False)
            self._screen.back_to_composer()
        elif self._kept() is not None:
            self._screen.show_list(True)
            await self.refresh()
            listing.focus()

    async def refresh(self) -> None:
        """Read the list again."""
        kept = self._screen.session.conversations
        if kept is not None and self._screen.conversation_list.display:
            summaries = await self._or_remark(kept.list())
            if summaries is not None:
                self._screen.conversation_list.show(summaries, self._screen.session.conversation_id)

    async def open(self, identity: str) -> bool:
        """Show another conversation; whether it is shown now."""
        session = self._screen.session
        if identity == session.conversation_id:
            return True
        kept = self._kept()
        if kept is None or not self._screen.may_leave():
            return False
        conversation = await self._or_remark(kept.open(identity))
        if conversation is None:
            return False
        await self._take_up(conversation)
        return True

    async def _take_up(self, conversation: Conversation | None) -> None:
        await self._screen.keep_draft()
        await self._screen.session.take_up(conversation)
        self._screen.show_conversation()
        self._screen.back_to_composer()
        await self.refresh()

    async def new_conversation(self) -> None:
        """Start another conversation with the same model."""
        session = self._screen.session
        if not self._screen.may_leave():
            return
        if session.messages:
            kept = session.conversations
            await self._take_up(kept.create(session.model_name) if kept else None)
        self._screen.composer.focus()

    # ---- one of them -----------------------------------------------------------------------

    async def pin(self) -> None:
        """Keep it at the top of the list, or not any more."""
        kept, chosen = self._kept(), await self._chosen()
        if kept is not None and chosen is not None:
            await self._change(kept.pin(chosen.id, not chosen.pinned))

    async def rename(self, title: str = "") -> None:
        """Give it another title, asked for where none is given."""
        chosen = await self._chosen()
        if chosen is None:
            return
        if title:
            await self._rename(chosen, title)
            return

        def take(line: str | None) -> None:
            if line:
                self._screen.run_worker(self._rename(chosen, line))

        from localr1.tui.screens.line_question import LineQuestion

        question = LineQuestion("Title of the conversation", chosen.title)
        self._screen.app.push_screen(question, take)

    async def _rename(self, chosen: ConversationSummary, title: str) -> None:
        kept = self._kept()
        if kept is None:
            return
        if chosen.id == self._screen.session.conversation_id:
            await self._change(self._screen.session.rename(title))
        else:
            await self._change(kept.rename(chosen.id, title))

    async def delete(self) -> None:
        """Delete it; `undo_delete` brings it back until the program ends."""
        kept, chosen = self._kept(), await self._chosen()
        if kept is None or chosen is None:
            return
        if chosen.id == self._screen.session.conversation_id:
            if not self._screen.may_leave():
                return
            await self._take_up(kept.create(self._screen.session.model_name))
        if not await self._change(kept.delete(chosen)):
            return
        title = one_line(chosen.title, _TITLE_CHARACTERS)
        self._screen.say(f"Deleted: {title}. U in the list, or /undo, brings it back.")

    async def undo_delete(self) -> None:
        """Bring back the conversation that was deleted last."""
        kept = self._kept()
        if kept is None:
            return
        remark = await self._or_remark(_bring_back(kept))
        if remark is not None:
            self._screen.say(remark)
        await self.refresh()

    async def _chosen(self) -> ConversationSummary | None:
        """The one at the list's cursor where that has the focus, else the one that is open."""
        kept = self._kept()
        if kept is None:
            return None
        if self._screen.conversation_list.has_focus:
            return self._screen.conversation_list.chosen
        identity = self._screen.session.conversation_id
        summaries = await self._or_remark(kept.list()) or ()
        found = next((each for each in summaries if each.id == identity), None)
        if found is None:
            self._screen.say("This conversation has no message yet.")
        return found

    async def _change(self, work: Awaitable[None]) -> bool:
        """Whether the history let it happen."""
        is_done = await self._or_remark(_done(work)) is not None
        self._screen.show_title()
        await self.refresh()
        return is_done

    # ---- taking it along -------------------------------------------------------------------

    async def export(self, form: str = "") -> None:
        """Save the conversation to a file, as Markdown where no other form is named."""
        from localr1.chat.exporting import FORMATS, export_name, export_text
        from localr1.session.whole_conversation import whole_conversation

        named = form.strip().lower() or FORMATS[0]
        chosen = next((each for each in FORMATS if each == named), None)
        if chosen is None:
            self._screen.say(f"Forms are {', '.join(FORMATS)}.")
            return
        tree = await self._or_remark(whole_conversation(self._screen.session))
        if tree is None or not tree.messages:
            self._screen.say("There is nothing to export yet.")
            return
        text = await asyncio.to_thread(export_text, tree, chosen)
        name = export_name(tree.title, tree.created_at, chosen)
        Saving(self._screen).ask(text, name, "Export to")

    # ---- finding ---------------------------------------------------------------------------

    async def search_all(self, words: str = "") -> None:
        """Look for words in all conversations."""
        kept = self._kept()
        if kept is None:
            return

        from localr1.tui.screens.search import SearchScreen

        def visit(found: Found | None) -> None:
            if found is not None:
                self._screen.run_worker(self._visit(found))

        self._screen.app.push_screen(SearchScreen(kept, words), visit)

    async def _visit(self, found: Found) -> None:
        hit = found.hit
        if not await self.open(hit.conversation_id):
            return
        position = await self._or_remark(self._screen.visit(hit))
        if position is not None and hit.ranges:
            start, end = hit.ranges[0]
            await self._screen.find(hit.snippet[start:end], position)

    # ---- what may go wrong -----------------------------------------------------------------

    def _kept(self) -> Conversations | None:
        kept = self._screen.session.conversations
        if kept is None:
            self._screen.say(NOT_KEPT)
        return kept

    async def _or_remark(self, work: Awaitable[_Result]) -> _Result | None:
        """What the work gives; None, and a remark, where the history refuses."""
        try:
            return await work
        except Localr1Error as error:
            self._screen.say_error(error)
            return None


async def _done(work: Awaitable[None]) -> bool:
    await work
    return True


async def _bring_back(kept: Conversations) -> str:
    """What to say of it."""
    restored = await kept.undo_delete()
    if restored is None:
        return "Nothing was deleted since the start."
    return f"Back again: {one_line(restored.title, _TITLE_CHARACTERS)}"
