"""`localr1 chat`: open the terminal interface."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from localr1.cli.options import model_options, settings_from_flags
from localr1.cli.output import Printer
from localr1.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from localr1.models.reference import ModelReference
    from localr1.settings import Settings


@click.command()
@click.argument("model", required=False)
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
    those name none, a choice.
    """
    from localr1.cli.conversations import open_conversation
    from localr1.cli.plain_chat import talk_plainly, wants_plain
    from localr1.models.reference import find_model
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
    named = model or settings.model
    reference = find_model(named) if named else _choose(settings, printer, is_plain=is_plain)
    if reference is None:
        return int(ExitCode.OK)
    opened = open_conversation(settings, reference.name, printer, latest=latest, identity=identity)
    conversations = Conversations(opened.store) if opened.store else None
    session = ChatSession(reference, settings, opened.conversation, conversations=conversations)
    if is_plain:
        return talk_plainly(session, settings, printer)
    # Textual takes 0.15 s to import; nothing but the chat needs it
    from localr1.tui.app import run_chat

    return run_chat(session, settings)


def _choose(settings: Settings, printer: Printer, *, is_plain: bool) -> ModelReference | None:
    """Ask which model to open; None where the person leaves."""
    from localr1 import paths
    from localr1.models.local_files import local_models, usual_places

    places = usual_places(paths.models_folder(), Path.cwd(), Path.home())
    if is_plain:
        from localr1.cli.plain_chat import choose_plainly

        return choose_plainly([model.reference for model in local_models(places)], printer)
    from localr1.tui.app import theme_of
    from localr1.tui.first_run import FirstRunApp

    return FirstRunApp(settings, paths.settings_file(), places, theme_of(settings)).run()
