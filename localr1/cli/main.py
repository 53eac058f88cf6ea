"""`localr1`: the commands, loaded when they are called, and the only place that exits."""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, NoReturn

import click

from localr1 import __version__, quick_start
from localr1.cli.output import Printer, open_missing_streams, silence_closed_output
from localr1.errors import ExitCode, Localr1Error, OutputClosed, OutputFailed, UsageError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

DEBUG_VARIABLE = "LOCALR1_DEBUG"
OFFLINE_VARIABLE = "LOCALR1_OFFLINE"
"""Of the setting `offline`."""

COMPLETE_VARIABLE = "_LOCALR1_COMPLETE"
"""Set by a shell that wants to know what may follow; click reads it."""

_COMMANDS = {
    "chat": ("localr1.cli.chat", "Talk with a model in the terminal interface."),
    "run": ("localr1.cli.run", "Ask a model from the command line, or talk line by line."),
    "recommend": ("localr1.cli.recommend", "Say which model suits this computer."),
    "pull": ("localr1.cli.pull", "Fetch a model from the hub, or go on with one."),
    "history": ("localr1.cli.history", "List, search, show, export, import conversations."),
    "list": ("localr1.cli.library.listing:list_models", "List the models on this computer."),
    "show": ("localr1.cli.library.showing:show_model", "Show what is known of a model."),
    "import": ("localr1.cli.library.importing:import_file", "Take a model file into the library."),
    "rm": ("localr1.cli.library.removing:rm", "Remove models from the library."),
    "verify": ("localr1.cli.library.verifying:verify", "Check model files by their checksums."),
    "where": ("localr1.cli.library.where:where", "Print the path of a model."),
    "doctor": ("localr1.cli.doctor", "Say what this machine has, what is used, and what is wrong."),
    "bench": ("localr1.cli.bench", "Measure how fast a model runs, and find the best threads."),
    "convert": ("localr1.cli.convert", "Turn a checkpoint into a quantized GGUF file."),
    "completion": ("localr1.cli.shell_completion", "Print the completion script of a shell."),
    "man": ("localr1.cli.man_page", "Print the manual page, as roff."),
}
_HIDDEN_COMMANDS = {
    "worker": "localr1.cli.hidden",
    "render-template": "localr1.cli.hidden",
    "read-pdf": "localr1.cli.hidden",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called: `--help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names that `--help` shows."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command of this name."""
        if cmd_name in _COMMANDS:
            module, _ = _COMMANDS[cmd_name]
        elif cmd_name in _HIDDEN_COMMANDS:
            module = _HIDDEN_COMMANDS[cmd_name]
        else:
            return None
        module, _, attribute = module.partition(":")
        attribute = attribute or cmd_name.replace("-", "_")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        if cmd_name != "chat":  # the interface starts later
            quick_start.end()
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Name the commands that begin so, without importing them, and the options."""
        from click.shell_completion import CompletionItem

        commands = [
            CompletionItem(name, help=help_)
            for name, (_, help_) in _COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return commands + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_) for name, (_, help_) in _COMMANDS.items()])


@click.group(cls=LazyGroup, invoke_without_command=True)
@click.version_option(__version__, prog_name="localr1")
@click.option("--debug", is_flag=True, help="Show Python's traceback when something fails.")
@click.option("--offline", is_flag=True, help="Never use the network, whatever the settings say.")
@click.pass_context
def localr1(ctx: click.Context, debug: bool, offline: bool) -> None:
    """Run a reasoning model on your own computer, offline.

    Without a command, `localr1` opens the chat with the model of your settings, or lets you
    choose one.
    """
    if debug:
        os.environ[DEBUG_VARIABLE] = "1"
    if offline:
        # for the processes that are started, too; `settings_from_flags` knows the flag itself
        os.environ[OFFLINE_VARIABLE] = "true"
    if ctx.invoked_subcommand is None:
        command = localr1.get_command(ctx, "chat")
        if command is not None:
            ctx.exit(ctx.invoke(command))


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit."""
    sys.exit(run_command_line(arguments))


def run_command_line(arguments: list[str] | None = None) -> int:
    """Run the command line; answers the exit code."""
    open_missing_streams()
    if os.environ.get(COMPLETE_VARIABLE):
        from localr1.cli.shell_completion import complete

        return complete(localr1)
    try:
        result = localr1.main(args=arguments, prog_name="localr1", standalone_mode=False)
        return int(result or ExitCode.OK)
    except click.exceptions.Exit as done:
        return done.exit_code
    except (KeyboardInterrupt, click.exceptions.Abort):
        return ExitCode.INTERRUPTED
    except Exception as error:
        return _report(error)


def _report(error: Exception) -> int:
    """Tell what went wrong in one line."""
    if os.environ.get(DEBUG_VARIABLE):
        sys.excepthook(type(error), error, error.__traceback__)
    expected = _as_expected(error)
    if isinstance(expected, (OutputClosed, OutputFailed)):
        silence_closed_output()
    Printer().error(expected)
    return expected.exit_code


def _as_expected(error: Exception) -> Localr1Error:
    if isinstance(error, Localr1Error):
        return error
    if isinstance(error, click.ClickException):
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "localr1"
        return UsageError(error.format_message().rstrip("."), f"see {command} --help")
    if isinstance(error, BrokenPipeError):
        return OutputClosed("standard output was closed; stopped")
    return Localr1Error(
        f"this should not have happened: {type(error).__name__}: {error}",
        "run it again with `localr1 --debug ...` and report what it shows",
    )
