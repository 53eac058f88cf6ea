"""How the interface behaves in its terminal: title, word of long replies, size, motion, mouse."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from textual import events
from textual._compositor import Compositor
from textual.geometry import Size

from localr1.engine.protocol import Answer, Prompt, Reasoning
from localr1.tui import app as app_module
from localr1.tui.preferences import Preferences
from localr1.tui.terminal import LONG_SECONDS, Notify, Protocol, Surroundings, protocol_of
from tests.tui.harness import Chat, Clock, chat
from tests.tui.scripted_session import DONE, ScriptedSession, Step, reply

XTERM = {"TERM": "xterm-256color"}
KITTY = {"TERM": "xterm-kitty"}


class Around:
    """A terminal that remembers what it was told."""

    def __init__(self, environment: Mapping[str, str] = XTERM, notify: Notify = "auto") -> None:
        self.told: list[str] = []
        self.clock = Clock()
        self.surroundings = Surroundings(self.told.append, self.clock, notify, environment)

    def reply(self, title: str = "Sums", seconds: float = 60.0, *, is_focused: bool) -> list[str]:
        """What is told from the end of a reply on."""
        self.surroundings.show(title, is_working=True, is_focused=is_focused)
        self.clock.now += seconds
        before = len(self.told)
        self.surroundings.show(title, is_working=False, is_focused=is_focused)
        return [each for each in self.told[before:] if "]2;" not in each]


# ---- title -------------------------------------------------------------------------------------


def test_the_title_is_saved_set_cleaned_and_given_back() -> None:
    around = Around()
    around.surroundings.show("Sums\x1b]0;evil\a\n\u202eabc", is_working=False, is_focused=True)
    around.surroundings.show("Sums", is_working=True, is_focused=True)
    around.surroundings.show("Sums", is_working=True, is_focused=True)  # nothing new
    around.surroundings.leave()
    around.surroundings.leave()
    assert around.told == [
        "\x1b[22;2t",
        "\x1b]2;Sums␛]0;evil␇ abc\x1b\\",
        "\x1b]2;* Sums\x1b\\",
        "\x1b]2;\x1b\\\x1b[23;2t",
    ]
    around.surroundings.come_back()
    assert around.told[4:] == ["\x1b[22;2t", "\x1b]2;* Sums\x1b\\"]


def test_a_new_conversation_has_the_programs_name_and_a_long_title_is_cut() -> None:
    around = Around()
    around.surroundings.show("", is_working=True, is_focused=True)
    around.surroundings.show("x" * 5000, is_working=True, is_focused=True)
    assert around.told[1] == "\x1b]2;* localr1\x1b\\"
    assert len(around.told[2]) < 100


@pytest.mark.parametrize("term", ["linux", "dumb", ""])
def test_a_console_has_no_title(term: str) -> None:
    around = Around({"TERM": term})
    around.surroundings.show("Sums", is_working=True, is_focused=True)
    around.surroundings.leave()
    assert around.told == []


# ---- long replies ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "protocol"),
    [
        (XTERM, Protocol.NONE),
        (KITTY, Protocol.KITTY),
        ({**XTERM, "TERM_PROGRAM": "iTerm.app"}, Protocol.ITERM),
        ({**XTERM, "TERM_PROGRAM": "WezTerm"}, Protocol.ITERM),
        ({"TERM": "foot-extra"}, Protocol.URXVT),
        ({**KITTY, "TMUX": "/tmp/x"}, Protocol.NONE),
        ({"TERM": "tmux-256color", "TERM_PROGRAM": "iTerm.app"}, Protocol.NONE),
    ],
)
def test_what_terminals_understand(environment: dict[str, str], protocol: Protocol) -> None:
    assert protocol_of(environment) is protocol


@pytest.mark.parametrize(
    ("environment", "notify", "is_focused", "seconds", "told"),
    [
        (XTERM, "auto", False, 60.0, ["\a"]),
        (XTERM, "auto", True, 60.0, []),
        (XTERM, "auto", False, LONG_SECONDS - 1, []),
        (XTERM, "off", False, 60.0, []),
        (KITTY, "auto", False, 60.0, ["\x1b]99;;Answered: a, b\x1b\\"]),
        (KITTY, "bell", False, 60.0, ["\a"]),
        # a console never tells where a person looks
        ({"TERM": "linux"}, "auto", True, 60.0, ["\a"]),
    ],
)
def test_a_long_reply_is_told(
    environment: dict[str, str],
    notify: Notify,
    is_focused: bool,
    seconds: float,
    told: list[str],
) -> None:
    around = Around(environment, notify)
    assert around.reply("a; b", seconds, is_focused=is_focused) == told


@pytest.mark.parametrize(("is_away", "bells"), [(True, 1), (False, 0)])
async def test_the_app_knows_who_looks_and_how_long_it_took(
    is_away: bool, bells: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(app_module.Localr1App, "_send", lambda _, sequence: told.append(sequence))
    goes_on = asyncio.Event()
    session = ScriptedSession([Reasoning(text="Hm."), goes_on, *reply("", "4")[1:]])
    async with chat(session) as running:
        await running.ask("What is 2 + 2?")
        assert told[-1] == "\x1b]2;* What is 2 + 2?\x1b\\"
        if is_away:
            running.app.post_message(events.AppBlur())
            await running.settle()
        running.clock.now += 60
        goes_on.set()
        await running.settle()
        assert "\x1b]2;What is 2 + 2?\x1b\\" in told
        assert told.count("\a") == bells
    assert told[-1] == "\x1b]2;\x1b\\\x1b[23;2t"


async def test_the_shell_is_reached_only_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stopped: list[bool] = []
    monkeypatch.setattr(
        app_module.Localr1App, "action_suspend_process", lambda _: stopped.append(True)
    )
    async with chat(ScriptedSession()) as running:
        running.screen.composer.text = ""
        await running.pilot.press("a", "b")
        for has_shell in (False, True):
            monkeypatch.setattr(app_module, "can_suspend", lambda has=has_shell: has)
            await running.pilot.press("ctrl+z")
            assert stopped == [True] * has_shell
        await running.settle()
        assert "There is no shell to go to here." in running.seen
        assert running.screen.composer.text == "ab"  # Ctrl+Z does not undo
        await running.pilot.press("ctrl+underscore")
        await running.settle()
        assert running.screen.composer.text == ""
        await running.pilot.press("ctrl+y")
        await running.settle()
        assert running.screen.composer.text == "ab"


# ---- size --------------------------------------------------------------------------------------

SIZES = [(80, 24), (20, 5), (200, 60), (40, 12), (21, 6), (1, 1), (30, 60), (300, 5), (40, 12)]


async def resize(running: Chat, width: int, height: int) -> None:
    size = Size(width, height)
    running.app.post_message(events.Resize(size, size))
    await running.settle(0.02)


async def test_any_size_while_a_reply_is_written() -> None:
    steps: list[Step] = [Prompt(processed=24, total=24, cached=0)]
    gates = [asyncio.Event() for _ in range(2 * len(SIZES))]
    for number, gate in enumerate(gates):
        text = f"Thought {number} with `code` and more words than fit into twenty cells. "
        thinks = number < len(SIZES)
        steps += [Reasoning(text=text) if thinks else Answer(text=text), gate]
    async with chat(ScriptedSession([*steps, DONE], title="A title of some length")) as running:
        await running.ask("A question that is longer than twenty cells")
        for number, (width, height) in enumerate(SIZES * 2):
            await resize(running, width, height)
            gates[number].set()
            await running.settle(0.06)
            assert max(map(len, running.rows())) <= width
            assert len(running.rows()) == height
        assert running.screen.turns[0].answer.text.count("Thought") == len(SIZES)
        assert "17" in running.seen


@pytest.mark.parametrize("size", [(20, 5), (40, 12), (80, 24), (200, 60)])
async def test_the_chat_is_usable_at_every_size(size: tuple[int, int]) -> None:
    session = ScriptedSession(reply("Two and two.\n", "It is **4**."), title="Sums and more")
    async with chat(session, size) as running:
        assert "Ask something" in running.seen
        await running.ask("What is 2 + 2?")
        rows = running.rows()
        assert rows[0].strip() == "Sums and more"
        assert "It is 4." in running.seen
        assert rows[-1].strip().startswith("Ready")
        assert ("Q4_K_M" in rows[-1], "of 8,192" in rows[-1]) == (size[0] >= 80, size[0] >= 40)
        await running.pilot.press("ctrl+l")
        await running.settle()
        said = " ".join(running.seen.split())
        assert ("From the next reply on: effort low" in said) or size == (20, 5)
        assert "From the next" in said
        for key in ("f1", "escape", "ctrl+p", "escape"):
            await running.pilot.press(key)
            await running.settle()
        running.screen.status_line.fall_silent()
        await running.settle()
        assert len(running.rows()[-1].strip().splitlines()) == 1


async def test_an_update_never_repaints_the_whole_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    gates = [asyncio.Event() for _ in range(16)]
    steps: list[Step] = [Prompt(processed=24, total=24, cached=0)]
    for number, gate in enumerate(gates):
        text = f"Words of step {number} that fill more than one row of this screen.\n"
        steps += [gate, Reasoning(text=text) if number < 8 else Answer(text=f"{text}\n")]
    async with chat(ScriptedSession([*steps, DONE]), (60, 20)) as running:
        await running.ask("Go")
        painted: list[bool] = []
        whole = Compositor.render_full_update

        def count(self: Compositor, *args: object, **options: object) -> object:
            painted.append(True)
            return whole(self, *args, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(Compositor, "render_full_update", count)
        for gate in gates:
            gate.set()
            await running.settle()
        assert "step 15" in running.seen
        assert not painted
        running.app.refresh()
        await running.settle()
        assert painted


# ---- motion ------------------------------------------------------------------------------------


async def test_little_moves_where_that_is_wished() -> None:
    steps: list[Step] = [Reasoning(text="Hm. ", tokens=1)]
    gates = [asyncio.Event() for _ in range(3)]
    for gate in gates:
        steps += [gate, Reasoning(text="More. ", tokens=1)]
    for is_reduced, shown in ((True, [1, 1, 4]), (False, [2, 3, 4])):
        for gate in gates:
            gate.clear()
        session = ScriptedSession([*steps, asyncio.Event()])
        async with chat(session, preferred=Preferences(reduced_motion=is_reduced)) as running:
            assert running.screen.composer.cursor_blink is not is_reduced
            assert (running.app.animation_level == "none") is is_reduced
            await running.ask("Go")
            seen = []
            for gate in gates:
                running.clock.now += 0.4
                gate.set()
                await running.settle()
                line = next(row for row in running.rows() if "Thinking…" in row)
                seen.append(int(line.split()[-2]))
            assert seen == shown


# ---- mouse -------------------------------------------------------------------------------------


async def test_the_status_line_can_be_clicked() -> None:
    session = ScriptedSession()
    async with chat(session) as running:
        await running.pilot.press("ctrl+l")
        running.screen.status_line.fall_silent()
        await running.settle()
        place = running.rows()[-1].index("effort low")
        await running.pilot.click("#status", offset=(place + 1, 0))
        await running.settle()
        assert session.limit is not None
        assert session.limit.effort == "medium"
        running.screen.status_line.fall_silent()
        await running.settle()
        await running.pilot.click("#status", offset=(1, 0))
        await running.settle(0.3)
        assert "Answer now" in running.seen  # all commands
