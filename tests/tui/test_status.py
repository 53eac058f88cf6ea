"""The status line: which facts stay where there is little room, and what they say."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from localr1.advice import unused_cards
from localr1.advice.report import Problem
from localr1.chat.effort import Asked, ReasoningLimit, resolve
from localr1.chat.messages import Message, TextPart, user_message
from localr1.engine.protocol import Answer, Event, Prompt, Reasoning
from localr1.hardware.load_plan import DeviceShare, LoadPlan
from localr1.settings import Settings, load_settings
from localr1.tui.glyphs import BAR, in_ascii, meter
from localr1.tui.status import GAP, Fact, FactName, Status, fit
from tests.tui.harness import chat
from tests.tui.scripted_session import DONE, READY, ScriptedSession, Step, reply

SPLIT = "14/29 layers on CUDA0, 15 on RPC0 (192.168.1.20:50052)"
PLAN = msgspec.structs.replace(READY.plan, devices=(DeviceShare("CUDA0", 14),))
SPLIT_READY = msgspec.structs.replace(READY, plan=PLAN, split=SPLIT)


def status(*said: Event, effort: str = "") -> Status:
    """The facts after these events."""
    made = Status(effort=effort)
    for event in said:
        made.take(event)
    return made


def line(facts: list[Fact], width: int) -> str:
    """The facts that fit into this many cells."""
    left, right = fit(facts, width)
    return GAP.join(fact.text for fact in (*left, *right))


def names(facts: list[Fact], width: int) -> set[FactName]:
    left, right = fit(facts, width)
    return {fact.name for fact in (*left, *right)}


def test_the_split_is_shown_and_goes_first() -> None:
    whole = line(status(SPLIT_READY).facts(), 200)
    assert "14/29 layers on CUDA0, 15 on RPC0  " in whole
    narrower = line(status(SPLIT_READY).facts(), len(whole) - 1)
    assert "layers" not in narrower
    assert READY.model.quant_type in narrower
    assert narrower == line(status(READY).facts(), 200)


def test_facts_go_by_their_worth() -> None:
    facts = status(SPLIT_READY, DONE, effort="effort high").facts()
    everything = {"activity", "effort", "model", "quant", "split", "speed", "meter", "context"}
    assert names(facts, 200) == everything
    assert names(facts, 108) == everything - {"split"}
    assert names(facts, 97) == everything - {"split", "meter"}
    assert names(facts, 87) == everything - {"split", "meter", "quant"}
    assert names(facts, 79) == {"activity", "effort", "model", "quant", "context"}
    assert names(facts, 64) == {"activity", "effort", "speed", "meter", "context"}
    assert names(facts, 36) == {"activity", "effort", "context"}
    assert names(facts, 24) == {"activity", "context"}
    assert names(facts, 5) == {"activity"}


FACTS = st.lists(
    st.builds(
        Fact,
        st.sampled_from(["effort", "model", "quant", "split", "speed", "full", "meter", "context"]),
        st.text("a思 ", min_size=1, max_size=30),
    ),
    unique_by=lambda fact: fact.name,
)


@given(FACTS, st.integers(0, 160))
def test_what_is_shown_fits_whatever_there_is(facts: list[Fact], width: int) -> None:
    shown = line([Fact("activity", "Ready"), *facts], width)
    assert cell_len(shown) <= max(width, len("Ready"))


def test_a_window_with_no_room_for_more_than_the_answer_is_told() -> None:
    reading = Prompt(processed=7000, total=7000, cached=0)
    fine = status(READY, reading, Reasoning(text="Hm", tokens=168))
    assert not fine.is_nearly_full
    assert line(fine.facts(), 200).endswith(f"{''.join(meter(7 / 8, 8))}  7,168 of 8,192")
    full = status(READY, reading, Reasoning(text="Hm", tokens=168), Answer(text="a", tokens=1))
    assert full.is_nearly_full
    assert "nearly full" in line(full.facts(), 200)
    assert line(full.facts(), 28) == "Answering  ! 7,169 of 8,192"
    assert (full.prompt_tokens, full.thinking_tokens, full.answer_tokens) == (7000, 168, 1)
    full.forget_reply()
    assert not full.is_nearly_full
    assert (full.context_tokens, full.prompt_tokens, full.thinking_tokens) == (0, 0, 0)
    assert not Status().facts(), "nothing is known before a model is loaded"


@pytest.mark.parametrize(
    ("share", "full"), [(0, 0), (0.001, 1), (0.5, 4), (0.99, 8), (1, 8), (3.0, 8)]
)
def test_a_bar_is_never_empty_for_something_nor_too_long(share: float, full: int) -> None:
    bar = "".join(meter(share, 8))
    assert (bar.count(BAR), len(bar)) == (full, 8)
    assert in_ascii(bar) == "=" * full + "-" * (8 - full)


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (resolve([]), ""),
        (resolve([Asked(origin="flag", effort="high")]), "effort high"),
        (resolve([Asked(origin="flag", effort="unlimited")]), "effort unlimited"),
        (resolve([Asked(origin="flag", tokens=1)]), "up to 1 token"),
        (ReasoningLimit(tokens=600, seconds=90), "up to 600 tokens or 1 min 30 s"),
        (ReasoningLimit(tokens=0), "no thinking"),
    ],
)
def test_a_limit_in_words(limit: ReasoningLimit, words: str) -> None:
    assert limit.words == words


async def test_a_limit_of_the_settings_is_shown_and_thinking_has_its_time() -> None:
    gates = [asyncio.Event(), asyncio.Event()]
    steps: list[Step] = [Prompt(processed=24, total=24, cached=0), Reasoning(text="Hm. ", tokens=1)]
    steps += [gates[0], Reasoning(text="So. ", tokens=1), gates[1], Answer(text="A."), DONE]
    session = ScriptedSession(steps, thinks=resolve([Asked(origin="flag", effort="low")]))
    async with chat(session, size=(120, 24)) as running:
        assert "Ready  effort low  DeepSeek" in running.rows()[-1]
        await running.ask("Go")
        running.clock.now += 12.4
        gates[0].set()
        await running.settle(0.35)
        assert "Thinking 12 s  effort low" in running.rows()[-1]
        gates[1].set()
        await running.settle(0.35)
        last = running.rows()[-1]
        assert "Ready  effort low" in last
        assert last.endswith("23.4 tokens/s  ━───────  1,204 of 8,192")


async def test_a_limit_changed_in_the_settings_is_shown_at_once() -> None:
    session = ScriptedSession()
    async with chat(session) as running:
        assert "up to" not in running.rows()[-1]
        session.limit_is(ReasoningLimit(tokens=600))
        running.app.follow_settings(load_settings({}, {}))
        await running.settle()
        assert "Ready  up to 600 tokens" in running.rows()[-1]


async def test_an_opened_conversation_says_what_it_takes_of_the_window() -> None:
    messages = [user_message("What is it?"), Message("assistant", (TextPart("It is so."),), "stop")]
    gate = asyncio.Event()
    async with chat(ScriptedSession(load=[gate, READY], messages=messages), (120, 24)) as running:
        assert "of 8,192" not in running.rows()[-1]
        gate.set()
        await running.settle()
        taken = (await running.screen.session.context_use()).taken_tokens
        assert running.rows()[-1].endswith(f"  {taken:,} of 8,192")


async def test_a_window_that_cannot_be_counted_is_left_open() -> None:
    session = ScriptedSession(messages=[user_message("What is it?")])
    session.cannot_count = True
    async with chat(session, (120, 24)) as running:
        assert running.rows()[-1].endswith("  0 of 8,192")


async def test_a_card_that_sits_idle_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[LoadPlan] = []

    def idle(plan: LoadPlan, _: Settings) -> list[Problem]:
        looked.append(plan)
        return [Problem("RTX \x1b[2J[red] is there, but this build cannot use it", "mend it")]

    monkeypatch.setattr(unused_cards, "idle_cards", idle)
    session = ScriptedSession(reply("Hm.", "Yes."))
    async with chat(session) as running:
        told = "[red] is there, but this build cannot use it. /doctor says what to do."
        while told not in " ".join(running.seen.split()):  # it is looked for in a thread
            await running.settle()
        await running.ask("hello")
        assert looked == [session.plan]
