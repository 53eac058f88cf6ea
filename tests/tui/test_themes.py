"""Every theme: what it looks like, whether it can be read, and what stands for colours."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.pilot import Pilot

from localr1.engine.protocol import Answer, Failed, Reasoning
from localr1.errors import UsageError
from localr1.tui import glyphs
from localr1.tui.app import Localr1App
from localr1.tui.theme import (
    CONTRAST_DARK,
    CONTRAST_LIGHT,
    DARK,
    LIGHT,
    PLAIN,
    TERMINAL,
    THEMES,
    next_theme,
    theme_name,
)
from tests.tui.harness import Chat, Clock, chat
from tests.tui.scripted_session import DONE, ScriptedSession, Step, reply

SOURCES = Path(glyphs.__file__).parent
THOUGHT = "Two and two.\nWait, let me check.\n"
ANSWER = """\
## Sum

It is **4**, says `2+2`. See [this](https://example.org).

- one
> quoted

```python
x = 2 + 2  # four
```

| n | sum |
|---|---|
| 2 | 4 |
"""
STEERED: list[Step] = [
    Reasoning(text="Hm. "),
    Reasoning(text=" That is enough.", author="localr1"),
    Answer(text="4"),
    DONE,
]
FAILED: list[Step] = [Answer(text="It"), Failed(message="It failed.", hint="try again")]


def session() -> ScriptedSession:
    """Everything that has a look of its own."""
    return ScriptedSession(reply(THOUGHT, ANSWER), STEERED, FAILED, title="Sums")


async def show_all(running: Chat) -> None:
    for question in ("What is 2 + 2?", "And now?", "Again?"):
        await running.ask(question)
    running.screen.turns[1].trace.append(" Check it.", "person")
    for turn in running.screen.turns:
        turn.toggle_thinking()
    await running.settle()


# ---- what can be read --------------------------------------------------------------------------


class Pair(NamedTuple):
    """Words or marks in one colour on another."""

    text: str
    ratio: float
    is_words: bool


def segments(running: Chat) -> Iterator[Segment]:
    for strip in running.app.screen._compositor.render_strips():
        yield from strip


def pairs(running: Chat, region: Region | None = None) -> Iterator[Pair]:
    """Of a part of the screen, or all of it."""
    screen = running.app.screen
    region = region or screen.region
    strips = running.app.screen._compositor.render_strips()[region.y : region.bottom]
    cropped = [strip.crop(region.x, region.right) for strip in strips]
    for text, style, _ in (segment for strip in cropped for segment in strip):
        if text.strip() and style and style.color and style.bgcolor:
            ratio = contrast(style.color.get_truecolor(), style.bgcolor.get_truecolor())
            yield Pair(text.strip(), ratio, any(map(str.isalnum, text)))


def contrast(one: ColorTriplet, other: ColorTriplet) -> float:
    """WCAG 2: from 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: ColorTriplet) -> float:
    shares = [value / 255 for value in colour]
    linear = [s / 12.92 if s <= 0.03928 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_contrast_is_measured_as_wcag_does() -> None:
    assert contrast(ColorTriplet(0, 0, 0), ColorTriplet(255, 255, 255)) == pytest.approx(21)
    grey = ColorTriplet(0x76, 0x76, 0x76)  # the lightest grey that passes AA on white
    assert contrast(grey, ColorTriplet(255, 255, 255)) == pytest.approx(4.54, abs=0.01)


async def test_words_and_marks_can_be_read_in_every_theme() -> None:
    async with chat(session(), (80, 60)) as running:
        await show_all(running)
        for theme in (DARK, LIGHT, CONTRAST_DARK, CONTRAST_LIGHT):
            running.app.theme = theme.name
            least = 7.0 if "contrast" in theme.name else 4.5
            await running.settle()
            found = set(pairs(running))
            await running.pilot.press("f1")
            await running.settle()
            # What lies under a sheet is dimmed on purpose
            found |= set(pairs(running, running.app.screen.query_one("#sheet").region))
            await running.pilot.press("escape", "ctrl+p")
            await running.settle(0.3)
            rows = running.rows()
            listed = next(y for y, row in enumerate(rows) if "All keys" in row)
            found |= set(pairs(running, Region(1, listed, 76, 8)))
            assert len(found) > 60
            assert not [each for each in found if each.is_words and each.ratio < least]
            assert not [each for each in found if each.ratio < 3.0]
            await running.pilot.press("escape")


async def test_selected_words_can_be_read() -> None:
    async with chat(session(), (80, 60)) as running:
        await running.ask("What is 2 + 2?")
        for theme in (DARK, LIGHT, CONTRAST_DARK, CONTRAST_LIGHT):
            running.app.theme = theme.name
            await running.settle()
            turn = running.screen.turns[0]
            await running.pilot.mouse_down(turn.answer, offset=(2, 2))
            await running.pilot.hover(turn.answer, offset=(14, 2))
            await running.pilot.mouse_up(turn.answer, offset=(14, 2))
            await running.settle()
            assert running.screen.get_selected_text()
            least = 7.0 if "contrast" in theme.name else 4.5
            assert not [each for each in pairs(running) if each.is_words and each.ratio < least]
            running.screen.clear_selection()


# ---- without colour ----------------------------------------------------------------------------


async def test_without_colour_nothing_is_coloured_and_nothing_lost() -> None:
    async with chat(session(), (80, 60), PLAIN.name) as running:
        await show_all(running)
        await running.pilot.press("ctrl+p")
        await running.settle(0.3)
        await running.pilot.press("escape")
        await running.settle()
        looks: dict[str, Style] = {}
        for text, style, _ in segments(running):
            for colour in (style.color, style.bgcolor) if style else ():
                assert colour is None or colour.is_default, text
            looks[text.strip()] = style or Style()
        assert looks["Check it."].bold  # a person's words in a thought
        assert looks["That is enough."].italic
        assert looks["Hm."].dim
        assert looks["this"].underline
        assert looks["Sum"].bold
        assert looks["Error: It failed."].bold
        assert "Stopped by an error" in running.seen


async def test_in_the_terminals_colours_there_are_only_those() -> None:
    async with chat(session(), (80, 60), TERMINAL.name) as running:
        await show_all(running)
        numbers = set()
        for _, style, _ in segments(running):
            for colour in (style.color, style.bgcolor) if style else ():
                assert colour is None or colour.triplet is None
                numbers.add(colour.number if colour else None)
        # bright black is the background of some palettes
        assert {1, 6} < numbers and 8 not in numbers


# ---- which one ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "insists", "environment", "name"),
    [
        (None, False, {}, "localr1-dark"),
        ("light", False, {}, "localr1-light"),
        ("None", False, {}, "plain"),
        ("nord", False, {}, "nord"),
        (None, False, {"TERM": "linux"}, "terminal"),
        ("light", False, {"TERM": "linux"}, "localr1-light"),
        (None, False, {"NO_COLOR": "1"}, "plain"),
        (None, False, {"NO_COLOR": ""}, "localr1-dark"),
        ("light", False, {"NO_COLOR": "1"}, "plain"),
        ("light", True, {"NO_COLOR": "1"}, "localr1-light"),
    ],
)
def test_the_theme_to_begin_with(
    chosen: str | None, insists: bool, environment: dict[str, str], name: str
) -> None:
    assert theme_name(chosen, environment, insists=insists) == name


