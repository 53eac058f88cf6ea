"""A draft model in the same worker: it spares steps of the large one and changes no text."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from localr1.chat.prompt import ChatFormat
from localr1.engine import draft_loading, llama_backend, native
from localr1.engine.client import EngineClient
from localr1.engine.draft_costs import CPU_COSTS, GPU_COSTS
from localr1.engine.draft_loading import DraftLoader
from localr1.engine.protocol import (
    Answer,
    BegunReply,
    Done,
    DraftLoad,
    Event,
    Failed,
    Load,
    Notice,
    Ready,
    Reasoning,
    Speculation,
)
from localr1.errors import ExitCode, UsageError
from localr1.models.reference import ModelReference
from localr1.session.loading import load_command as session_load_command
from localr1.session.model_file import read_model_file
from localr1.settings import load_settings
from tests.draft_models import write_relative, write_stranger
from tests.engine.talk import ask, generate, last, load_command, stop_at, text_of
from tests.greedy_ties import ONE_THREAD, GreedyWriter, assert_same_but_for_ties

SUMS = ("What is 17 + 25?", "Add 3, 4 and 9.", "What is 12 * 7?")
LONG_TEXT = "The sea is wide and the ships are small. " * 30


async def loaded(
    logs: Path, target: Path, draft: Path, speculate: Speculation = "draft"
) -> tuple[EngineClient, list[Event]]:
    """A worker with both models, and what it said while loading them."""
    client = EngineClient(logs)
    await client.start()
    drafting = DraftLoad(os.fsencode(draft), ONE_THREAD, "Small")
    plain = load_command(client, target, ONE_THREAD)
    command = msgspec.structs.replace(plain, draft=drafting, speculate=speculate)
    return client, await ask(client, command)


async def reply(
    client: EngineClient, speculate: Speculation, question: str, **changed: Any
) -> tuple[str, Done]:
    """Text and end of a greedy reply."""
    command = generate(client, question, max_tokens=160, temperature=0)
    command = msgspec.structs.replace(command, speculate=speculate, **changed)
    events = await ask(client, command)
    return text_of(events, Reasoning) + text_of(events, Answer), last(events, Done)


# ---- texts ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def relative(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_relative(tmp_path_factory.mktemp("models") / "r.gguf", demo, noise=0.5)


@pytest.fixture(scope="module")
def stranger(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_stranger(tmp_path_factory.mktemp("models") / "s.gguf", demo)


def test_the_model_as_its_own_draft_is_always_right(demo: Path) -> None:
    writer = GreedyWriter(demo, demo)
    assert writer.ready.draft == demo.name
    for question in SUMS:
        plain, drafted = writer.write(question, "off"), writer.write(question, "draft")
        assert drafted.tokens == plain.tokens
        assert plain.done.drafted_tokens == 0
        assert drafted.done.accepted_tokens == drafted.done.drafted_tokens
        assert drafted.done.accepted_tokens > len(plain.tokens) // 2


def test_a_relative_is_often_right_and_a_stranger_never(
    demo: Path, relative: Path, stranger: Path
) -> None:
    for draft, least, most in ((relative, 0.5, 0.99), (stranger, 0.0, 0.1)):
        writer = GreedyWriter(demo, draft)
        drafted_tokens = accepted_tokens = 0
        # the first one comes again after others: the draft model's cache follows
        for question in (*SUMS, SUMS[0]):
            plain, drafted = writer.write(question, "off"), writer.write(question, "draft")
            assert_same_but_for_ties(writer, plain, drafted)
            drafted_tokens += drafted.done.drafted_tokens
            accepted_tokens += drafted.done.accepted_tokens
        assert drafted_tokens > 50
        assert least <= accepted_tokens / drafted_tokens <= most


def test_smollm2_writes_the_same_with_itself_and_with_a_stranger(
    smollm2: Path, tmp_path: Path
) -> None:
    for draft in (smollm2, write_stranger(tmp_path / "s.gguf", smollm2)):
        writer = GreedyWriter(smollm2, draft)
        for question in ("Why is the sea salty?", "List three colours."):
            plain = writer.write(question, "off", max_tokens=32)
            drafted = writer.write(question, "draft", max_tokens=32)
            assert drafted.done.drafted_tokens > 0
            assert_same_but_for_ties(writer, plain, drafted)


def test_other_texts_do_not_pass_for_ties(demo: Path) -> None:
    writer = GreedyWriter(demo)
    plain = writer.write(SUMS[0], "off")
    for at in (0, 5, len(plain.tokens) - 1):
        other = [*plain.tokens[:at], plain.tokens[at] + 1]
        with pytest.raises(AssertionError, match=f"part at token {at},"):
            assert_same_but_for_ties(writer, plain, plain._replace(tokens=other))


def test_where_it_pays_auto_takes_both_ways_of_guessing(
    demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative at a tenth of the cost, on a machine where checking is cheap."""
    monkeypatch.setattr(llama_backend, "CPU_COSTS", GPU_COSTS)
    monkeypatch.setattr(draft_loading, "draft_cost", lambda *_, is_apart: 0.1)
    writer = GreedyWriter(demo, demo)
    for question in SUMS:
        plain, auto = writer.write(question, "off"), writer.write(question, "auto")
        lookup = writer.write(question, "lookup")
        assert_same_but_for_ties(writer, plain, auto)
        assert auto.done.accepted_tokens > lookup.done.accepted_tokens
        again = writer.write(question, "auto")
        assert again.done.drafted_tokens == auto.done.drafted_tokens


