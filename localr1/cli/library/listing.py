"""`localr1 list`: the models that are on this computer."""

from __future__ import annotations

import click

from localr1.cli.options import settings_from_flags
from localr1.cli.output import Printer
from localr1.errors import ExitCode

_EMPTY = (
    "The library is empty. `localr1 recommend` says which model fits this computer, "
    "`localr1 pull NAME` fetches it, `localr1 import FILE` takes one that is here."
)


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="A JSON line for each.")
def list_models(as_json: bool) -> int:
    """List the models of the library, and those that other programs keep.

    Each with its quant, size, trained context, when it was last used, and whether it fits into
    memory now. Then downloads that are not whole.
    """
    import asyncio  # completing a line needs none of these

    from localr1.cli.library.finding import as_json as encoded
    from localr1.cli.library.finding import library
    from localr1.cli.library.listed import OWN, json_of, listed, table
    from localr1.cli.library.not_whole import json_of_part, parts_table
    from localr1.models.unfinished import unfinished

    printer = Printer()
    printer.status("Looking at the models …")
    models = library()
    rows = asyncio.run(listed(models, settings_from_flags({})))
    parts = unfinished(models.folder)
    printer.clear_status()
    if as_json:
        for each in (*map(json_of, rows), *map(json_of_part, parts)):
            printer.data(encoded(each, lines=True))
    else:
        for line in table(rows):
            printer.styled_data(line)
        if rows and parts:
            printer.data("\n")
        for line in parts_table(parts):
            printer.styled_data(line)
    for unread in models.unread:
        printer.line(f"A folder cannot be read: {unread}")
    if not any(row.place == OWN for row in rows):
        printer.line(_EMPTY)
    return int(ExitCode.OK)
