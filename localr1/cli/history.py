"""`localr1 history`: the conversations that are kept, from the command line."""

from __future__ import annotations

from typing import Literal

import click

from localr1.cli.agreement import agreed
from localr1.cli.conversations import open_history
from localr1.cli.model_names import complete_file
from localr1.cli.output import Printer
from localr1.errors import ExitCode, UsageError
from localr1.units import count

_MOST = 1_000_000


@click.group(invoke_without_command=True)
@click.pass_context
def history(ctx: click.Context) -> int:
    """The conversations that are kept: list, search, show, export, import and delete them.

    The beginning of an ID is enough wherever an ID is asked for.
    """
    if ctx.invoked_subcommand is None:
        return int(ctx.invoke(list_))
    return int(ExitCode.OK)


@history.command("list")
@click.option(
    "--limit", type=click.IntRange(1, _MOST), metavar="N", default=100, show_default=True,
    help="At most so many.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="A JSON line for each.")
def list_(limit: int = 100, as_json: bool = False) -> int:
    """List the conversations, the newest first."""
    import msgspec

    from localr1.cli.history_text import list_lines

    printer = Printer()
    with open_history(printer) as store:
        summaries = store.list(limit + 1)
    shown = summaries[:limit]
    if as_json:
        for each in shown:
            printer.data(msgspec.json.encode(each).decode() + "\n")
    else:
        for line in list_lines(shown):
            printer.styled_data(line)
    if len(summaries) > limit:
        printer.line(f"There are more; `--limit {min(10 * limit, _MOST)}` shows them.")
    elif not summaries:
        printer.line("No conversations are kept yet.")
    return int(ExitCode.OK)


@history.command()
@click.argument("words", nargs=-1, required=True)
@click.option(
    "--limit", type=click.IntRange(1, _MOST), metavar="N", default=50, show_default=True,
    help="At most so many hits.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="A JSON line for each hit.")
def search(words: tuple[str, ...], limit: int, as_json: bool) -> int:
    """Find titles, questions, reasoning and answers that have all WORDS.

    The last word may go on; quote words that stand in a row: '"six times"'.
    """
    import msgspec

    from localr1.cli.history_text import hit_lines

    printer = Printer()
    with open_history(printer) as store:
        hits = store.search(" ".join(words), limit)
    if as_json:
        for hit in hits:
            printer.data(msgspec.json.encode(hit).decode() + "\n")
    else:
        for line in hit_lines(hits):
            printer.styled_data(line)
    if not hits:
        printer.line("Nothing was found.")
    return int(ExitCode.OK)


@history.command()
@click.argument("identity", metavar="ID")
@click.option(
    "--reasoning",
    type=click.Choice(["show", "hide", "only"]),
    default="show",
    show_default=True,
    help="Reasoning with the rest (show), left out (hide), or alone (only).",
)
def show(identity: str, reasoning: Literal["show", "hide", "only"]) -> int:
    """Print the conversation ID as plain text."""
    from localr1.cli.history_text import conversation_lines

    printer = Printer()
    with open_history(printer) as store:
        tree = store.whole(identity)
    for line in conversation_lines(tree, reasoning):
        printer.styled_data(line)
    return int(ExitCode.OK)


@history.command()
@click.argument("identity", metavar="[ID]", required=False)
@click.option("--all", "everything", is_flag=True, help="All conversations.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["markdown", "json", "html"]),
    default="markdown",
    show_default=True,
    help="JSON has all branches and can be imported again.",
)
@click.option(
    "--output", "-o", metavar="PATH", shell_complete=complete_file,
    help="A file, a folder, or `-` for standard output; else a file in this folder.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Overwrite files that exist.")
def export(
    identity: str | None,
    everything: bool,
    format_: Literal["markdown", "json", "html"],
    output: str | None,
    force: bool,
) -> int:
    """Write a conversation, or all, to files.

    ID names the conversation. The paths of the files are printed.
    """
    from localr1.cli.history_export import export_all, export_one

    if everything == (identity is not None):
        raise UsageError("name a conversation, or give --all", "see localr1 history export --help")
    printer = Printer()
    with open_history(printer) as store:
        if identity is None:
            export_all(store, printer, format_, output, force=force)
        else:
            export_one(store, printer, identity, format_, output, force=force)
    return int(ExitCode.OK)


@history.command("import")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, shell_complete=complete_file)
@click.option("--json", "as_json", is_flag=True, help="A JSON line for each file.")
def import_(files: tuple[str, ...], as_json: bool) -> int:
    """Take in the conversations of FILEs.

    They are exports of localr1, ChatGPT (its .zip, or the conversations.json in it) or Open
    WebUI, or oterm's store.db. What is there already is not taken twice.
    """
    from localr1.cli.history_import import import_file, worst_of

    printer = Printer()
    with open_history(printer) as store:
        return worst_of([import_file(store, printer, each, as_json=as_json) for each in files])


@history.command()
@click.argument("identities", metavar="ID...", nargs=-1, required=True)
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def delete(identities: tuple[str, ...], yes: bool) -> int:
    """Delete conversations for good, with what the engine keeps of them."""
    from localr1 import paths
    from localr1.engine.state_files import StateFolder

    printer = Printer()
    states = StateFolder(paths.states_folder(), 0)
    with open_history(printer) as store:
        trees = [store.whole(each) for each in dict.fromkeys(identities)]
        for tree in trees:
            said = f"{tree.id}, {tree.title or 'untitled'}: {count(len(tree.messages), 'message')}"
            if not yes and not agreed(printer, "delete", said, "It cannot be brought back."):
                printer.line(f"{tree.id} stays.")
                continue
            store.delete(tree.id)
            states.forget(tree.id)
            printer.line(f"Deleted {said}.")
    return int(ExitCode.OK)
