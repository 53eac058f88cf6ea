"""Replies that are written side by side: progress while they are, then each in its turn."""

from __future__ import annotations

import time

from localr1.chat.boxed import Vote, last_boxed
from localr1.cli.output import Printer
from localr1.cli.reply_summary import heading, kept_heading
from localr1.engine.protocol import Answer, Notice, Reasoning
from localr1.units import count

_STATUS_SECONDS = 0.1
"""Ten times a second is as quick as numbers can be read."""


class SideBySide:
    """Collects the texts of several replies, and shows them when all have ended.

    Args:
        printer: the sink.
        samples: how many replies there are.
        reasoning: "show", "hide" or "only".
    """

    def __init__(self, printer: Printer, samples: int, reasoning: str) -> None:
        self._printer = printer
        self._reasoning = reasoning
        self._thoughts: list[list[str]] = [[] for _ in range(samples)]
        self._answers: list[list[str]] = [[] for _ in range(samples)]
        self._notices: list[str] = []
        self._tokens = 0
        self._started_at = self._shown_at = time.monotonic()

    def take(self, event: Reasoning | Answer | Notice) -> None:
        """Add what this event says."""
        if isinstance(event, Notice):
            self._take_notice(event)
            return
        texts = self._thoughts if isinstance(event, Reasoning) else self._answers
        texts[event.sample].append(event.text)
        self._tokens += event.tokens
        self._show_status()

    @property
    def has_text(self) -> bool:
        """Whether anything was written."""
        return any(self._thoughts) or any(self._answers)

    def _take_notice(self, event: Notice) -> None:
        if event.kind == "late_reasoning":
            self._thoughts[event.sample] += self._answers[event.sample]
            self._answers[event.sample] = []
        self._notices.append(
            event.text if event.kind == "vote" else f"Reply {event.sample + 1}: {event.text}"
        )

    def _show_status(self) -> None:
        now = time.monotonic()
        if now - self._shown_at < _STATUS_SECONDS:
            return
        self._shown_at = now
        answering = sum(1 for answer in self._answers if answer)
        speed = self._tokens / (now - self._started_at)
        self._printer.status(
            f"{count(len(self._answers), 'reply', 'replies')} side by side, {answering} answering; "
            f"{count(self._tokens, 'token')}, {speed:.1f} tokens/s"
        )

    def show(self, vote: Vote | None) -> None:
        """Show all replies in order, the kept one once more at the end."""
        self.show_replies()
        kept = vote.voters[0] if vote else 0
        self._show_heading(kept_heading(kept + 1, vote))
        self._printer.data(f"{self._shown(kept)}\n")
        for text in self._notices:
            self._printer.line(text)

    def show_replies(self) -> None:
        """Show all replies in order, as far as they were written."""
        replies = len(self._answers)
        for number in range(replies):
            answer = "".join(self._answers[number]).strip()
            self._show_heading(heading(number + 1, replies, last_boxed(answer)))
            self._show_reply(number)

    def _show_heading(self, text: str) -> None:
        self._printer.data(f"{text}\n\n")

    def _show_reply(self, number: int) -> None:
        thought = "".join(self._thoughts[number]).strip()
        if self._reasoning == "show" and thought:
            self._printer.aside(thought)
            self._printer.end_aside()
        self._printer.data(f"{self._shown(number)}\n\n")

    def _shown(self, number: int) -> str:
        texts = self._thoughts if self._reasoning == "only" else self._answers
        return "".join(texts[number]).strip()
