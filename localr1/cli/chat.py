"""`localr1 chat`: open the terminal interface."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from localr1 import quick_start
from localr1.cli.model_names import complete_model
from localr1.cli.options import model_options, settings_from_flags
from localr1.cli.output import Printer
from localr1.errors import ExitCode, UsageError
from localr1.terminal_text import clean_line

if TYPE_CHECKING:
    from localr1.cli.conversations import Opened
    from localr1.models.local_files import Place
    from localr1.models.reference import ModelReference
    from localr1.settings import Settings


class Begun(NamedTuple):
    """What a chat begins with."""

    model: ModelReference
    fetch: str = ""
    """A reference that is fetched meanwhile."""


@click.command()
@click.argument("model", required=False, shell_complete=complete_model)
@click.option("--continue", "latest", is_flag=True, help="Go on with the latest conversation.")
@click.option("--conversation", "identity", metavar="ID", help="Go on with this conversation.")
@click.option(
    "--plain/--no-plain",
    default=None,
    help="Line by line, in words, for screen readers and simple terminals.",
)
@click.option("--theme", help="Colours of the interface; the command palette lists them.")
@model_options
def chat(
    model: str | None = None,
    latest: bool = False,
    identity: str | None = None,
    **flags: Any,
) -> int:
    """Talk with MODEL in the terminal interface: its reasoning live, then its answer.

    MODEL is the path of a GGUF file, or `demo`; without it, the model of your settings, and where
    those name none, that of the conversation you go on with, or a choice.
    """
    quick_start.import_asyncio()
    from localr1.cli.conversations import Opened, open_conversation
    from localr1.session import ChatSession
    from localr1.session.conversations import Conversations

    settings = settings_from_flags(flags)
    is_plain = wants_plain(settings, os.environ)
    # Textual paints on standard error
    streams = (sys.stdin, sys.stdout, sys.stderr)
    if not is_plain and not all(stream.isatty() for stream in streams):
        raise UsageError(
            "the chat needs a terminal", "use `localr1 run` or --plain in scripts and pipes"
        )
    printer = Printer(is_plain=is_plain)
    earlier = Opened()
    if latest or identity is not None:
        earlier = open_conversation(
            settings, "", printer, latest=latest, identity=identity, session_opens=not is_plain
        )
    begun = _model(model or settings.model, settings, earlier, printer, is_plain=is_plain)
    if begun is None:
        return int(ExitCode.OK)
    reference, fetch = begun
    opened = earlier
    if earlier.conversation is None:
        opened = open_conversation(
            settings,
            reference.name,
            printer,
            latest=False,
            identity=None,
            session_opens=not is_plain,
        )
    conversations = Conversations(opened.store) if opened.store else None
    session = ChatSession(reference, settings, opened.conversation, conversations=conversations)
    if is_plain:
        from localr1.cli.plain_chat import talk_plainly

        quick_start.end()
        return talk_plainly(session, settings, printer)
    # Textual takes 0.15 s to import; nothing but the chat needs it
    from localr1.tui.app import run_chat

    say_broken_off(run_chat(session, settings, fetch), printer)
    return int(ExitCode.OK)


def say_broken_off(references: Sequence[str], printer: Printer) -> None:
    """How to go on with what was being fetched when the chat was left."""
    for each in map(clean_line, references):
        printer.line(f"{each} is not whole yet: `localr1 pull {shlex.quote(each)}` goes on.")


def wants_plain(settings: Settings, environment: Mapping[str, str]) -> bool:
    """Whether the chat should be plain: as chosen, else where the terminal cannot do more."""
    if settings.plain is not None:
        return settings.plain
    return environment.get("TERM") == "dumb"


def _model(
    named: str | None, settings: Settings, earlier: Opened, printer: Printer, *, is_plain: bool
) -> Begun | None:
    """The model that is named, or that an earlier conversation had, or that is chosen now."""
    from localr1 import paths
    from localr1.models.local_files import local_models, usual_places
    from localr1.models.reference import DEMO, find_model

    if named:
        return Begun(find_model(named))
    places = usual_places(paths.models_folder(), Path.cwd(), Path.home())
    before = earlier.conversation.model if earlier.conversation else ""
    if before == DEMO:
        return Begun(find_model(DEMO))
    same = (each.reference for each in local_models(places) if each.reference.name == before)
    found = next(same, None) if before else None
    return Begun(found) if found else _choose(settings, places, printer, is_plain=is_plain)


def _choose(
    settings: Settings, places: Sequence[Place], printer: Printer, *, is_plain: bool
) -> Begun | None:
    """Ask which model to open; None where the person leaves."""
    from localr1 import paths
    from localr1.models.local_files import local_models

    if is_plain:
        from localr1.cli.plain_chat import choose_plainly

        plainly = choose_plainly([model.reference for model in local_models(places)], printer)
        return Begun(plainly) if plainly else None
    from localr1.tui.app import theme_of
    from localr1.tui.first_run import FirstRunApp

    chosen = FirstRunApp(settings, paths.settings_file(), places, theme_of(settings)).run()
    return Begun(chosen.model, chosen.fetch) if chosen else None
