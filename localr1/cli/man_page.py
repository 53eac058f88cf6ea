"""`localr1 man`: the manual page, written from the commands themselves."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click

from localr1 import __version__
from localr1.cli.output import Printer
from localr1.errors import ExitCode
from localr1.settings import settings_reference

EXIT_MEANINGS = {
    ExitCode.OK: "all is well",
    ExitCode.UNEXPECTED: "a fault of localr1's own",
    ExitCode.USAGE: "a flag, setting or value cannot be used",
    ExitCode.NOT_FOUND: "the model, conversation or file does not exist",
    ExitCode.REFUSED: (
        "the file is damaged, or is not a model that can be run or an export that can be taken"
    ),
    ExitCode.ENGINE: "the engine failed, crashed or was killed",
    ExitCode.DOES_NOT_FIT: "memory or the context window is too small",
    ExitCode.STORAGE: "settings, history or another file cannot be read or written",
    ExitCode.NETWORK: "the hub could not be reached, refused, or the connection was lost for good",
    ExitCode.OFFLINE: "the network was needed, and localr1 is to stay offline",
    ExitCode.INTERRUPTED: "interrupted by Ctrl-C",
    ExitCode.OUTPUT_CLOSED: "the reader of standard output went away",
}

_FILES = (
    ("settings.toml", "settings that a person writes"),
    ("catalog.toml", "a person's own entries of the catalog"),
    ("models/", "the library"),
    ("history.sqlite3", "conversations"),
    ("logs/", "what the engine printed"),
    ("states/", "what the engine holds of conversations; may be deleted"),
)


@click.command()
def man() -> int:
    """Print the manual page, as roff.

    `localr1 man > ~/.local/share/man/man1/localr1.1` keeps it where `man localr1` finds it.
    """
    root = click.get_current_context().find_root().command
    Printer().data("\n".join(page(root)) + "\n")
    return int(ExitCode.OK)


def page(root: click.Command) -> Iterator[str]:
    """The lines of the page for this program, all of its commands included."""
    context = click.Context(root, info_name="localr1")
    yield f'.TH LOCALR1 1 "" "localr1 {_text(__version__)}" "User commands"'
    yield from (".SH NAME", r"localr1 \- run a reasoning model on your own computer, offline")
    yield from (".SH SYNOPSIS", _synopsis(context))
    yield ".SH DESCRIPTION"
    yield from _paragraphs(root)
    yield from (".SH OPTIONS", *_options(context))
    yield ".SH COMMANDS"
    for path, command in commands(root):
        sub = click.Context(command, info_name=path)
        yield from (f'.SS "localr1 {_text(path)}"', _synopsis(sub, f"localr1 {path}"))
        yield from (".PP", *_paragraphs(command), *_options(sub))
    yield from _environment()
    yield ".SH FILES"
    yield r"Below \fBLOCALR1_HOME\fR, or the folder for user data of the system:"
    for name, what in _FILES:
        yield from _item(name, what)
    yield ".SH EXIT STATUS"
    yield from (
        line for code, what in EXIT_MEANINGS.items() for line in _item(str(int(code)), what)
    )


def commands(group: click.Command, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """All commands below a group, each with the words that call it; hidden ones are left out."""
    if not isinstance(group, click.Group):
        return
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None and not command.hidden:
            path = f"{before} {name}".strip()
            yield path, command
            yield from commands(command, path)


def _environment() -> Iterator[str]:
    yield ".SH ENVIRONMENT"
    yield from _item("LOCALR1_HOME", "the folder of all files of localr1")
    yield from _item("LOCALR1_DEBUG", "1 shows Python's traceback when something fails")
    for setting in settings_reference():
        yield from _item(setting.variable, f"{setting.sentence} ({setting.values})")


def _synopsis(context: click.Context, called: str = "localr1") -> str:
    pieces = context.command.collect_usage_pieces(context)
    return rf"\fB{_text(called)}\fR {_text(' '.join(pieces))}".rstrip()


def _paragraphs(command: click.Command) -> Iterator[str]:
    told = inspect.cleandoc(command.help or "")
    for number, paragraph in enumerate(re.split(r"\n\s*\n", told)):
        if number:
            yield ".PP"
        yield _text(" ".join(paragraph.split()))


def _options(context: click.Context) -> Iterator[str]:
    for param in context.command.get_params(context):
        record = param.get_help_record(context) if isinstance(param, click.Option) else None
        if record is not None:
            yield from _item(*record)


def _item(term: str, what: str) -> tuple[str, str, str]:
    return ".TP", rf"\fB{_text(term)}\fR", _text(what)


def _text(text: str) -> str:
    """Text that roff prints as it is."""
    line = " ".join(text.split()).replace("\\", r"\e").replace("-", r"\-")
    # a line that begins so would be a request
    return rf"\&{line}" if line.startswith((".", "'")) else line
