"""`localr1 chat`: open the terminal interface."""

from __future__ import annotations

import sys
from typing import Any

import click

from localr1.cli.options import model_options, settings_from_flags
from localr1.cli.output import Printer
from localr1.errors import UsageError


@click.command()
@click.argument("model", required=False)
@click.option("--continue", "latest", is_flag=True, help="Go on with the latest conversation.")
@click.option("--conversation", "identity", metavar="ID", help="Go on with this conversation.")
@click.option("--theme", help="Colours of the interface; the command palette lists them.")
@model_options
def chat(
    model: str | None = None,
    latest: bool = False,
    identity: str | None = None,
    **flags: Any,
) -> int:
    """Talk with MODEL in the terminal interface: its reasoning live, then its answer.

    MODEL is the path of a GGUF file, or `demo`; without it, the model of your settings.
    """
    from localr1.cli.conversations import open_conversation
    from localr1.models.reference import DEMO, find_model
    from localr1.session import ChatSession

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("the chat needs a terminal", "use `localr1 run` in scripts and pipes")
    settings = settings_from_flags(flags)
    reference = find_model(model or settings.model or DEMO)
    conversation = open_conversation(
        settings, reference.name, Printer(), latest=latest, identity=identity
    )
    session = ChatSession(reference, settings, conversation)
    # Textual takes 0.15 s to import; nothing but the chat needs it
    from localr1.tui.app import run_chat

    return run_chat(session, settings)
