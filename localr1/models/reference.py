"""Which model a person means: a path to a GGUF, `demo`, or a transcript to play."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

from localr1.errors import ModelNotFound
from localr1.terminal_text import clean_line

DEMO = "demo"
TRANSCRIPT_ENDING = ".transcript.json"

_EMBEDDED_DEMO = Path(__file__).parent.parent / "demo" / "localr1-demo.gguf"


class ModelReference(NamedTuple):
    """A model file and how to run it."""

    path: Path
    name: str
    """As shown to a person, until the file's own name is known."""
    kind: Literal["gguf", "transcript"]


def find_model(reference: str) -> ModelReference:
    """The model that this text names.

    Raises:
        ModelNotFound: there is none.
    """
    if reference == DEMO:
        return ModelReference(demo_path(), DEMO, "gguf")
    path = Path(reference).expanduser()
    name = clean_line(path.name) or clean_line(reference)
    kind: Literal["gguf", "transcript"] = (
        "transcript" if path.name.endswith(TRANSCRIPT_ENDING) else "gguf"
    )
    if not path.exists():
        raise ModelNotFound(
            f"there is no file {clean_line(reference)}",
            f"give the path of a .gguf file, or {DEMO} for the model that comes with localr1",
        )
    return ModelReference(path, name, kind)


def demo_path() -> Path:
    """The demo model that is part of the package.

    Raises:
        ModelNotFound: the installation is not whole.
    """
    if not _EMBEDDED_DEMO.is_file():
        raise ModelNotFound("the demo model is missing from this installation", "install it again")
    return _EMBEDDED_DEMO
