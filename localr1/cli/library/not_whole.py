"""Downloads that are not whole, below the rows of `localr1 list`."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import Any

from localr1.cli.output import Styled
from localr1.models.unfinished import Unfinished
from localr1.terminal_text import clean_line
from localr1.units import download_size


def parts_table(parts: Sequence[Unfinished]) -> Iterator[list[Styled]]:
    """A line for each, and what can be done with it."""
    if not parts:
        return
    yield [("Not whole yet\n", "dim")]
    names = [shlex.quote(clean_line(each.reference)) for each in parts]
    width = max(map(len, names))
    for name, each in zip(names, parts, strict=True):
        here = f"{download_size(each.have_bytes)} of {download_size(each.size_bytes)}"
        yield [(f"{name:<{width}}  {here}\n", "")]
    yield [("`localr1 pull` with its name goes on; with --discard it gives it up.\n", "dim")]


def json_of_part(part: Unfinished) -> dict[str, Any]:
    """A line of `--json`; what has `have_bytes` is no model yet."""
    return {
        "reference": part.reference,
        "have_bytes": part.have_bytes,
        "size_bytes": part.size_bytes,
    }
