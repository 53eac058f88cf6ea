"""A turn picked by the person: ask its question again, let the model reply again, change branch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localr1.chat.effort import EFFORT_TOKENS, Asked, Effort

if TYPE_CHECKING:
    from localr1.tui.screens.chat import ChatScreen
    from localr1.tui.turn import Turn

_EFFORTS: tuple[Effort, ...] = tuple(EFFORT_TOKENS)
HINT = (
    "↑ ↓ turn   E edit   R again   C copy   B code   T thinking   [ ] branch   V compare   Esc back"
)


class Turns:
    """The actions of the scope "turns"; `picked` is the turn that single keys act on."""

    def __init__(self, screen: ChatScreen) -> None:
        self._screen = screen
        self.picked: Turn | None = None

    # ---- picking ---------------------------------------------------------------------------

    async def pick(self) -> None:
        """Pick the last turn, or give the keys back to the composer."""
        if not self._screen.composer.has_focus:
            self._screen.back_to_composer()
        else:
            # There Tab completes first; a key that was typed before it may have begun something
            self._screen.composer.complete_or(self._pick_last)

    def _pick_last(self) -> None:
        if self._screen.turns:
            self._pick(self._screen.turns[-1])
            self._screen.transcript.focus()
        else:
            self._screen.say("There is no turn yet.")

    async def pick_earlier(self) -> None:
        """Pick the turn before."""
        self._move(-1)

    async def pick_later(self) -> None:
        """Pick the turn after; after the last one comes the composer."""
        self._move(1)

    def _move(self, step: int) -> None:
        turns = self._screen.turns
        if self.picked not in turns:
            return
        position = turns.index(self.picked) + step
        if position == len(turns):
            self._screen.back_to_composer()
        elif position >= 0:
            self._pick(turns[position])
        else:
            self._screen.transcript.scroll_home(animate=False)

    def _pick(self, turn: Turn) -> None:
        self._unmark()
        self.picked = turn
        turn.show_picked(True)
        self._screen.transcript.show_turn(turn)
        self._screen.status_line.show_hint(HINT)

    def forget(self) -> None:
        """Nothing is picked any more."""
        self._unmark()
        self.picked = None
        self._screen.status_line.show_hint("")

    def _unmark(self) -> None:
        if self.picked is not None:
            self.picked.show_picked(False)

    # ---- asking again ----------------------------------------------------------------------

    async def edit_question(self) -> None:
        """Put the question into the composer; sent, it goes on from there on a new branch."""
        turn = self._screen.current_turn
        if turn is not None and self._screen.may_change():
            self._screen.back_to_composer()
            self._screen.edit_question(turn)

    async def again(self) -> None:
        """Another reply to the same question; the one that is there stays as a branch."""
        await self._again(None)

    async def think_more(self) -> None:
        """Another reply that may think longer."""
        effort = self._next_effort()
        await self._again(Asked(origin="this reply", effort=effort))

    def _next_effort(self) -> Effort:
        """The first one that allows more than replies may think now."""
        tokens = self._screen.session.reasoning_limit.tokens
        if tokens is None:
            return "unlimited"
        return next(
            (name for name, most in EFFORT_TOKENS.items() if most is None or most > tokens),
            "unlimited",
        )

    async def _again(self, limit: Asked | None) -> None:
        turn = self._screen.current_turn
        if turn is not None and self._screen.may_change():
            self._screen.back_to_composer()
            self._screen.ask_again(turn, limit)

    # ---- branches --------------------------------------------------------------------------

    async def previous_branch(self) -> None:
        """The reply, or else the question, that was there before."""
        self.turn_branch(-1)

    async def next_branch(self) -> None:
        """The reply, or else the question, that came after."""
        self.turn_branch(1)

    def turn_branch(self, step: int, turn: Turn | None = None) -> None:
        """Show another branch of this turn, or of the current one."""
        turn = turn or self._screen.current_turn
        if turn is None or not self._screen.may_leave():
            return
        session = self._screen.session
        for position in (turn.position + 1, turn.position):
            if position < len(session.messages):
                number, count = session.branches(position)
                if count > 1:
                    self._choose(position, (number + step) % count)
                    return
        self._screen.say("There is no other branch here; R makes another reply.")

    def _choose(self, position: int, number: int) -> None:
        self._screen.change(self._show_branch(position, number))

    async def _show_branch(self, position: int, number: int) -> None:
        screen = self._screen
        await screen.session.choose(position, number)
        messages = screen.session.messages
        start = position if messages[position].role == "user" else position - 1
        was_picked = self.picked is not None
        screen.show_from(start)
        if was_picked and (turn := screen.turn_at(start)) is not None:
            self._pick(turn)

    async def compare(self) -> None:
        """Show all replies to this question side by side."""
        screen, turn = self._screen, self._screen.current_turn
        position = turn.position + 1 if turn else 0
        if turn is None or position >= len(screen.session.messages):
            screen.say("There is no reply to compare.")
            return
        replies = screen.session.siblings(position)
        if len(replies) < 2:
            screen.say("There is one reply only; R makes another.")
            return

        def keep(number: int | None) -> None:
            if number is not None and screen.may_leave():
                self._choose(position, number)

        shown, _ = screen.session.branches(position)
        from localr1.tui.screens.compare import CompareScreen

        screen.app.push_screen(CompareScreen(replies, shown), keep)
