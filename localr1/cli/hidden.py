"""Commands that localr1 starts itself with; not for people."""

from __future__ import annotations

import click


@click.command(hidden=True)
@click.argument("backend", type=click.Choice(["llama", "scripted"]))
def worker(backend: str) -> None:
    """Be the engine's process."""
    from localr1.engine.worker import run_worker

    run_worker(backend)


@click.command(hidden=True)
def read_pdf() -> None:
    """Read the text of a PDF, in a process with limits."""
    from localr1.session.pdf_text import read_pdf_command

    read_pdf_command()


@click.command(hidden=True)
def render_template() -> None:
    """Render a model file's own prompt template, in a process with limits."""
    from localr1.engine.templates import render_template_command

    render_template_command()