def test_a_theme_that_does_not_exist_is_told() -> None:
    with pytest.raises(UsageError) as raised:
        theme_name("localr1-drak\x1b[2J", {})
    assert raised.value.message == "there is no theme localr1-drak␛[2J"
    assert raised.value.hint == "did you mean localr1-dark?"


async def test_a_key_goes_through_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")  # what a person then chooses has its colours
    async with chat(ScriptedSession(), theme=PLAIN.name) as running:
        seen = []
        for _ in THEMES:
            await running.pilot.press("f2")
            seen.append(running.app.theme)
        await running.settle()
        assert seen == [theme.name for theme in THEMES]
        assert "Theme: plain" in running.seen
        await running.pilot.press("f2")
        await running.settle()
        assert any(s.style and s.style.color and s.style.color.triplet for s in segments(running))
    assert next_theme("nord") == DARK.name


# ---- signs -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "needs"),
    [
        ({"TERM": "xterm-256color", "LANG": "C.UTF-8"}, False),
        ({"TERM": "xterm-256color"}, False),
        ({"TERM": "linux", "LANG": "C.UTF-8"}, True),
        ({"TERM": "xterm", "LANG": "de_DE.ISO-8859-1"}, True),
        ({"TERM": "xterm", "LANG": "en_US.utf8", "LC_ALL": "C"}, True),
        ({"TERM": "xterm", "LANG": "C", "LC_CTYPE": "en_US.utf8"}, False),
    ],
)
def test_who_needs_ascii(environment: dict[str, str], needs: bool) -> None:
    assert glyphs.needs_ascii(environment) is needs


def test_every_sign_of_the_sources_has_a_replacement_of_one_cell() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in SOURCES.rglob("*.py"))
    signs = set(re.findall(r"[─-➿←-⇿·…•–—]", text))
    assert len(signs) > 50
    assert not [sign for sign in signs if not glyphs.has_replacement(sign)]
    assert all(len(glyphs.in_ascii(sign)) == 1 for sign in signs)
    assert glyphs.in_ascii("naïve 思考 ∑") == "naïve 思考 ∑"


async def test_a_poor_font_gets_ascii_everywhere() -> None:
    environment = {"TERM": "linux"}
    async with chat(session(), (60, 20), TERMINAL.name, environment=environment) as running:
        await show_all(running)
        await running.pilot.press("ctrl+p")
        await running.settle(0.3)
        await running.pilot.press("escape", "ctrl+home")
        await running.settle()
        assert running.seen.isascii()
        assert "v Thought for 12 s" in running.seen
        assert "| What is 2 + 2?" in running.seen


# ---- pictures ----------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", [theme.name for theme in THEMES])
def test_picture(theme: str, snap_compare: Callable[..., bool]) -> None:
    clock = Clock()
    waits = [*STEERED[:2], asyncio.Event()]
    app = Localr1App(
        ScriptedSession(reply(THOUGHT, ANSWER), waits, title="Sums"),  # type: ignore[arg-type]
        theme,
        clock,
    )

    async def reach(pilot: Pilot[None]) -> None:
        running = Chat(app, pilot, clock)
        running.hold_still()
        await running.settle()
        await running.ask("What is 2 + 2?")
        await running.ask("And now?")
        running.screen.turns[1].trace.append(" Check it.", "person")
        await running.settle()

    assert snap_compare(app, terminal_size=(80, 36), run_before=reach)
