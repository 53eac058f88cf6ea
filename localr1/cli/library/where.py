"""`localr1 where`: the path of a model, for scripts."""

from __future__ import annotations

import click

from localr1.cli.model_names import complete_model
from localr1.cli.output import Printer
from localr1.errors import ExitCode, UsageError


@click.command("where")
@click.argument("reference", metavar="[REF]", required=False, shell_complete=complete_model)
@click.option("--json", "as_json", is_flag=True, help="The path as JSON, whatever its bytes.")
def where(reference: str | None, as_json: bool) -> int:
    """Print the path of the model REF, or of the models folder."""
    from localr1 import paths
    from localr1.cli.library.finding import as_json as encoded
    from localr1.cli.library.finding import find, library
    from localr1.terminal_text import clean

    path = paths.models_folder()
    name = ""
    if reference is not None:
        found = find(reference, library())
        path, name = found.path.absolute(), found.name
    if as_json:
        Printer().data(encoded({"name": name, "path": path}))
        return int(ExitCode.OK)
    text = str(path)
    if clean(text) != text or "\n" in text:
        raise UsageError("this path cannot be printed as it is", "see it with --json")
    Printer().data(f"{text}\n")
    return int(ExitCode.OK)
