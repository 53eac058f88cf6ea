"""`localr1 doctor`: what was found, what will be used and why, and what is wrong."""

from __future__ import annotations

from typing import Any

import click

from localr1.cli.model_names import complete_model
from localr1.cli.options import loading_options, settings_from_flags
from localr1.cli.output import Printer
from localr1.errors import ExitCode


@click.command()
@click.argument("model", required=False, shell_complete=complete_model)
@click.option("--json", "as_json", is_flag=True, help="One JSON document (docs/doctor.md).")
@click.option("--threads", type=int, help="CPU threads.")
@loading_options
def doctor(model: str | None, as_json: bool, **flags: Any) -> int:
    """Say what this machine has and what localr1 will use of it.

    With MODEL also how it would be loaded, and why so. Exit code 6 when it does not fit.
    """
    import asyncio  # completing a line needs none of these

    import msgspec

    from localr1.advice.doctor import examine
    from localr1.advice.report_rows import report_lines
    from localr1.gguf_header import read_header
    from localr1.models.reference import find_model

    settings = settings_from_flags(flags)
    header = read_header(find_model(model).path) if model else None
    report = asyncio.run(examine(settings, header))
    printer = Printer()
    if as_json:
        printer.data(msgspec.json.format(msgspec.json.encode(report)).decode() + "\n")
    else:
        printer.data("\n".join(report_lines(report)) + "\n")
    misfit = header is not None and report.plan is None
    return int(ExitCode.DOES_NOT_FIT if misfit else ExitCode.OK)
