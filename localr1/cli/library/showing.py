"""`localr1 show`: everything about one model, without loading it."""

from __future__ import annotations

import click

from localr1.cli.model_names import complete_model
from localr1.cli.options import settings_from_flags
from localr1.cli.output import Printer
from localr1.errors import ExitCode, ModelRefused, UsageError


@click.command("show")
@click.argument("reference", metavar="REF", shell_complete=complete_model)
@click.option("--template", is_flag=True, help="Print the file's prompt template, and no more.")
@click.option("--metadata", is_flag=True, help="Print the file's metadata, and no more.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def show_model(reference: str, template: bool, metadata: bool, as_json: bool) -> int:
    """Show what is known of the model REF, and how it would be loaded.

    Its metadata, licence, prompt template, tokenizer, tensors, where it came from, and the plan
    with its reasons.
    """
    import asyncio  # completing a line needs none of these

    from localr1.advice.doctor import examine
    from localr1.cli.library.finding import as_json as encoded
    from localr1.cli.library.finding import find, library
    from localr1.cli.library.shown_model import ShownModel, document_of, metadata_rows, rows_of
    from localr1.gguf_header import read_header
    from localr1.models.last_used import last_used, read_uses

    if template + metadata + as_json > 1:
        raise UsageError("--template, --metadata and --json exclude each other", "use one of them")
    printer = Printer()
    models = library()
    found = find(reference, models)
    header = read_header(found.path)
    if template:
        if header.chat_template is None:
            raise ModelRefused("this file has no prompt template")
        printer.data(header.chat_template)
        printer.end_data()
        return int(ExitCode.OK)
    if metadata:
        printer.data("\n".join(metadata_rows(header)) + "\n")
        return int(ExitCode.OK)
    printer.status("Looking at the computer …")
    settings = settings_from_flags({}).for_model(header.name, header.path.name)
    shown = ShownModel(
        name=found.name,
        place=found.place,
        is_link=bool(found.model and found.model.is_link),
        header=header,
        report=asyncio.run(examine(settings, header)),
        record=found.model.record if found.model else None,
        last_used=last_used(read_uses(models.folder), models.folder, found.path),
    )
    printer.clear_status()
    text = encoded(document_of(shown)) if as_json else "\n".join(rows_of(shown)) + "\n"
    printer.data(text)
    return int(ExitCode.OK)
