"""Downloads that are not whole: what is here of them, without asking the hub."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from localr1.models.library import first_file
from localr1.models.part_state import PARTS_FOLDER, STATE_ENDING, KnownPart, boot_name, read_state
from localr1.models.segments import Segments


class Unfinished(NamedTuple):
    """A model of which a part is here."""

    reference: str
    """As `localr1 pull` takes it to go on: "hf:org/repo/file.gguf"."""
    have_bytes: int
    size_bytes: int
    """Of the files that were begun."""


def unfinished(folder: Path) -> list[Unfinished]:
    """What was begun and is not whole, in the order of the names.

    Args:
        folder: localr1's models folder.
    """
    found: dict[str, Unfinished] = {}
    for _, known in parts_in(folder):
        file = known.identity
        reference = f"hf:{file.repo}/{first_file(file.path)}"
        have = Segments(file.size_bytes, known.done).done_bytes
        before = found.get(reference, Unfinished(reference, 0, 0))
        found[reference] = Unfinished(
            reference, before.have_bytes + have, before.size_bytes + file.size_bytes
        )
    return sorted(found.values())


def parts_in(folder: Path) -> Iterator[tuple[Path, KnownPart]]:
    """The files that are not whole, each with what is known of it."""
    boot = boot_name()
    for state in sorted((folder / PARTS_FOLDER).rglob(f"*{STATE_ENDING}")):
        known = read_state(state, boot)
        if known is not None:
            yield state.with_name(state.name.removesuffix(STATE_ENDING)), known
