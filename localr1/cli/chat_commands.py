"""What `/…` lines of the line chat do: one table, from which the help is made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, Protocol

from localr1.chat.asked_effort import asked_effort
from localr1.cli.options import SAMPLES_AT_MOST
from localr1.cli.output import Printer
from localr1.errors import ExitCode, Localr1Error, UsageError
from localr1.session import ChatSession
from localr1.terminal_text import clean_line
from localr1.units import count


class Replies(Protocol):
    """Runs replies of the session, for the commands that lead to one."""

    async def ask(self, question: str, samples: int) -> int:
        """Ask; answers the exit code."""

    async def go_on(self) -> int:
        """Continue the last reply; answers the exit code."""


class ChatCommand(NamedTuple):
    """A row of the table."""

    name: str
    arguments: str
    sentence: str
    run: Callable[[ChatCommands, str], Awaitable[int]]


class ChatCommands:
    """Runs the commands of one chat.

    Args:
        session: they act on.
        replies: runs those that lead to a reply.
        printer: for what they say.
    """

    def __init__(self, session: ChatSession, replies: Replies, printer: Printer) -> None:
        self._session = session
        self._replies = replies
        self._printer = printer
        self.ended = False
        """The person wants to leave."""

    async def run(self, line: str) -> int:
        """Run a line that begins with a slash; answers the exit code."""
        name, _, argument = line.strip().partition(" ")
        command = next((each for each in COMMANDS if each.name == name), None)
        try:
            if command is None:
                raise UsageError(
                    f"there is no {clean_line(name, 40)}",
                    "/help lists what there is; a message that begins with a slash is sent with //",
                )
            return await command.run(self, argument.strip())
        except Localr1Error as error:
            self._printer.error(error)
            return error.exit_code

    async def help(self, argument: str) -> int:
        """List the commands."""
        for line in help_lines(COMMANDS):
            self._printer.line_as_is(line)
        return ExitCode.OK

    async def effort(self, argument: str) -> int:
        """Set how long replies may think."""
        if argument:
            await self._session.set_limit(asked_effort(argument))
        self._printer.line(f"From now on: {self._session.reasoning_limit.reason}.")
        return ExitCode.OK

    async def go(self, argument: str) -> int:
        """Continue the last reply."""
        if not self._session.can_go_on:
            raise UsageError("there is no reply that was stopped or cut", "ask something first")
        return await self._replies.go_on()

    async def try_several(self, argument: str) -> int:
        """Ask for several replies."""
        number, _, question = argument.partition(" ")
        if not (number.isdecimal() and 1 <= int(number[:9]) <= SAMPLES_AT_MOST and question):
            raise UsageError(
                "/try takes a number of replies and a question",
                f"for example /try 5 What is 12 * 34? (at most {SAMPLES_AT_MOST})",
            )
        return await self._replies.ask(question.strip(), int(number))

    async def thought(self, argument: str) -> int:
        """Keep the last thought in the context, leave it out, or delete it."""
        position = self._last_thought()
        if argument not in ("keep", "leave", "delete"):
            raise UsageError("/thought takes keep, leave or delete")
        if argument == "delete":
            await self._session.delete_thought(position)
            self._printer.line("The thought is deleted; its answer stays.")
            return ExitCode.OK
        tokens = await self._session.thought_tokens(position)
        await self._session.carry_thought(position, argument == "keep")
        has_answer = bool(self._session.messages[position].text)
        self._printer.line(
            _cost_sentence(tokens, is_kept=argument == "keep", has_answer=has_answer)
        )
        return ExitCode.OK

    async def thinking(self, argument: str) -> int:
        """Say the last thought."""
        thought = self._session.messages[self._last_thought()].reasoning
        self._printer.line("Thinking:")
        self._printer.data(f"{thought.text.strip()}\n" if thought else "")
        return ExitCode.OK

    async def answer(self, argument: str) -> int:
        """Say the last answer again."""
        texts = [each.text for each in self._session.messages if each.role == "assistant"]
        answers = [text.strip() for text in texts if text.strip()]
        if not answers:
            raise UsageError("there is no answer yet", "ask something first")
        self._printer.line("Answer:")
        self._printer.data(f"{answers[-1]}\n")
        return ExitCode.OK

    async def quit(self, argument: str) -> int:
        """Leave."""
        self.ended = True
        return ExitCode.OK

    def _last_thought(self) -> int:
        messages = self._session.messages
        for position in reversed(range(len(messages))):
            if messages[position].reasoning is not None:
                return position
        raise UsageError("there is no thought yet", "ask something first")


COMMANDS: Sequence[ChatCommand] = (
    ChatCommand(
        "/effort",
        "low|medium|high|unlimited|N tokens|N seconds|off|default",
        "how long replies of this conversation may think",
        ChatCommands.effort,
    ),
    ChatCommand("/go", "", "go on with a reply that was stopped or cut", ChatCommands.go),
    ChatCommand(
        "/thought",
        "keep|leave|delete",
        "the last thought: keep it in the context, leave it out, delete it",
        ChatCommands.thought,
    ),
    ChatCommand(
        "/try", "N QUESTION", "N replies side by side, and a vote", ChatCommands.try_several
    ),
    ChatCommand("/thinking", "", "say the last thought", ChatCommands.thinking),
    ChatCommand("/answer", "", "say the last answer again", ChatCommands.answer),
    ChatCommand("/quit", "", "leave; so does Ctrl-D", ChatCommands.quit),
    ChatCommand("/help", "", "this list", ChatCommands.help),
)


def help_lines(commands: Sequence[ChatCommand]) -> list[str]:
    """The commands, one a line, or two where the arguments are long."""
    lines = []
    for command in commands:
        usage = f"{command.name} {command.arguments}".strip()
        if len(usage) > _USAGE_COLUMNS:
            lines += [f"  {usage}", f"  {'':{_USAGE_COLUMNS}}  {command.sentence}"]
        else:
            lines.append(f"  {usage:{_USAGE_COLUMNS}}  {command.sentence}")
    return [*lines, f"  {'//…':{_USAGE_COLUMNS}}  a message that begins with a slash"]


_USAGE_COLUMNS = 26
"""Of `/thought keep|leave|delete`, the longest usage that leaves room for its sentence."""


def _cost_sentence(tokens: int, *, is_kept: bool, has_answer: bool) -> str:
    if not has_answer:
        return "Noted; a reply without an answer is not in the context, so it costs nothing yet."
    if is_kept:
        return f"The thought stays in the context, for {count(tokens, 'token')}."
    return f"The thought is left out of the context, which saves {count(tokens, 'token')}."
