"""`localr1 rm`: models leave the library, after a question that says what becomes free."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from localr1.cli.agreement import agreed
from localr1.cli.model_names import complete_library
from localr1.cli.output import Printer
from localr1.errors import ExitCode, ModelNotFound, UsageError
from localr1.terminal_text import clean_line
from localr1.units import count, download_size

if TYPE_CHECKING:
    from localr1.models.library import Library
    from localr1.models.removal import Removal


@click.command("rm")
@click.argument(
    "references", metavar="REF...", nargs=-1, required=True, shell_complete=complete_library
)
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="A JSON line for each that was removed.")
def rm(references: tuple[str, ...], yes: bool, as_json: bool) -> int:
    """Remove models from the library.

    It asks first, and says what becomes free. Of a link only the link is removed. Files that
    other programs keep are never removed.
    """
    from localr1.cli.library.finding import as_json as encoded
    from localr1.cli.library.finding import library
    from localr1.models.removal import remove

    printer = Printer()
    models = library()
    removals = [_removal(each, models) for each in dict.fromkeys(references)]
    for removal in dict.fromkeys(removals):
        said = said_of(removal)
        if _is_loaded(removal):
            printer.line(f"{removal.model.name} is open in another window now.")
        if not yes and not agreed(printer, "remove", said):
            printer.line(f"{removal.model.name} stays.")
            continue
        remove(removal, models)
        if as_json:
            printer.data(encoded(_json_of(removal), lines=True))
        printer.line(f"Removed {said}.")
    return int(ExitCode.OK)


def _removal(reference: str, models: Library) -> Removal:
    from localr1.cli.library.finding import find
    from localr1.models.removal import removal_of

    _refuse_several(reference, models)
    found = find(reference, models)
    if found.model is None:
        where = f"kept by {found.place}" if found.place else f"in {found.path.parent}"
        raise UsageError(
            f"{found.name} is not in the library but {where}",
            "localr1 removes only what is in its own models folder",
        )
    return removal_of(found.model)


def _refuse_several(reference: str, models: Library) -> None:
    """What runs one of several quants is no way to say which of them goes."""
    from localr1 import paths
    from localr1.models.catalog import load_catalog
    from localr1.models.finding import all_in_library
    from localr1.models.reference import CatalogName, HubName, parse_reference

    if models.find(reference.strip()):
        return
    try:
        meant = parse_reference(reference, load_catalog(paths.catalog_file()))
    except ModelNotFound:
        return
    if isinstance(meant, (CatalogName, HubName)):
        found = all_in_library(meant, models.models(), models.folder)
        if len(found) > 1:
            names = ", ".join(each.name for each in found)
            raise UsageError(
                clean_line(f"{reference} could be any of {names}"), "name the one that is to go"
            )


def said_of(removal: Removal) -> str:
    """What goes, in a line."""
    model = removal.model
    shown = model.name
    if len(model.shards) > 1:
        shown += f" ({count(len(model.shards), 'file')})"
    if model.is_link:
        stays = f" ({removal.stay[0]} stays)" if removal.stay else ""
        return f"the link {shown}{stays}"
    if not removal.freed_bytes:
        return f"{shown}, which frees nothing: its file has another name elsewhere"
    return f"{shown}, which frees {download_size(removal.freed_bytes)}"


def _is_loaded(removal: Removal) -> bool:
    from localr1 import paths
    from localr1.models.in_use import is_loaded

    return is_loaded(paths.locks_folder(), removal.model.path)


def _json_of(removal: Removal) -> dict[str, Any]:
    return {
        "name": removal.model.name,
        "removed": list(removal.files),
        "freed_bytes": removal.freed_bytes,
        "stay": list(removal.stay),
    }
