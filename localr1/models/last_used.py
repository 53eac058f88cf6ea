"""When each model was last loaded: `used.json` in the models folder."""

from __future__ import annotations

import datetime
import json
import logging
import os
from pathlib import Path

from localr1.errors import Localr1Error
from localr1.files import write_atomically

FILE_NAME = "used.json"
MODELS_AT_MOST = 500
"""Remembered; those that were not used for longest are forgotten."""

_BYTES_AT_MOST = 1 << 20
_LOG = logging.getLogger(__name__)


def note_use(folder: Path, model: Path, now: datetime.datetime | None = None) -> None:
    """Remember that a model was loaded; what goes wrong is only logged.

    Args:
        folder: the models folder.
        model: its file, in the folder or elsewhere.
        now: UTC; the present by default.
    """
    moment = now or datetime.datetime.now(datetime.timezone.utc)
    try:
        uses = read_uses(folder)
        uses[_key(folder, model)] = moment.isoformat(timespec="seconds")
        latest = sorted(uses.items(), key=lambda item: item[1])[-MODELS_AT_MOST:]
        write_atomically(folder / FILE_NAME, json.dumps(dict(latest), indent=1).encode())
    except (Localr1Error, OSError, ValueError) as error:
        # shown nowhere: a model that runs is worth more than this
        _LOG.info("cannot remember the use of %s: %s", model, error)


def forget_use(folder: Path, model: Path) -> None:
    """Forget a model that is no more; what goes wrong is only logged."""
    uses = read_uses(folder)
    if uses.pop(_key(folder, model), None) is None:
        return
    try:
        write_atomically(folder / FILE_NAME, json.dumps(uses, indent=1).encode())
    except Localr1Error as error:
        _LOG.info("cannot forget the use of %s: %s", model, error)


def last_used(uses: dict[str, str], folder: Path, model: Path) -> str:
    """When a model was last loaded, ISO 8601 in UTC; empty where that is not known."""
    return uses.get(_key(folder, model), "")


def read_uses(folder: Path) -> dict[str, str]:
    """All that is remembered, by paths; empty where the file is missing or damaged."""
    path = folder / FILE_NAME
    try:
        if not path.is_file():
            return {}
        with path.open("rb") as file:
            told = json.loads(file.read(_BYTES_AT_MOST))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(told, dict):
        return {}
    return {model: when for model, when in told.items() if _is_moment(when)}


def _is_moment(text: object) -> bool:
    try:
        return isinstance(text, str) and datetime.datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _key(folder: Path, model: Path) -> str:
    """Relative to the folder where it is in it, so that both can move together."""
    whole = os.path.abspath(model)  # noqa: PTH100  # resolves no link: it may be the library's
    try:
        return Path(whole).relative_to(folder.absolute()).as_posix()
    except ValueError:
        return whole
