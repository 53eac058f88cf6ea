"""What a person calls a model: `demo`, a path, a name of the catalog, or one of the hub."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, TypeAlias

from localr1.errors import ModelNotFound
from localr1.models.catalog import Catalog, CatalogEntry
from localr1.models.hub_names import HubText, hub_text, is_file_path, is_repo
from localr1.models.quant_names import quant_named
from localr1.models.quant_sizes import SIZED_QUANTS
from localr1.terminal_text import clean_line

DEMO = "demo"
TRANSCRIPT_ENDING = ".transcript.json"
_MODEL_ENDING = ".gguf"
_SHOWN = 80
"""Characters of what was typed, in an error."""

_WHOLE_R1 = ("deepseek-r1:671b", "deepseek-v3.1")


class Demo(NamedTuple):
    """The model that comes with localr1."""


class LocalPath(NamedTuple):
    """A file, which may not exist."""

    path: Path


class CatalogName(NamedTuple):
    """A model of the catalog."""

    entry: CatalogEntry
    quant: str | None = None
    """In capitals; None leaves the choice."""


class HubName(NamedTuple):
    """Something of the hub."""

    repo: str
    """"org/name"."""
    quant: str | None = None
    """In capitals; None leaves the choice."""
    path: str | None = None
    """Of one file in the repository."""


Reference: TypeAlias = Demo | LocalPath | CatalogName | HubName


def parse_reference(text: str, catalog: Catalog, also: Iterable[str] = ()) -> Reference:
    """What is meant; of files, only that something is there is looked at.

    Args:
        text: as a person typed it.
        catalog: of the models that have names.
        also: other names that there are, to be offered where this one is mistyped.

    Raises:
        ModelNotFound: it names nothing, with the nearest names in the hint.
    """
    name = text.strip()
    if name.casefold() == DEMO:
        return Demo()
    if hub := hub_text(name):
        return _of_hub(hub, name)
    base, colon, quant = name.partition(":")
    if entry := catalog.get(base):
        return CatalogName(entry, _quant(quant) if colon else None)
    if told := _of_ollama(name, catalog):
        raise told
    if path := plain_path(text):
        return LocalPath(path)
    if _is_there(text):
        return LocalPath(Path(text))
    raise _unknown(name, catalog, also)


def plain_path(text: str) -> Path | None:
    """The path that this text can only be, by how it looks; None for other texts.

    Raises:
        ModelNotFound: it begins with the home folder of somebody who is not there.
    """
    looks_so = (
        "/" in text
        or os.sep in text
        or text.startswith(("~", "."))
        or text.lower().endswith((_MODEL_ENDING, TRANSCRIPT_ENDING))
    )
    if not looks_so or hub_text(text.strip()):
        return None
    try:
        return Path(text).expanduser()
    except (RuntimeError, ValueError) as error:
        raise ModelNotFound(f"there is no file {clean_line(text, _SHOWN)}") from error


def _of_hub(hub: HubText, name: str) -> HubName:
    repo, rest, revision = hub
    shown = clean_line(name, _SHOWN)
    if not is_repo(repo):
        raise ModelNotFound(
            f"{shown} names no repository",
            "it reads hf:ORG/REPO, hf:ORG/REPO:Q4_K_M or hf:ORG/REPO/FILE.gguf",
        )
    if revision:
        raise ModelNotFound(
            f"{shown} names a revision of {repo}",
            f"`localr1 pull hf:{repo} --revision {clean_line(revision, _SHOWN)}` takes it",
        )
    if rest.startswith(":"):
        return HubName(repo, _quant(rest[1:]))
    path = rest[1:]
    if not path:
        return HubName(repo)
    if not (is_file_path(path) and path.lower().endswith(_MODEL_ENDING)):
        raise ModelNotFound(
            f"{shown} names no GGUF file of {repo}", f"hf:{repo} is the whole repository"
        )
    return HubName(repo, path=path)


def _quant(text: str) -> str:
    if named := quant_named(text):
        return named
    near = _nearest(text[:_SHOWN], SIZED_QUANTS, cutoff=0.4)
    raise ModelNotFound(
        f"there is no quant {clean_line(text, 30) or 'without a name'}",
        f"did you mean {_either(near)}?"
        if near
        else f"Q4_K_M is usual; {SIZED_QUANTS[0]} is small",
    )


def _of_ollama(name: str, catalog: Catalog) -> ModelNotFound | None:
    """Why a name of ollama's is not taken: it says deepseek-r1 to what is none."""
    lower = name.casefold()
    meant = [
        entry
        for entry in catalog
        if any(lower == each or lower.startswith(f"{each}-") for each in entry.ollama_names)
    ]
    shown = clean_line(name, _SHOWN)
    if lower.startswith(_WHOLE_R1):
        return ModelNotFound(
            f"{shown} is the whole model, which needs hundreds of gigabytes of memory",
            "`localr1 recommend` says which of its distills fit here",
        )
    if not meant:
        return None
    names = _either([entry.full_name for entry in meant])
    hint = f"say {_either([entry.name for entry in meant])}"
    return ModelNotFound(f"{shown} is ollama's name for a distill, {names}", hint)


def _is_there(text: str) -> bool:
    # names that no file can have: NUL, lone surrogates, too long
    with contextlib.suppress(OSError, ValueError):
        return bool(text) and Path(text).exists()
    return False


def _unknown(name: str, catalog: Catalog, also: Iterable[str]) -> ModelNotFound:
    shown = clean_line(name, _SHOWN)
    names = [DEMO, *(entry.name for entry in catalog), *also]
    base = name.casefold().partition(":")[0][:_SHOWN]
    several = [each for each in names if base and base in each.casefold()]
    message = f"there is no model {shown}" if shown else "no model was named"
    near = several or _nearest(base, names)
    if len(several) > 1:
        message, hint = f"{shown} could be several models", f"say {_either(several)}"
    elif near:
        hint = f"did you mean {_either(near)}?"
    else:
        hint = "`localr1 recommend` lists those that can be had by name"
    # a model of one's own is not known where its entry is broken
    return ModelNotFound(message, f"{hint} ({catalog.notice})" if catalog.notice else hint)


def _nearest(text: str, names: Iterable[str], cutoff: float = 0.5) -> list[str]:
    import difflib  # only where something was mistyped

    by_folded = {each.casefold(): each for each in names}
    near = difflib.get_close_matches(text.casefold(), by_folded, n=3, cutoff=cutoff)
    return [by_folded[each] for each in near]


def _either(names: Iterable[str]) -> str:
    shown = [clean_line(name, 100) for name in names][:8]
    return " or ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)
