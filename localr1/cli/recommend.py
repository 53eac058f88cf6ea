"""`localr1 recommend`: which model of the catalog suits this computer, before it is fetched."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import click

from localr1.cli.options import settings_from_flags
from localr1.cli.output import Printer
from localr1.errors import ExitCode

if TYPE_CHECKING:
    from localr1.advice.computer import Computer
    from localr1.settings import Settings


@click.command()
@click.option("--all", "shows_all", is_flag=True, help="Every quant, not only the one to take.")
@click.option("--refresh", is_flag=True, help="Ask the hub which files there are, and their sizes.")
@click.option("--n-ctx", type=int, help="Context window in tokens.")
@click.option("--offline", is_flag=True, default=None, help="Refuse to use the network.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document (docs/cli.md).")
def recommend(*, shows_all: bool, refresh: bool, as_json: bool, **flags: Any) -> int:
    """Say which model of the R1 family suits this computer.

    All models and quants are planned for the memory that is free now: what fits, with which
    window, where, and how fast it is likely to be. Exit code 6 when nothing fits.
    """
    from localr1 import paths
    from localr1.advice.recommend import recommend as recommended
    from localr1.cli.recommend_table import document, table
    from localr1.models.catalog import load_catalog
    from localr1.models.offline import refuse_if_offline

    settings = settings_from_flags(flags)
    if refresh:
        refuse_if_offline(settings, "recommend --refresh")
    printer = Printer()
    catalog = load_catalog(paths.catalog_file())
    offers = None
    notices = [catalog.notice] if catalog.notice else []
    if refresh:
        # a third of a second, and only here: huggingface_hub and httpx2
        from localr1.cli.hub_offers import offers_of

        offers, failures = offers_of(catalog, printer)
        notices += failures
    printer.status("Looking at this computer …")
    computer = _computer(settings, printer, notices)
    rows = recommended(catalog, computer, settings, offers)
    printer.clear_status()
    if as_json:
        printer.data(document(rows, computer, notices))
    else:
        for line in table(rows, computer, shows_all=shows_all):
            printer.styled_data(line)
        for notice in notices:
            printer.line(notice)
    return int(ExitCode.OK if any(row.is_pick for row in rows) else ExitCode.DOES_NOT_FIT)


def _computer(settings: Settings, printer: Printer, notices: list[str]) -> Computer:
    from localr1.advice.computer import computer_of
    from localr1.advice.doctor import examine

    report = asyncio.run(examine(settings))
    if not report.engine.works:
        notices.append("The engine does not start, so no GPU is counted on: see `localr1 doctor`.")
    notices += [
        f"{each.name} is not counted on: {each.why}; `localr1 doctor` says what to do."
        for each in report.devices
        if not each.usable
    ]
    printer.status("Measuring the memory's bandwidth …")
    return computer_of(report).measured()
