"""What fills the context window, as a person reads it: a bar for each kind, and what frees room."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rich.cells import cell_len

from localr1.session.context_use import ContextUse, Kind, LiveKind
from localr1.tui.actions import PICKED_KEYS, key_names
from localr1.tui.glyphs import meter
from localr1.tui.keymap import Keymap
from localr1.tui.marks import one_line
from localr1.tui.rows import Row, Span
from localr1.units import count

_LABELS: dict[Kind | LiveKind, tuple[str, str]] = {
    "system": ("System prompt", "System"),
    "questions": ("Questions", "Questions"),
    "files": ("Files", "Files"),
    "answers": ("Answers", "Answers"),
    "thoughts": ("Carried thoughts", "Carried"),
    "marks": ("Marks of turns", "Marks"),
    "prompt": ("Prompt", "Prompt"),
    "thinking": ("This thought", "Thought"),
    "reply": ("This answer", "Answer"),
}
_KEPT = ("Kept for the answer", "Kept")
_FREE = ("Free", "Free")

WARNING = "! "
"""Before a sentence that warns."""

_THOUGHT_ENDS = f"{WARNING}Nearly full: the thought ends soon, what is left is kept for the answer."

_GAP = "  "
_NARROW = 52
_BAR_CELLS_AT_MOST = 40


class Gauge(NamedTuple):
    """How much of the window something takes."""

    label: str
    short: str
    """The label where there is little room."""
    tokens: int
    n_ctx: int
    is_taken: bool = True

    @property
    def share(self) -> str:
        """Of the window, in per cent."""
        percent = round(100 * self.tokens / self.n_ctx)
        return f"{percent} %" if percent or not self.tokens else "<1 %"


def gauges(use: ContextUse) -> list[Gauge]:
    """A gauge for each kind there is, then for what is free and what is kept."""
    taken = [
        Gauge(*labels, use.parts[kind], use.n_ctx)
        for kind, labels in _LABELS.items()
        if kind in use.parts
    ]
    kept = Gauge(*_KEPT, use.kept_tokens, use.n_ctx, is_taken=False)
    free = Gauge(*_FREE, use.free_tokens, use.n_ctx, is_taken=False)
    return [*taken, free, kept]


def gauge_rows(shown: list[Gauge], width: int) -> Iterator[Row]:
    """One row for each: label, bar, tokens and share, as far as there is room."""
    labels = [each.short if width < _NARROW else each.label for each in shown]
    numbers = [f"{each.tokens:,}" for each in shown]
    label_cells, number_cells, share_cells = (
        max(map(cell_len, texts)) for texts in (labels, numbers, [each.share for each in shown])
    )
    room = width - label_cells - number_cells - share_cells - 3 * len(_GAP)
    cells = max(0, min(room, _BAR_CELLS_AT_MOST))
    for label, number, each in zip(labels, numbers, shown, strict=True):
        full, rest = meter(each.tokens / each.n_ctx, cells)
        yield Row(
            [
                Span(f"{label:<{label_cells}}{_GAP}", ("gauge--label",)),
                Span(full, ("gauge--full" if each.is_taken else "gauge--rest",)),
                Span(rest + _GAP, ("gauge--rest",)),
                Span(f"{number:>{number_cells}}{_GAP}"),
                Span(f"{each.share:>{share_cells}}", ("gauge--label",)),
            ]
        )


def headline(use: ContextUse) -> str:
    """How full the window is, or will be."""
    numbers = f"{use.taken_tokens:,} of {count(use.n_ctx, 'token')}"
    return f"The window holds {numbers}." if use.is_live else f"The next prompt takes {numbers}."


def advice(use: ContextUse, keymap: Keymap, *, held: int, n_ctx_train: int) -> list[str]:
    """What would free room, the most telling first.

    Args:
        use: of the window.
        keymap: how keys are called now.
        held: tokens that the window holds with the last thought.
        n_ctx_train: the largest window of the model.
    """
    if use.is_live:
        thinks = "reply" not in use.parts
        return [_THOUGHT_ENDS] if use.is_nearly_full and thinks else []
    sentences = [_left_out(use), _carried(use, keymap), _file(use, keymap)]
    if use.free_tokens < use.n_ctx // 4:
        key = keymap.label("new_conversation") or "/new"
        sentences.append(f"{key} begins a conversation with an empty window.")
        if n_ctx_train > use.n_ctx:
            sentences.append("n_ctx in /settings makes the window larger.")
    if held > use.taken_tokens:
        sentences.append(
            f"{count(held, 'token')} are held now: a thought that is not carried leaves the window "
            "with your next question."
        )
    return [sentence for sentence in sentences if sentence]


def _left_out(use: ContextUse) -> str:
    if not use.left_out:
        return ""
    if use.left_out == 1:
        return "The oldest message no longer fits: the next prompt leaves it out."
    return f"The oldest {use.left_out:,} messages no longer fit: the next prompt leaves them out."


def _carried(use: ContextUse, keymap: Keymap) -> str:
    if not use.carried:
        return ""
    takes = "take" if use.carried > 1 else "takes"
    thoughts = count(use.carried, "carried thought")
    tokens = count(use.parts.get("thoughts", 0), "token")
    pick = keymap.label("pick")
    how = f"{pick} picks a turn, " if pick else ""
    key = keymap.label("carry_thought") or "/carry"
    return f"{thoughts} {takes} {tokens}; {how}{key} leaves its thought out."


def _file(use: ContextUse, keymap: Keymap) -> str:
    file = use.longest_file
    if file is None or file.tokens * 10 < use.n_ctx:
        return ""
    pick, edit = keymap.label("pick"), _single_key("edit_question")
    keys = f"{pick}, {edit}" if pick else "/edit"
    takes = f"{one_line(file.name, 40)} takes {count(file.tokens, 'token')}"
    return f"{takes}; edit its question ({keys}) to leave it out."


def _single_key(name: str) -> str:
    return next(key_names(key).upper() for key, each in PICKED_KEYS.items() if each == name)
