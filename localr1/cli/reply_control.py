"""A reply while it is written, and the person at the terminal who steers it.

`e` and Enter: answer now. `p` and Enter: pause; the next lines change the thought or go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any, Literal, NamedTuple

from localr1.cli.output import Printer
from localr1.cli.show import EventShower
from localr1.cli.thought_edit import end_of, is_take_back, with_words, without_last_sentences
from localr1.cli.typed_lines import TypedLines
from localr1.engine.protocol import Answer, Done, Event, Prompt, Reasoning
from localr1.session import ChatSession
from localr1.session.reply_builder import begun_reply

_KEYS = "e Enter: answer now · p Enter: pause and add to the thought · Ctrl-C: stop"
_KEYS_SIDE_BY_SIDE = "e Enter: answer now · Ctrl-C: stop"
_PAUSED_IN_THOUGHT = (
    "Paused. Type words for the thought, < to take back a sentence, or Enter to go on."
)
_PAUSED_IN_ANSWER = "Paused. Enter goes on with the answer, Ctrl-C stops it."
_LEFT_CHARACTERS = 70
"""Of the end of a thought: a line of a usual terminal."""


Phase = Literal["waiting", "reading", "reasoning", "answer"]
"""What the reply is at: nothing yet, its prompt, its thought, its answer. Of several replies
side by side it is the thought, until all are done."""


class Change(NamedTuple):
    """How a paused reply goes on."""

    reasoning: str | None
    """What the thought says now; None leaves it."""


class ReplyControl:
    """Shows replies of a session, and lets typed lines act on them.

    Args:
        session: writes the replies.
        events: shows them.
        printer: for hints.
        lines: what a person types; None where standard input is no terminal.
        keeps_lines: lines that are no keys are kept for the next message.
    """

    def __init__(
        self,
        session: ChatSession,
        events: EventShower,
        printer: Printer,
        lines: TypedLines | None,
        *,
        keeps_lines: bool = False,
    ) -> None:
        self._session = session
        self._events = events
        self._printer = printer
        self._lines = lines
        self._keeps_lines = keeps_lines
        self._paused_lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._hint_shown = self._pause_asked = self._interrupted = self._hurry = False
        self._phase: Phase = "waiting"
        self._samples = 1
        self.kept_lines: list[str] = []
        """Typed while a reply was written, for the next prompts."""
        self.input_ended = False
        """Ctrl-D was typed while a reply was written."""

    # ---- the reply -------------------------------------------------------------------------

    async def follow(
        self, reply: AsyncIterator[Event], *, samples: int = 1, goes_on: bool = False
    ) -> Event | None:
        """Show a reply to its end, pauses included; answers its last event."""
        self._samples = samples
        self._events.begin(samples, goes_on=goes_on)
        self._interrupted = self._hinted = False
        if self._lines:
            self._lines.start(asyncio.get_running_loop(), self._on_line)
        try:
            last = await self._show(reply)
            while isinstance(last, Done) and (change := await self._ask_at_pause(last)):
                self._events.begin(goes_on=True)
                last = await self._show(self._session.go_on(change.reasoning))
            return last
        finally:
            if self._lines and (begun := self._lines.stop()):
                self.kept_lines.append(begun)
            self._take_early_lines()

    def interrupt(self) -> None:
        """The person pressed Ctrl-C: a pause is over, and the reply with it."""
        self._interrupted = True
        self._printer.after_interrupt()
        self._paused_lines.put_nowait(None)

    def answer_now(self) -> None:
        """End the thought, or do so as soon as one is about to begin."""
        if self._phase in ("reading", "reasoning"):
            self._start(self._session.answer_now())
        self._hurry = self._phase == "waiting"

    async def _show(self, reply: AsyncIterator[Event]) -> Event | None:
        last: Event | None = None
        self._take_early_lines()
        async for event in reply:
            self._notice_phase(event)
            if isinstance(event, Done) and self._is_pause(event):
                self._events.pause(event)
            else:
                self._events.show(event)
            last = event
        self._phase = "waiting"
        return last

    def _is_pause(self, last: Done) -> bool:
        is_cut = last.finish_reason == "cancelled"
        return is_cut and self._pause_asked and not self._interrupted

    def _take_early_lines(self) -> None:
        """Lines typed for a pause that is over, or that never came, act like any other."""
        self._pause_asked = False
        early = [self._paused_lines.get_nowait() for _ in range(self._paused_lines.qsize())]
        for line in early:
            self._take(line)

    def _notice_phase(self, event: Event) -> None:
        if isinstance(event, Prompt) and self._phase == "waiting":
            self._phase = "reading"
            if self._hurry:
                self.answer_now()
        elif isinstance(event, (Reasoning, Answer)):
            if self._phase in ("waiting", "reading"):
                self._show_keys()
            is_answer = isinstance(event, Answer) and self._samples == 1
            self._phase = "answer" if is_answer else "reasoning"

    def _show_keys(self) -> None:
        if self._lines and self._printer.talks_to_person and not self._hint_shown:
            self._hint_shown = True
            self._printer.dim_line(self._keys)

    @property
    def _keys(self) -> str:
        return _KEYS if self._samples == 1 else _KEYS_SIDE_BY_SIDE

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ---- what is typed ---------------------------------------------------------------------

    def _on_line(self, line: str | None) -> None:
        self._printer.after_enter()
        if self._pause_asked:
            self._paused_lines.put_nowait(line)
        else:
            self._take(line)

    def _take(self, line: str | None) -> None:
        word = (line or "").strip()
        if word == "e":
            self._on_answer_key()
        elif word == "p":
            self._on_pause_key()
        elif line is None:
            self.input_ended = not self._interrupted
        elif word:
            self._on_other(line)

    def _on_answer_key(self) -> None:
        if self._phase == "answer":
            self._printer.dim_line("It is answering already.")
        else:
            self.answer_now()

    def _on_pause_key(self) -> None:
        if self._samples > 1:
            self._printer.dim_line(f"Replies side by side cannot be paused. {self._keys}")
        elif self._phase in ("reasoning", "answer"):
            self._pause_asked = True
            self._start(self._session.stop())
        else:
            self._printer.dim_line("Nothing is written yet that could be paused.")

    def _on_other(self, line: str) -> None:
        if self._keeps_lines:
            self.kept_lines.append(line)
        if not self._hinted:
            self._hinted = True
            is_kept = self._keeps_lines
            self._printer.dim_line("Kept for your next message." if is_kept else self._keys)

    # ---- a pause ---------------------------------------------------------------------------

    async def _ask_at_pause(self, last: Done) -> Change | None:
        """How to go on, by typed lines; None where there is no pause, or it is left."""
        if not self._is_pause(last):
            return None
        reply = self._session.messages[-1]
        thought = reply.reasoning.text if reply.reasoning else ""
        is_over = begun_reply(reply).is_closed
        change = await (self._change_of_answer() if is_over else self._change_of(thought))
        if change is None:
            self._events.leave(last)
        elif change.reasoning is not None:
            self._events.replace_thought(change.reasoning)
        return change

    async def _change_of_answer(self) -> Change | None:
        while True:
            self._printer.dim_line(_PAUSED_IN_ANSWER)
            line = await self._next_line()
            if line is None:
                return None
            if not line.strip():
                return Change(None)

    async def _change_of(self, thought: str) -> Change | None:
        left = thought
        if not self._events.shows_thoughts:
            self._show_end_of(left)
        self._printer.dim_line(_PAUSED_IN_THOUGHT)
        while (line := await self._next_line()) is not None:
            if is_take_back(line):
                left = without_last_sentences(left, line.strip().count("<"))
                self._show_end_of(left)
            elif line.strip():
                return Change(with_words(left, line))
            else:
                return Change(None if left == thought else left)
        return None

    def _show_end_of(self, thought: str) -> None:
        self._printer.dim_line(end_of(thought, _LEFT_CHARACTERS) or "The thought is empty.")

    async def _next_line(self) -> str | None:
        return None if self._interrupted else await self._paused_lines.get()
