"""From what a person calls a model to the file that is meant."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

from localr1 import paths
from localr1.errors import ModelNotFound
from localr1.models.catalog import load_catalog
from localr1.models.hub_names import is_repo
from localr1.models.library import Library, LibraryModel
from localr1.models.reference_text import (
    DEMO,
    TRANSCRIPT_ENDING,
    CatalogName,
    Demo,
    HubName,
    LocalPath,
    Reference,
    parse_reference,
    plain_path,
)
from localr1.terminal_text import clean_line

__all__ = [
    "DEMO",
    "TRANSCRIPT_ENDING",
    "CatalogName",
    "Demo",
    "HubName",
    "LocalPath",
    "ModelReference",
    "Reference",
    "demo_path",
    "find_model",
    "parse_reference",
]

_EMBEDDED_DEMO = Path(__file__).parent.parent / "demo" / "localr1-demo.gguf"


class ModelReference(NamedTuple):
    """A model file and how to run it."""

    path: Path
    name: str
    """As shown to a person, until the file's own name is known."""
    kind: Literal["gguf", "transcript"]
    is_check: bool = False
    """It is loaded to see whether it runs, which is no use of it."""


def find_model(reference: str) -> ModelReference:
    """The model that this text names: a path, `demo`, or what is in the library.

    Raises:
        ModelNotFound: there is none, or none of its files is on this computer.
    """
    # these need neither catalog nor library
    if reference == DEMO:
        return _demo()
    if (path := plain_path(reference)) and _exists(path):
        return _at(path, reference)
    library = Library(paths.models_folder())
    if found := library.find(reference.strip()):
        return _of_library(found)
    catalog, models = load_catalog(paths.catalog_file()), library.models()
    meant = parse_reference(reference, catalog, [model.name for model in models])
    if isinstance(meant, Demo):
        return _demo()
    if isinstance(meant, LocalPath):
        return _at(meant.path, reference)
    # a path or a file's own name is found without it
    from localr1.models.finding import find_in_library, not_here

    found = find_in_library(meant, models, library.folder)
    if found is None:
        raise not_here(meant, models, library.folder)
    return _of_library(found)


def _of_library(model: LibraryModel) -> ModelReference:
    return ModelReference(model.path, model.name, "gguf")


def _demo() -> ModelReference:
    return ModelReference(demo_path(), DEMO, "gguf")


def _at(path: Path, text: str) -> ModelReference:
    name = clean_line(path.name) or clean_line(text)
    is_transcript = path.name.endswith(TRANSCRIPT_ENDING)
    if not _exists(path):
        hint = f"give the path of a .gguf file, or {DEMO} for the model that comes with localr1"
        if is_repo(text):
            hint = f"if a repository of the hub is meant, say hf:{text}"
        raise ModelNotFound(f"there is no file {clean_line(text)}", hint)
    return ModelReference(path, name, "transcript" if is_transcript else "gguf")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long a name, a folder that may not be entered
        return False


def demo_path() -> Path:
    """The demo model that is part of the package.

    Raises:
        ModelNotFound: the installation is not whole.
    """
    if not _EMBEDDED_DEMO.is_file():
        raise ModelNotFound("the demo model is missing from this installation", "install it again")
    return _EMBEDDED_DEMO
