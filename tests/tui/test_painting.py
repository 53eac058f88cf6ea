"""Painting: what is left out because it did not change must look as if it had been painted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, Compositor, LayoutUpdate
from textual.app import App
from textual.scrollbar import ScrollBar
from textual.widget import Widget

from localr1.engine.protocol import Answer, Event, Prompt, Reasoning
from localr1.tui.messages import EventsArrived
from localr1.tui.row_compositor import RowCompositor
from localr1.tui.widgets.line_view import LineView
from localr1.tui.widgets.steady_scroll_bar import SteadyScrollBar
from localr1.tui.widgets.transcript import Transcript
from tests.tui.harness import Chat, chat
from tests.tui.scripted_session import DONE, ScriptedSession

STEPS = "First one thing, then another; wait, was that right? Let me look at it once more. "
TABLE = "It is **so**.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"

Cell = tuple[str, str]


class Glass:
    """A terminal's screen: cells with their looks, as updates left them."""

    def __init__(self) -> None:
        self.rows: dict[int, dict[int, Cell]] = {}

    def take(self, update: object) -> None:
        if isinstance(update, LayoutUpdate):
            self.rows = {
                y: _cells(segment for strip in strips for segment in strip)
                for y, strips in enumerate(update.strips)
            }
        elif isinstance(update, ChopsUpdate):
            for y, x1, x2 in update.spans:
                ends = update.chop_ends[y]
                for end, (x, strip) in zip(ends, update.chops[y].items(), strict=False):
                    if strip is not None and x < x2 and end > x1:
                        for place, cell in _cells(strip, x).items():
                            if x1 <= place < x2:
                                self.rows[y][place] = cell


def _cells(segments: Iterable[Segment], x: int = 0) -> dict[int, Cell]:
    cells = {}
    for text, style, _ in segments:
        for letter in text:
            cells[x] = (letter, _look(letter, style))
            x += 1
    return cells


def _look(letter: str, style: Style | None) -> str:
    if style is None:
        return ""
    if letter == " " and not style.reverse:  # nobody sees the colour of nothing
        return f"on {style.bgcolor}"
    return str(style.clear_meta_and_links())


@contextmanager
def painted_by_textual(running: Chat) -> Iterator[dict[int, dict[int, Cell]]]:
    """The screen as Textual's own way would paint all of it now."""
    with pytest.MonkeyPatch.context() as patch:
        for kind in (LineView, Transcript, SteadyScrollBar):
            patch.setattr(kind, "render_lines", Widget.render_lines)
        compositor = running.app.screen._compositor
        patch.setattr(compositor, "_get_renders", Compositor._get_renders.__get__(compositor))
        for widget in running.app.screen.walk_children(Widget, with_self=True):
            widget._styles_cache.clear()
        for bar in running.app.screen.query(LineView):
            bar.vertical_scrollbar._dirty_regions.add(bar.region)
        strips = compositor.render_strips()
        yield {y: _cells(strip) for y, strip in enumerate(strips)}


def _same(glass: Glass, running: Chat) -> None:
    with painted_by_textual(running) as expected:
        for y, row in expected.items():
            assert glass.rows[y] == row, f"row {y}"


async def test_what_is_left_out_looks_as_if_it_had_been_painted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    glass = Glass()
    display = App._display

    def shown(self: App[Any], screen: Any, renderable: Any) -> None:
        glass.take(renderable)
        display(self, screen, renderable)

    monkeypatch.setattr(App, "_display", shown)
    go = asyncio.Event()
    session = ScriptedSession([Prompt(processed=1, total=1, cached=0), go, DONE])
    async with chat(session, size=(100, 30)) as running:
        await running.ask("Go")
        assert isinstance(running.screen._compositor, RowCompositor)
        for number in range(12):
            running.clock.now += 0.3
            await _arrive(running, Reasoning(text=STEPS * (2 + number % 3), tokens=9))
            _same(glass, running)
        trace = running.screen.turns[-1].trace
        assert trace.max_scroll_y > trace.size.height  # it was a window that scrolled
        for keys in (["a", "b"], ["f5"], ["f5"], ["ctrl+t"], ["ctrl+t"], ["pageup"]):
            await running.pilot.press(*keys)
            await running.settle()
            _same(glass, running)
        trace.scroll_to(y=3, animate=False)
        await running.settle()
        await _arrive(running, Reasoning(text=STEPS * 4, tokens=9))
        _same(glass, running)
        await _arrive(running, Answer(text=TABLE, tokens=9))
        _same(glass, running)
        await running.pilot.resize_terminal(44, 20)
        await running.settle()
        _same(glass, running)
        running.app.theme = "localr1-light"
        await running.settle()
        _same(glass, running)
        go.set()


async def _arrive(running: Chat, *events: Event) -> None:
    running.screen.post_message(EventsArrived(list(events), True))
    await running.settle()


async def test_a_scroll_bar_is_painted_when_it_looks_different() -> None:
    go = asyncio.Event()
    session = ScriptedSession([Prompt(processed=1, total=1, cached=0), go, DONE])
    async with chat(session, size=(100, 30)) as running:
        await running.ask("Go")
        await _arrive(running, Reasoning(text=STEPS * 400, tokens=9))
        bar = running.screen.turns[-1].trace.vertical_scrollbar
        assert isinstance(bar, SteadyScrollBar)
        looks = bar._looks
        whole = bar.window_virtual_size
        await _arrive(running, Reasoning(text=STEPS * 4, tokens=9))
        assert bar.window_virtual_size > whole
        assert bar._looks == looks  # a thumb of one cell at the end stays there
        running.screen.turns[-1].trace.scroll_home(animate=False)
        await running.settle()
        assert bar._looks != looks
        assert bar.position == 0
        go.set()


def test_numbers_of_a_scroll_bar_are_taken_at_once() -> None:
    bar = SteadyScrollBar()
    painted = []
    bar._set_dirty = lambda *regions: painted.append(regions)  # type: ignore[method-assign]
    bar.show_window(100, 10, 90.0)
    assert (bar.window_virtual_size, bar.window_size, bar.position) == (100, 10, 90)
    assert isinstance(bar, ScrollBar)


async def test_a_view_that_was_taken_away_can_still_be_painted() -> None:
    async with chat(ScriptedSession([DONE]), size=(60, 20)) as running:
        await running.ask("Go")
        question = running.screen.turns[-1].question
        await question.remove()
        rows = question.render_lines(question.outer_size.region)
        assert not any("Go" in strip.text for strip in rows)
