"""Conversations as files that other programs, and people, can read."""

from __future__ import annotations

from typing import Literal, get_args

from localr1.chat.exporting.file_names import export_name
from localr1.chat.exporting.tree import ConversationTree, TreeMessage, in_a_line

__all__ = [
    "FORMATS",
    "ConversationTree",
    "ExportFormat",
    "TreeMessage",
    "export_name",
    "export_text",
    "in_a_line",
]

ExportFormat = Literal["markdown", "json", "html"]

FORMATS: tuple[ExportFormat, ...] = get_args(ExportFormat)


def export_text(tree: ConversationTree, format_: ExportFormat) -> str:
    """The whole content of an exported file.

    Markdown and HTML have the branch that is shown; JSON has all of them.
    """
    # Each form when it is asked for: the Markdown parser takes 20 ms to import.
    if format_ == "json":
        from localr1.chat.exporting.json_form import as_json

        return as_json([tree])
    if format_ == "html":
        from localr1.chat.exporting.html_form import as_html

        return as_html(tree)
    from localr1.chat.exporting.markdown_form import as_markdown

    return as_markdown(tree)
