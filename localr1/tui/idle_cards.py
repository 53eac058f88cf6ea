"""GPUs that sit idle while a model runs on the processor: told once in a chat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localr1.tui.composing.threads import beside
from localr1.tui.keymap import keymap_of
from localr1.tui.marks import one_line

if TYPE_CHECKING:
    from localr1.advice.report import Problem
    from localr1.hardware.load_plan import LoadPlan
    from localr1.tui.screens.chat import ChatScreen


class IdleCards:
    """Looks for them after a load: a driver can take seconds to answer."""

    def __init__(self, screen: ChatScreen) -> None:
        self._screen = screen
        self._has_looked = False

    def look(self) -> None:
        """Look, unless that was done; nothing where no model is loaded."""
        plan = self._screen.session.plan
        if plan is not None and not self._has_looked:
            self._has_looked = True
            self._screen.run_worker(self._look(plan), group="cards")

    async def _look(self, plan: LoadPlan) -> None:
        settings = self._screen.session.settings

        def find() -> list[Problem]:
            from localr1.advice.unused_cards import idle_cards

            return idle_cards(plan, settings)

        for problem in await beside(find):
            doctor = keymap_of(self._screen).way_to("doctor")
            words = f"{one_line(problem.message)}. {doctor} says what to do."
            self._screen.transcript.note().add(words, "warning")
