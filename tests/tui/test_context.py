"""The sheet that says what fills the context window."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot

from localr1.chat.messages import FilePart, Message, ReasoningPart, TextPart, user_message
from localr1.engine.protocol import Answer, Prompt, Reasoning
from localr1.session.context_use import ContextUse, live_use
from localr1.settings import Settings
from localr1.tui.app import Localr1App
from localr1.tui.gauges import advice, gauges, headline
from localr1.tui.keymap import USUAL, Keymap
from localr1.tui.screens.context import ContextScreen
from tests.tui.harness import Chat, Clock, chat
from tests.tui.scripted_session import DONE, READY, ScriptedSession, Step

FILE = FilePart("paper\x1b[2J[bold].pdf", "word " * 120)


def reply(thought: str, answer: str, *, carried: bool) -> Message:
    parts = (ReasoningPart(thought, tokens=90, seconds=4.0, carried=carried), TextPart(answer))
    return Message("assistant", parts, finish_reason="stop")


MESSAGES = (
    user_message("What does this paper say? " * 4, [FILE]),
    reply("Hm. " * 90, "It says word. " * 6, carried=True),
    user_message("And then?"),
    reply("So. " * 300, "Nothing. " * 6, carried=True),
)
SYSTEM = Settings(system="Be brief.")


def counts(running: Chat) -> dict[str, int]:
    """What the sheet says of each kind."""
    screen = running.app.screen
    assert isinstance(screen, ContextScreen)
    lines = [line.split(": ") for line in screen.copied.splitlines() if line.endswith("%)")]
    return {label: int(told.split(" ")[0].replace(",", "")) for label, told in lines}


async def open_sheet(running: Chat) -> None:
    running.screen.composer.text = "/context"
    await running.pilot.press("enter")
    await running.settle(0.3)


async def test_it_counts_when_asked_and_follows_changes() -> None:
    session = ScriptedSession(messages=MESSAGES, settings=SYSTEM)
    async with chat(session, size=(100, 40)) as running:
        await open_sheet(running)
        found = counts(running)
        assert found["Carried thoughts"] == 3_900
        assert found["System prompt"] == 20
        assert sum(found.values()) == 8_192
        taken = 8_192 - found["Free"] - found["Kept for the answer"]
        assert "2 carried thoughts take 3,900 tokens" in running.seen
        assert "paper␛[2J[bold].pdf takes" in running.seen
        await session.carry_thought(3, False)
        await running.settle(0.4)
        assert counts(running)["Carried thoughts"] == 900
        assert sum(counts(running).values()) == 8_192
        await running.pilot.press("ctrl+o")
        assert "Carried thoughts: 900 (11 %)" in running.app.clipboard
        await running.pilot.press("escape")
        await running.settle(0.35)
        assert running.app.screen is running.screen
        # what was counted is known to the line below, too, and a click there counts again
        last = running.rows()[-1]
        assert last.endswith(f"  {taken:,} of 8,192")
        await running.pilot.click("#status", offset=(last.index(" of 8,192"), 0))
        await running.settle(0.3)
        assert counts(running)["Carried thoughts"] == 900


async def test_it_is_live_while_a_reply_is_written_and_narrow() -> None:
    gates = [asyncio.Event() for _ in range(3)]
    steps: list[Step] = [
        *(Prompt(processed=3_000, total=3_000, cached=0), Reasoning(text="Hm. ", tokens=2_000)),
        *(gates[0], Reasoning(text="Hm. ", tokens=2_500)),
        *(gates[1], Answer(text="So.", tokens=20), gates[2], DONE),
    ]
    async with chat(ScriptedSession(steps), size=(40, 24), theme="plain") as running:
        await running.ask("Go")
        await open_sheet_with_key(running)
        assert counts(running)["This thought"] == 2_000
        assert sum(counts(running).values()) == 8_192
        assert "Nearly full" not in running.seen
        gates[0].set()
        await running.settle(0.4)
        assert counts(running)["This thought"] == 4_500
        assert "! Nearly full" in running.seen
        assert all(len(row) <= 40 for row in running.rows())
        assert any("━" in row and "4,500" in row and "55 %" in row for row in running.rows())
        gates[1].set()
        await running.settle(0.4)
        assert counts(running)["This answer"] == 20
        gates[2].set()
        await running.settle(0.4)
        assert "The next prompt takes" in running.seen
        assert "This thought" not in counts(running)
        assert "1,204 tokens are held now" in running.app.screen.copied  # type: ignore[attr-defined]


async def open_sheet_with_key(running: Chat) -> None:
    await running.app.run_action("context")
    await running.settle(0.3)


async def test_it_says_so_where_nothing_is_loaded_and_counts_afterwards() -> None:
    gate = asyncio.Event()
    async with chat(ScriptedSession(load=[gate, READY], messages=MESSAGES)) as running:
        await open_sheet(running)
        assert "No model is loaded yet" in running.seen
        gate.set()
        await running.settle(0.4)
        assert "The next prompt takes" in running.seen


async def test_an_engine_that_cannot_count_is_told() -> None:
    session = ScriptedSession()
    async with chat(session) as running:
        session.cannot_count = True
        await open_sheet_with_key(running)
        assert "The engine cannot count now." in running.seen
        assert running.app.screen.copied == "The engine cannot count now."  # type: ignore[attr-defined]


def told(use: ContextUse, keymap: Keymap = USUAL, *, held: int = 0) -> str:
    return " ".join(advice(use, keymap, held=held, n_ctx_train=8_192))


def test_what_frees_room_is_told_with_the_keys_there_are() -> None:
    use = ContextUse(n_ctx=4_096, parts={"thoughts": 1, "questions": 3_500}, carried=1, left_out=1)
    said = told(use)
    assert "The oldest message no longer fits: the next prompt leaves it out." in said
    assert "1 carried thought takes 1 token; Tab picks a turn, F8 leaves its thought out." in said
    assert "Ctrl+N begins" in said
    assert "n_ctx in /settings" in said
    bare = Keymap({"pick": "", "carry_thought": "", "new_conversation": "alt+n"})
    assert "1 token; /carry leaves" in told(use, bare)
    assert "Alt+N begins" in told(use, bare)
    assert told(ContextUse(n_ctx=4_096, parts={"marks": 3})) == ""
    assert "4 tokens are held now" in told(ContextUse(n_ctx=4_096, parts={"marks": 3}), held=4)


def test_a_share_is_never_told_as_nothing() -> None:
    use = live_use(8_192, prompt=3, thinking=0, reply=0)
    assert [(each.label, each.share) for each in gauges(use)] == [
        ("Prompt", "<1 %"),
        ("Free", "87 %"),
        ("Kept for the answer", "12 %"),
    ]
    assert headline(use) == "The window holds 3 of 8,192 tokens."


@pytest.mark.parametrize("size", [(80, 24), (40, 24)])
def test_view(
    size: tuple[int, int], snapshot: SnapshotAssertion, snap_compare: Callable[..., bool]
) -> None:
    clock = Clock()
    session = ScriptedSession(messages=MESSAGES, settings=SYSTEM)
    app = Localr1App(session, None, clock)  # type: ignore[arg-type]
    seen: list[str] = []

    async def reach(pilot: Pilot[None]) -> None:
        running = Chat(app, pilot, clock)
        running.hold_still()
        await running.settle()
        await open_sheet_with_key(running)
        seen.append(running.seen)

    same_picture = snap_compare(app, terminal_size=size, run_before=reach)
    assert seen[0] == snapshot
    assert same_picture
