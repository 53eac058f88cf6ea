"""The commands of the line chat: what they read, what they do, how they are listed."""

from __future__ import annotations

import asyncio
import io

import pytest

from localr1.chat.asked_effort import asked_effort
from localr1.chat.effort import Asked, ReasoningLimit
from localr1.chat.messages import Message, ReasoningPart, TextPart, user_message
from localr1.cli.chat_commands import COMMANDS, ChatCommands, help_lines
from localr1.cli.output import Printer
from localr1.errors import ExitCode, UsageError
from tests.unit.test_documents import CLI


@pytest.mark.parametrize(
    ("text", "effort", "tokens", "seconds"),
    [
        ("low", "low", None, None),
        ("Unlimited", "unlimited", None, None),
        ("off", None, 0, None),
        ("512", None, 512, None),
        ("2,048 tokens", None, 2048, None),
        ("1 token", None, 1, None),
        ("30 seconds", None, None, 30.0),
        ("1.5s", None, None, 1.5),
        ("512 tokens 30 seconds", None, 512, 30.0),
    ],
)
def test_an_effort_is_read(
    text: str, effort: str | None, tokens: int | None, seconds: float | None
) -> None:
    asked = asked_effort(text)
    assert asked is not None
    assert (asked.effort, asked.tokens, asked.seconds) == (effort, tokens, seconds)
    assert asked.origin == "this conversation"


def test_the_default_asks_for_nothing() -> None:
    assert asked_effort("default") is None


@pytest.mark.parametrize(
    "text",
    ["much", "-5", "5 minutes", "1.5 tokens", "tokens", "9" * 400, f"{1 << 25}", "90000 s", "1e5"],
)
def test_what_is_no_effort_is_said(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        asked_effort(text)
    assert len(caught.value.message) < 100


class Session:
    """What the commands use of `ChatSession`, remembered."""

    reasoning_limit = ReasoningLimit(reason="thinking without a limit")

    def __init__(self, *messages: Message) -> None:
        self.messages = messages
        self.can_go_on = bool(messages) and messages[-1].finish_reason == "cancelled"
        self.done: list[object] = []

    async def set_limit(self, limit: Asked | None) -> None:
        self.done.append(limit)

    async def thought_tokens(self, position: int) -> int:
        return 1234 if position == 1 else -1

    async def carry_thought(self, position: int, is_carried: bool) -> None:
        self.done.append((position, is_carried))

    async def delete_thought(self, position: int) -> None:
        self.done.append((position, "deleted"))


class Replies:
    """What leads to a reply, remembered."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    async def ask(self, question: str, samples: int) -> int:
        self.asked.append((question, samples))
        return 0

    async def go_on(self) -> int:
        self.asked.append("go on")
        return 0


CONVERSATION = (
    user_message("2 + 2?"),
    Message("assistant", (ReasoningPart("Two and two."), TextPart("4")), "stop"),
)
STOPPED = (
    user_message("2 + 2?"),
    Message("assistant", (ReasoningPart("Two"),), "cancelled"),
)


def run(line: str, *messages: Message) -> tuple[int, list[object], list[object], str]:
    """The exit code, what the session did, what was asked, and what was said."""
    session, replies, said = Session(*messages), Replies(), io.StringIO()
    commands = ChatCommands(session, replies, Printer(io.StringIO(), said))  # type: ignore[arg-type]
    code = asyncio.run(commands.run(line))
    return code, session.done, replies.asked, said.getvalue()


def test_effort_is_set_and_said() -> None:
    code, done, _, said = run("/effort high")
    assert (code, said) == (ExitCode.OK, "From now on: thinking without a limit.\n")
    assert done == [Asked(origin="this conversation", effort="high")]
    assert run("/effort")[1] == []
    assert run("/effort default")[1] == [None]


@pytest.mark.parametrize(
    ("argument", "done", "word"),
    [("keep", (1, True), "1,234"), ("leave", (1, False), "1,234"), ("delete", (1, "deleted"), "")],
)
def test_the_last_thought_is_kept_left_or_deleted(argument: str, done: object, word: str) -> None:
    code, did, _, said = run(f"/thought {argument}", *CONVERSATION)
    assert (code, did) == (ExitCode.OK, [done])
    assert word in said


def test_a_thought_without_an_answer_costs_nothing() -> None:
    assert "costs nothing" in run("/thought keep", *STOPPED)[3]


def test_go_continues_what_was_stopped() -> None:
    assert run("/go", *STOPPED)[2] == ["go on"]
    assert run("/go", *CONVERSATION)[2] == []


def test_try_asks_several_times() -> None:
    assert run("/try 5  What is 2 + 2?")[2] == [("What is 2 + 2?", 5)]


@pytest.mark.parametrize(
    "line",
    [
        "/nope",
        "/",
        "/go",
        "/thought",
        "/thought forget",
        "/try",
        "/try 5",
        "/try 17 x",
        "/try 0 x",
        "/try " + "9" * 5000 + " x",
        "/effort \x1b]0;owned\x07",
        "/\x1b[2J" + "x" * 100_000,
    ],
    ids=lambda line: repr(line[:20]),
)
def test_what_cannot_be_done_is_one_line(line: str) -> None:
    code, done, asked, said = run(line, *(CONVERSATION if line.startswith("/thought ") else ()))
    assert (code, done, asked) == (ExitCode.USAGE, [], [])
    assert len(said.splitlines()) == 1
    assert said.startswith("localr1: ")
    assert len(said) < 300
    assert "\x1b" not in said


def test_every_command_is_in_the_help_and_the_documents() -> None:
    lines = help_lines(COMMANDS)
    assert max(map(len, lines)) <= 99
    for command in COMMANDS:
        assert any(line.split()[0] == command.name for line in lines)
        assert f"| `{command.name}" in CLI
