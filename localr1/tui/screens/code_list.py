"""A sheet that lets a person choose one of the code blocks of an answer."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from localr1.tui.markdown.pressable import CodeBlock
from localr1.tui.marks import one_line
from localr1.tui.screens.overlay import Overlay
from localr1.units import count

_WORDS = 60


class CodeList(Overlay[int]):
    """Its result is the number of the block, from 0, or None where the person leaves.

    Args:
        question: what the choice is for.
        blocks: in the order of the answer.
    """

    def __init__(self, question: str, blocks: Sequence[CodeBlock]) -> None:
        super().__init__()
        self._question = question
        self._options = OptionList(
            *(Option(_line(number, block)) for number, block in enumerate(blocks, 1)),
            id="codes",
            compact=True,
            markup=False,
        )
        self._options.highlighted = len(blocks) - 1

    def compose(self) -> ComposeResult:
        """The question above the blocks."""
        with Vertical(classes="sheet"):
            yield Static(Content(self._question), markup=False)
            yield self._options
            yield Static(
                Content("Enter or its number takes one, Esc leaves."),
                classes="closing",
                markup=False,
            )

    def on_mount(self) -> None:
        """The last block is the likeliest."""
        self._options.focus()

    def key_number(self, number: int) -> None:
        """Take the block with this number, from 1."""
        if 1 <= number <= self._options.option_count:
            self.dismiss(number - 1)

    def on_key(self, event: events.Key) -> None:
        """A digit takes a block at once."""
        if event.character and event.character.isdecimal() and event.character.isascii():
            event.stop()
            self.key_number(int(event.character))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take the block under the cursor."""
        self.dismiss(event.option_index)


def _line(number: int, block: CodeBlock) -> Content:
    first = next((line for line in block.code.split("\n") if line.strip()), "")
    lines = count(block.code.count("\n") + 1, "line")
    return Content.assemble(
        (f"{number}  ", "$text-muted"),
        one_line(first, _WORDS),
        (f"   {one_line(block.language, 20) or 'code'}, {lines}", "$text-muted"),
    )
