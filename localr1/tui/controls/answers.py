"""What is in an answer: its code, its formulas, its links, and all of a turn as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from localr1.terminal_text import clean
from localr1.tui.markdown.pressable import CodeBlock
from localr1.tui.saving import Saving, suggested_name

if TYPE_CHECKING:
    from localr1.tui.screens.chat import ChatScreen
    from localr1.tui.turn import Turn


class Answers:
    """The actions of the scope "answer", on the current turn."""

    def __init__(self, screen: ChatScreen) -> None:
        self._screen = screen
        self._saving = Saving(screen)

    # ---- code ------------------------------------------------------------------------------

    async def copy_code(self) -> None:
        """Copy a code block of the answer; of several the person chooses one."""
        self._with_block("Copy which code?", self.copy_block)

    async def save_code(self) -> None:
        """Save a code block of the answer to a file."""
        self._with_block("Save which code?", self._save)

    def copy_block(self, block: CodeBlock) -> None:
        """Copy this code."""
        self._screen.put_on_clipboard(clean(block.code), "the code", suggested_name(block))

    def _save(self, block: CodeBlock) -> None:
        self._saving.ask(f"{clean(block.code)}\n", suggested_name(block))

    def _with_block(self, question: str, use: Callable[[CodeBlock], None]) -> None:
        turn = self._screen.current_turn
        blocks: Sequence[CodeBlock] = turn.answer.code_blocks() if turn else ()
        if not blocks:
            self._screen.say("There is no code in this answer.")
        elif len(blocks) == 1:
            use(blocks[0])
        else:
            self._choose(question, blocks, use)

    def _choose(
        self, question: str, blocks: Sequence[CodeBlock], use: Callable[[CodeBlock], None]
    ) -> None:
        # Imported when first wanted
        from localr1.tui.screens.code_list import CodeList

        def chosen(number: int | None) -> None:
            if number is not None:
                use(blocks[number])

        self._screen.app.push_screen(CodeList(question, blocks), chosen)

    # ---- the whole turn --------------------------------------------------------------------

    async def copy_turn(self) -> None:
        """Copy question, thinking and answer as Markdown."""
        turn = self._screen.current_turn
        if turn is None:
            self._screen.say("There is nothing to copy yet.")
        else:
            self._screen.put_on_clipboard(turn_as_markdown(turn), "the turn", "turn.md")

    # ---- formulas and links ----------------------------------------------------------------

    async def maths_source(self) -> None:
        """Show the formulas of the answer as LaTeX, or as text again."""
        turn = self._screen.current_turn
        if turn is None or not turn.answer.text:
            self._screen.say("There is no answer yet.")
            return
        turn.answer.show_source(not turn.answer.shows_source)
        shown = "LaTeX" if turn.answer.shows_source else "text"
        self._screen.say(f"Formulas of this answer are shown as {shown}.")

    def ask_to_open(self, address: str) -> None:
        """Show where a link leads, and open it if the person says so."""
        # Imported when first wanted
        from localr1.tui.links import place_of
        from localr1.tui.screens.link import LinkScreen

        place = place_of(address)
        if place is None:
            self._screen.say(f"Only web addresses can be opened, not {address}")
        else:
            self._screen.app.push_screen(LinkScreen(place), self._opened)

    def _opened(self, word: str | None) -> None:
        if word:
            self._screen.say(word)


def turn_as_markdown(turn: Turn) -> str:
    """The question, the thinking folded, and the answer as it was written."""
    blocks = ["## You", turn.question.text.strip()]
    if turn.trace.text or turn.answer.text:
        blocks.append("## Reply")
    if turn.trace.text:
        quoted = "\n".join(f"> {line}".rstrip() for line in turn.trace.text.strip().split("\n"))
        blocks += ["<details>\n<summary>Thinking</summary>", quoted, "</details>"]
    return "\n\n".join([*blocks, turn.answer.text.strip()]).strip() + "\n"