def test_a_stop_while_the_draft_model_computes_ends_the_reply(demo: Path) -> None:
    writer = GreedyWriter(demo, demo)
    whole = writer.write(SUMS[0], "draft")
    draft = writer.backend._required()._speculating._draft
    assert draft
    guess, guesses = draft._guess, []

    def cancelling() -> native.Guess:
        guesses.append(guess())
        if len(guesses) == 9:
            writer.backend.cancel()
        return guesses[-1]

    draft._guess = cancelling
    stopped = writer.write(SUMS[0], "draft")
    assert len(guesses) == 9
    assert stopped.done.finish_reason == "cancelled"
    assert stopped.tokens == whole.tokens[: len(stopped.tokens)]
    draft._guess = guess
    writer.backend.resume()
    assert writer.write(SUMS[0], "draft").tokens == whole.tokens


# ---- in the worker -------------------------------------------------------------------------


async def test_replies_begin_anywhere_and_say_what_was_guessed(demo: Path, tmp_path: Path) -> None:
    client, events = await loaded(tmp_path, demo, demo)
    assert last(events, Ready).draft == "Small"
    assert not [event for event in events if isinstance(event, Notice)]
    thought = "Add the ones.\n"
    begun = BegunReply(reasoning=thought, reasoning_tokens=5)
    for changed in ({}, {"begun": begun}):
        plain, _ = await reply(client, "off", SUMS[0], **changed)
        drafted, done = await reply(client, "draft", SUMS[0], **changed)
        assert drafted == plain
        assert 10 < done.accepted_tokens <= done.drafted_tokens
    await client.close()


async def test_a_cancel_while_the_draft_model_reads_is_obeyed(
    smollm2: Path, tmp_path: Path
) -> None:
    """It begins to read the long prompt after the first token."""
    client, events = await loaded(tmp_path, smollm2, smollm2)
    last(events, Ready)
    question = generate(client, LONG_TEXT, max_tokens=40, temperature=0)
    question = msgspec.structs.replace(question, speculate="draft")
    events, _ = await stop_at(client, question, Answer)
    assert last(events, Done).finish_reason == "cancelled"
    _, done = await reply(client, "draft", "List three colours.")
    assert done.accepted_tokens > 0
    await client.close()


async def test_another_vocabulary_is_told_and_not_used(
    smollm2: Path, demo: Path, tmp_path: Path
) -> None:
    client, events = await loaded(tmp_path, smollm2, demo)
    assert last(events, Ready).draft == ""
    notices = [event for event in events if isinstance(event, Notice)]
    assert [notice.kind for notice in notices] == ["draft"]
    assert notices[0].text.endswith(" Small is not used.")
    question = generate(client, "List three colours.", max_tokens=8, temperature=0)
    question = msgspec.structs.replace(question, speculate="draft")
    assert last(await ask(client, question), Done).drafted_tokens == 0
    await client.close()


async def test_where_it_cannot_pay_it_is_not_loaded(demo: Path, tmp_path: Path) -> None:
    client, events = await loaded(tmp_path, demo, demo, "auto")
    assert last(events, Ready).draft == ""
    texts = [event.text for event in events if isinstance(event, Notice)]
    assert len(texts) == 1
    assert "--speculate draft" in texts[0]
    await client.close()


async def test_a_damaged_draft_model_is_refused(demo: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(demo.read_bytes()[:-100_000])
    client, events = await loaded(tmp_path, demo, damaged)
    failed = last(events, Failed)
    assert failed.message.startswith("the engine cannot load damaged.gguf: ")
    assert "\n" not in failed.message
    assert failed.exit_code == ExitCode.ENGINE
    last(await ask(client, load_command(client, demo, ONE_THREAD)), Ready)
    await client.close()


async def test_the_session_loads_what_the_settings_name(
    demo: Path, stranger: Path, tmp_path: Path
) -> None:
    flags = {"draft": str(stranger), "speculate": "draft", "n_ctx": 1024, "threads": 1}
    file = read_model_file(ModelReference(demo, "demo", "gguf"), load_settings(flags, {}))
    client = EngineClient(tmp_path)
    await client.start()
    command = await session_load_command(
        client, ModelReference(demo, "demo", "gguf"), file, lambda: False
    )
    assert command.draft
    assert command.draft.plan.n_ctx == command.plan.n_ctx == 1024
    assert command.speculate == "draft"
    assert last(await ask(client, command), Ready).draft == command.draft.name == "Tiny"
    await client.close()


async def test_a_draft_by_name_without_a_file_is_refused_before_anything_starts(
    demo: Path,
) -> None:
    reference = ModelReference(demo, "demo", "gguf")
    file = read_model_file(reference, load_settings({"speculate": "draft"}, {}))
    no_engine: Any = None
    with pytest.raises(UsageError, match="--speculate draft needs --draft FILE"):
        await session_load_command(no_engine, reference, file, lambda: False)


# ---- models that cannot take back ----------------------------------------------------------


class Recurrent:
    """Stands for the context of a model with one state for all that it read."""

    can_cut = False


@pytest.mark.parametrize("speculate", ["auto", "off"])
@pytest.mark.parametrize("is_named", [True, False])
def test_a_model_that_cannot_take_back_is_told_of_only_who_asked(
    speculate: Speculation, is_named: bool
) -> None:
    nothing: Any = None
    context: Any = Recurrent()
    draft = DraftLoad(b"x", ONE_THREAD, "Small") if is_named else None
    chat = ChatFormat(style="r1", thinks=True)
    loader = DraftLoader(nothing, nothing, nothing, nothing)
    asked = Load(1, b"x", ONE_THREAD, chat, "M", draft=draft, speculate=speculate)
    by_name = msgspec.structs.replace(asked, speculate="lookup")
    assert bool(loader.load(asked, None, context, CPU_COSTS, on_gpu=False).notice) is is_named
    assert loader.load(by_name, None, context, CPU_COSTS, on_gpu=False).notice
