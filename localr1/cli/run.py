"""`localr1 run`: ask from the command line, or talk line by line."""

from __future__ import annotations

import select
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from localr1.cli.model_names import complete_model
from localr1.cli.options import SAMPLES_AT_MOST, model_options, settings_from_flags
from localr1.cli.output import Printer
from localr1.errors import UsageError

if TYPE_CHECKING:
    from localr1.chat.messages import FilePart

STDIN_LIMIT_BYTES = 64 << 20
SILENT_SECONDS = 2.0


@click.command()
@click.argument("model", shell_complete=complete_model)
@click.argument("prompt", nargs=-1)
@click.option(
    "--reasoning",
    type=click.Choice(["show", "hide", "only"]),
    help="Reasoning on standard error (show), nowhere (hide), or alone on standard output (only).",
)
@click.option("--json", "as_json", is_flag=True, help="Events as JSON lines on standard output.")
@click.option("--interactive", "-i", is_flag=True, help="Talk line by line, also when piped.")
@click.option("--continue", "latest", is_flag=True, help="Go on with the latest conversation.")
@click.option("--conversation", "identity", metavar="ID", help="Go on with this conversation.")
@click.option(
    "--file",
    "paths",
    multiple=True,
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="Attach a text file, code or a PDF's text; may be given several times.",
)
@click.option(
    "--samples",
    type=click.IntRange(1, SAMPLES_AT_MOST),
    default=1,
    metavar="N",
    help=f"Replies side by side, 1 to {SAMPLES_AT_MOST}; most of the same result win.",
)
@model_options
def run(
    model: str,
    prompt: tuple[str, ...],
    as_json: bool,
    interactive: bool,
    latest: bool,
    identity: str | None,
    paths: tuple[Path, ...],
    samples: int,
    **flags: Any,
) -> int:
    """Ask MODEL: the answer goes to standard output, reasoning to standard error.

    MODEL is the path of a GGUF file, or `demo`. PROMPT comes from the arguments, from standard
    input, or both: standard input is then appended as context. Without either, on a terminal,
    it is a plain chat, one message a line.
    """
    from localr1.cli.conversations import open_conversation
    from localr1.cli.json_events import JsonEvents
    from localr1.cli.line_chat import LineChat
    from localr1.cli.show import EventShower, TextEvents
    from localr1.models.reference import find_model
    from localr1.session import ChatSession

    printer = Printer()
    settings = settings_from_flags(flags)
    reference = find_model(model)
    interactive = interactive or (not prompt and sys.stdin.isatty())
    files = attached_files(paths, printer)
    words = " ".join(prompt)
    question = "" if interactive else read_question(words, printer, may_be_empty=bool(files))
    conversation, _ = open_conversation(
        settings, reference.name, printer, latest=latest, identity=identity
    )
    is_brief = not (interactive or latest or identity)
    session = ChatSession(reference, settings, conversation, is_brief=is_brief)
    events: EventShower = JsonEvents(printer, session)
    if not as_json:
        events = TextEvents(printer, session, settings.reasoning)
    chat = LineChat(session, events, printer, samples=samples, interactive=interactive, files=files)
    if interactive:
        return chat.talk(first=words)
    return chat.ask_once(question)


def attached_files(paths: Sequence[Path], printer: Printer) -> list[FilePart]:
    """What goes with the first question.

    Raises:
        AttachmentMissing: one of them is not there.
        AttachmentRefused: one of them cannot be attached.
    """
    from localr1.session.attached_file import read_attachment

    files = []
    for path in paths:
        read = read_attachment(path)
        files.append(read.part)
        if read.remark:
            printer.line(f"{read.part.name}: {read.remark}")
    return files


def read_question(arguments: str, printer: Printer, *, may_be_empty: bool = False) -> str:
    """The question from arguments and standard input.

    Raises:
        UsageError: there is none, or standard input is too large.
    """
    parts = [part for part in (arguments, _read_stdin(printer)) if part.strip()]
    if not parts and not may_be_empty:
        raise UsageError(
            "there is no question", "give it as an argument, on standard input, or use -i"
        )
    return "\n\n".join(parts)


def _read_stdin(printer: Printer) -> str:
    if sys.stdin is None or sys.stdin.isatty():
        return ""
    _say_what_is_waited_for(printer)
    content = sys.stdin.buffer.read(STDIN_LIMIT_BYTES + 1)
    if len(content) > STDIN_LIMIT_BYTES:
        raise UsageError("standard input is larger than 64 MiB, which no context window holds")
    return decode_input(content, printer)


def _say_what_is_waited_for(printer: Printer) -> None:
    """A pipe that nobody writes to or closes would otherwise look like a hang."""
    if sys.platform == "win32":
        return
    ready, _, _ = select.select([sys.stdin], [], [], SILENT_SECONDS)
    if not ready:
        printer.line("Waiting for standard input to end; `< /dev/null` goes on without it.")


def decode_input(content: bytes, printer: Printer) -> str:
    """Text of these bytes; what is not UTF-8 is replaced, and said."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("utf-8", "replace")
        printer.line(f"standard input is not all UTF-8: {text.count(chr(0xFFFD))} marks replaced")
        return text
