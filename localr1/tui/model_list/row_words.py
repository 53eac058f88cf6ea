"""Rows of the models screen, laid out for the width there is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

from localr1.tui.glyphs import ELLIPSIS, meter
from localr1.tui.marks import one_line
from localr1.tui.model_list.phrases import short_name, speed_words, used_words
from localr1.tui.model_list.progress import FetchWords
from localr1.tui.model_list.rows import Fit, ModelHere, Offer
from localr1.tui.rows import Look, Row, Span
from localr1.units import download_size

IN_USE, PICKED = "●", "★"
_NO_MARK, _INDENT, _GAP = "  ", "    ", "  "
_BAR_CELLS, _LEAST_BAR = 16, 4
_COLUMNS_AT_LEAST = 3
_NAME_CELLS = 22
"""Of a name at least, where it stands in a column."""

_TAIL_CELLS = 12
"""Of a name that is too long: its end tells more than its middle."""


class Line(NamedTuple):
    """One model in columns."""

    mark: str
    name: str
    columns: Sequence[str]
    """Quant, size, window, speed and what else is worth a column; some may be empty."""
    fetch: FetchWords | None = None
    """Takes the place of the columns."""
    is_quiet: bool = False
    """It cannot be used as it is."""


def line_of_model(model: ModelHere, today: date, *, is_loaded: bool) -> Line:
    """A model that is here."""
    told = used_words(model.used_at, today)
    place = one_line(model.place, 30)
    last = "in use" if is_loaded else ", ".join(part for part in (told, place) if part)
    window, speed = ("cannot be used", "") if model.problem else _fit(model.fit)
    quant = one_line(model.quant, 12)
    return Line(
        IN_USE if is_loaded else "",
        short_name(model.name, quant),
        (quant, download_size(model.size_bytes), window, speed, last),
        is_quiet=bool(model.problem) or (model.fit is not None and not model.fit.fits),
    )


def line_of_offer(offer: Offer, fetch: FetchWords | None = None) -> Line:
    """A model that can be fetched, or is being fetched."""
    size = download_size(offer.size_bytes) if offer.size_bytes else ""
    quant = one_line(offer.quant, 12)
    return Line(
        PICKED if offer.reason else "",
        short_name(offer.name, quant),
        (quant, size, *_fit(offer.fit), one_line(offer.quality, 40)),
        fetch,
        is_quiet=offer.fit is not None and not offer.fit.fits,
    )


def _fit(fit: Fit | None) -> tuple[str, str]:
    if fit is None:
        return "", ""
    if not fit.fits:
        return "does not fit", ""
    return f"window {fit.n_ctx:,}", speed_words(fit.tps) if fit.tps else ""


# ---- layout ----------------------------------------------------------------------------------


class Widths(NamedTuple):
    """Cells of the columns."""

    name: int
    columns: Sequence[int]


def widths(lines: Sequence[Line], width: int) -> Widths | None:
    """Columns for these models; the last ones go first, and None means two rows for each."""
    if not lines:
        return None
    names = max(1, *(cell_len(line.name) for line in lines))
    texts = zip(*(line.columns for line in lines), strict=True)
    columns = [max(map(cell_len, each)) for each in texts]
    while len(columns) >= _COLUMNS_AT_LEAST:
        room = width - len(_NO_MARK) - sum(len(_GAP) + cells for cells in columns if cells)
        if room >= min(names, _NAME_CELLS):
            return Widths(min(names, room), columns)
        columns.pop()
    return None


def rows_of(line: Line, columns: Widths | None, width: int) -> list[Row]:
    """One model in these columns, or in two rows."""
    mark = Span(f"{line.mark} " if line.mark else _NO_MARK, ("models--mark",))
    look: Look = ("models--quiet",) if line.is_quiet else ("models--name",)
    if columns is None:
        name = Span(fitted(line.name, width - len(_NO_MARK)).rstrip(), look)
        room = width - len(_INDENT)
        facts = _fetch(line.fetch, room) if line.fetch else [_facts(line.columns, room)]
        return [Row([mark, name]), Row([Span(_INDENT), *facts])]
    name = Span(fitted(line.name, columns.name) + _GAP, look)
    if line.fetch:
        facts = _fetch(line.fetch, width - columns.name - len(_NO_MARK) - len(_GAP))
    else:
        facts = [Span(_in_columns(line.columns, columns.columns), ("models--facts",))]
    return [Row([mark, name, *facts])]


def _in_columns(texts: Sequence[str], cells: Sequence[int]) -> str:
    shown = []
    for number, (text, width) in enumerate(zip(texts, cells, strict=False)):
        if width:
            is_size = number == 1
            shown.append(f"{text:>{width}}" if is_size else set_cell_size(text, width))
    return _GAP.join(shown).rstrip()


def _facts(texts: Sequence[str], width: int) -> Span:
    """As many of the columns as fit into one row, separated by commas."""
    facts = [text for text in texts if text]
    while len(facts) > 1 and cell_len(", ".join(facts)) > width:
        facts.pop()
    return Span(_cut(", ".join(facts), width), ("models--facts",))


def _fetch(fetch: FetchWords, width: int) -> list[Span]:
    """Bar and words; words give way from the end, then the bar."""
    if fetch.is_problem:
        return [Span(_cut(fetch.words, width), ("models--problem",))]
    words = fetch.words.split(_GAP)
    while len(words) > 1 and cell_len(_GAP.join(words)) > width - _LEAST_BAR - len(_GAP):
        words.pop()
    text = _GAP.join(words)
    cells = min(_BAR_CELLS, width - cell_len(text) - len(_GAP))
    told = Span(_cut(text, width), ("models--fetch",))
    if not fetch.has_bar or cells < _LEAST_BAR:
        return [told]
    full, rest = meter(fetch.share, cells)
    return [Span(full, ("models--bar",)), Span(rest, ("models--rest",)), Span(_GAP), told]


def fitted(name: str, cells: int) -> str:
    """The name in so many cells."""
    if cell_len(name) > cells > _TAIL_CELLS + 4:
        tail = name[-_TAIL_CELLS:]
        name = set_cell_size(name, cells - cell_len(tail) - 1).rstrip() + ELLIPSIS + tail
    return set_cell_size(name, max(1, cells))


def _cut(text: str, width: int) -> str:
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(1, width) - 1).rstrip() + ELLIPSIS
