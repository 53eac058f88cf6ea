"""Model files of this computer, looked for beside the first screen, and whether they fit."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message

from localr1.models.local_files import LocalModel, Place, local_models

if TYPE_CHECKING:
    from localr1.advice.first_look import Fitting


@dataclass
class ModelFound(Message):
    """A model file is here."""

    model: LocalModel


@dataclass
class SearchEnded(Message):
    """No more will be found."""


@dataclass
class FitKnown(Message):
    """Whether a model that was found fits."""

    path: Path
    words: str


class FileSearch:
    """Works in threads that nobody waits for: a network drive may hang for minutes.

    Args:
        places: in which model files are searched for.
        post: takes messages, from any thread.
    """

    def __init__(self, places: Sequence[Place], post: Callable[[Message], object]) -> None:
        self._places = places
        self._post = post

    def begin(self) -> None:
        """Search; tells `ModelFound` for each, then `SearchEnded`."""
        self._in_background(self._search)

    def fit(self, models: Sequence[LocalModel], fitting: Fitting) -> None:
        """Read the headers of these; tells `FitKnown` for each."""
        self._in_background(lambda: self._fit(list(models), fitting))

    def _in_background(self, work: Callable[[], None]) -> None:
        threading.Thread(target=work, daemon=True).start()

    def _search(self) -> None:
        for model in local_models(self._places):
            self._tell(ModelFound(model))
        self._tell(SearchEnded())

    def _fit(self, models: Sequence[LocalModel], fitting: Fitting) -> None:
        for model in models:
            path = model.reference.path
            self._tell(FitKnown(path, fitting.of_file(path)))

    def _tell(self, message: Message) -> None:
        with contextlib.suppress(RuntimeError):  # the screen was left meanwhile
            self._post(message)
