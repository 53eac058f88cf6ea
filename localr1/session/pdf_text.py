"""The text of a PDF, read in a child process with limits on time, memory and output.

A PDF is a program for a page, from anywhere: reading one may take for ever or all memory.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from localr1.chat.attached_text import Decoded
from localr1.engine.process_limits import (
    ADDRESS_SPACE_BYTES,
    CORE_BYTES,
    CPU_SECONDS,
    FILE_BYTES,
    limit_this_process,
)
from localr1.engine.worker_command import worker_command, worker_environment
from localr1.errors import AttachmentRefused
from localr1.terminal_text import clean
from localr1.units import count

if TYPE_CHECKING:
    from pypdf import PdfReader

TIME_LIMIT_SECONDS = 30
MEMORY_LIMIT_BYTES = 1 << 30
PAGE_LIMIT = 2000
OUTPUT_LIMIT_CHARACTERS = 2_000_000


class _Found(msgspec.Struct):
    """What the child answers."""

    text: str = ""
    pages: int = 0
    refusal: str = ""
    """Why there is no text, to follow the name of the file."""


def is_pdf(head: bytes) -> bool:
    """Whether a file that begins so is a PDF; readers allow some bytes before the mark."""
    return b"%PDF-" in head


def pdf_text(name: str, content: bytes) -> Decoded:
    """The text of a PDF.

    Args:
        name: for what goes wrong.
        content: the file.

    Raises:
        AttachmentRefused: it is encrypted, has no text, or cannot be read.
    """
    try:
        child = subprocess.run(
            worker_command("read-pdf"),
            input=content,
            capture_output=True,
            timeout=TIME_LIMIT_SECONDS + 1,
            env=worker_environment(),
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise AttachmentRefused(f"{name} takes too long to read") from error
    except OSError as error:
        raise AttachmentRefused(f"{name} cannot be read: {error.strerror}") from error
    try:
        found = msgspec.json.decode(child.stdout, type=_Found)
    except msgspec.DecodeError:
        sentence = f"{name} cannot be read: it is damaged, or needs too much time or memory"
        raise AttachmentRefused(sentence) from None
    if found.refusal:
        raise AttachmentRefused(f"{name} {found.refusal}")
    return Decoded(clean(found.text), f"text of {count(found.pages, 'page')}")


def read_pdf_command() -> None:
    """Body of the hidden `read-pdf` command: a PDF on stdin, its text as JSON on stdout."""
    limit_this_process(
        {
            CPU_SECONDS: TIME_LIMIT_SECONDS,
            ADDRESS_SPACE_BYTES: MEMORY_LIMIT_BYTES,
            CORE_BYTES: 0,
            FILE_BYTES: 0,
        }
    )
    found = _read(sys.stdin.buffer.read())
    sys.stdout.buffer.write(msgspec.json.encode(found))


def _read(content: bytes) -> _Found:
    import io
    import logging

    # 60 ms; nothing but this child needs it
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, PyPdfError

    logging.disable()
    try:
        reader = PdfReader(io.BytesIO(content))
        # Many are encrypted without a password, only to forbid printing
        if reader.is_encrypted and not reader.decrypt(""):
            return _Found(refusal="is encrypted and needs a password")
        pages = len(reader.pages)
        if pages > PAGE_LIMIT:
            return _Found(refusal=f"has {pages:,} pages; at most {PAGE_LIMIT:,} can be read")
        text = "\n\n".join(_page_texts(reader))
    except DependencyError:
        return _Found(refusal="is encrypted in a way that cannot be read here")
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return _Found(refusal="is damaged: its text cannot be read")
    if not text.strip():
        return _Found(refusal="has no text; it may be scanned pictures")
    if len(text) > OUTPUT_LIMIT_CHARACTERS:
        return _Found(refusal="has too much text; at most 2.0 MB can be attached")
    return _Found(text.encode("utf-8", "replace").decode(), pages)


def _page_texts(reader: PdfReader) -> Iterator[str]:
    """The text of each page, until there is too much of it."""
    length = 0
    for page in reader.pages:
        text = page.extract_text().strip()
        length += len(text)
        yield text
        if length > OUTPUT_LIMIT_CHARACTERS:
            return
