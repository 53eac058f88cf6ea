"""`localr1 pull`: models from the hub into the library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from localr1.cli.model_names import complete_catalog
from localr1.cli.options import settings_from_flags
from localr1.cli.output import Printer
from localr1.errors import ExitCode, ModelNotFound, UsageError
from localr1.terminal_text import clean_line

if TYPE_CHECKING:
    from localr1.models.catalog import Catalog
    from localr1.models.hub.asked import Asked


@click.command()
@click.argument(
    "references", nargs=-1, required=True, metavar="MODEL...", shell_complete=complete_catalog
)
@click.option("-q", "--quant", metavar="QUANT", help="As after a colon: Q4_K_M, Q8_0, ...")
@click.option("--revision", default="", metavar="REV", help="A branch, tag or commit of the hub.")
@click.option("--token", default="", metavar="TOKEN", help="For gated models; it is not stored.")
@click.option("--no-reuse", is_flag=True, help="Fetch also what other programs have already.")
@click.option(
    "--connections", type=click.IntRange(1, 16), default=4, show_default=True,
    help="At most so many at once.",
)  # fmt: skip
@click.option(
    "--retries", type=click.IntRange(0, 1000), default=10, show_default=True,
    help="Tries after a failure, without a byte between them.",
)  # fmt: skip
@click.option(
    "--timeout", type=click.FloatRange(1, 3600), default=30, show_default=True, metavar="SECONDS",
    help="A server that is silent for so long is asked again.",
)  # fmt: skip
@click.option("--discard", is_flag=True, help="Delete what is not whole of it, fetch nothing.")
@click.option("--offline", is_flag=True, default=None, help="Refuse to use the network.")
@click.option("--json", "as_json", is_flag=True, help="Progress as JSON lines (docs/cli.md).")
def pull(
    references: tuple[str, ...],
    *,
    as_json: bool,
    offline: bool | None,
    discard: bool,
    **asked: Any,
) -> int:
    """Fetch models from the hub: by name, or as hf:ORG/REPO.

    A download that was interrupted goes on when the same command is run again. The path of each
    model is printed when it is whole and its SHA-256 is right.
    """
    from localr1 import paths
    from localr1.models.catalog import load_catalog
    from localr1.models.offline import refuse_if_offline

    settings = settings_from_flags({"offline": offline})
    if not discard:
        refuse_if_offline(settings, "pulling a model")
    catalog = load_catalog(paths.catalog_file())
    wanted = [_asked(text, catalog, asked) for text in dict.fromkeys(references)]
    if discard:
        return _discard(wanted)
    # a third of a second, and only here: huggingface_hub and httpx2
    from localr1.cli.pull_run import PullRun
    from localr1.models.hub.asked import Options

    options = Options(
        connections=max(1, asked["connections"] // len(wanted)),
        tries=asked["retries"],
        timeout_seconds=asked["timeout"],
        takes_copies=not asked["no_reuse"],
    )
    run = PullRun(wanted, options, asked["token"], Printer(), as_json=as_json)
    return int(run.run())


def _discard(wanted: list[Asked]) -> int:
    from localr1 import paths
    from localr1.models.hub.discarding import discard_parts
    from localr1.units import download_size

    for asked in wanted:
        freed = discard_parts(paths.models_folder(), asked.repos, asked.quant, asked.path)
        if not freed:
            raise ModelNotFound(
                f"no part of {clean_line(asked.reference)} is here",
                "`localr1 rm` removes models that are whole",
            )
        Printer().line(f"{clean_line(asked.reference)}: {download_size(freed)} are free again")
    return int(ExitCode.OK)


def _asked(text: str, catalog: Catalog, options: dict[str, Any]) -> Asked:
    from localr1.models.hub.asked import Asked
    from localr1.models.quant_names import quant_named
    from localr1.models.reference import CatalogName, HubName, parse_reference

    meant = parse_reference(text, catalog)
    quant = None
    if options["quant"]:
        quant = quant_named(options["quant"])
        if quant is None:
            raise UsageError(f"{options['quant']!r} is no quant", "Q4_K_M is usual")
    revision = options["revision"]
    if isinstance(meant, HubName):
        entry = catalog.of_repo(meant.repo)
        name = entry.name if entry else ""
        return Asked(
            text, (meant.repo,), meant.quant or quant, meant.path, revision, catalog_name=name
        )
    if isinstance(meant, CatalogName):
        entry = meant.entry
        return Asked(
            text, entry.gguf_repos, meant.quant or quant, None, revision, catalog_name=entry.name
        )
    raise UsageError(f"{text} is nothing to fetch", "name a model, or a repository as hf:ORG/REPO")
