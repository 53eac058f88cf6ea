"""What `localr1 pull --json` says, one JSON object a line."""

from __future__ import annotations

from typing import Literal

import msgspec

PullStage = Literal["downloading", "waiting", "reconnecting", "checking"]


class PlannedFile(msgspec.Struct, frozen=True):
    """A file that will be fetched; its name is the hub's, so untrusted."""

    path: str
    size_bytes: int


class Planned(msgspec.Struct, frozen=True, tag_field="event", tag="plan"):
    """What will be fetched."""

    name: str = ""
    files: tuple[PlannedFile, ...] = ()
    total_bytes: int = 0
    have_bytes: int = 0
    """Of them, already here from an earlier time."""
    folder: str = ""


class Progress(msgspec.Struct, frozen=True, tag_field="event", tag="progress"):
    """How far it is."""

    state: PullStage = "downloading"
    done_bytes: int = 0
    total_bytes: int = 0
    bytes_per_second: float = 0.0
    seconds_left: float | None = None
    note: str = ""
    """What is waited for, or went wrong for a moment."""


class Fetched(msgspec.Struct, frozen=True, tag_field="event", tag="done"):
    """The model is here, whole and checked."""

    path: str
    """Of the model's first file."""
    sha256: str = ""
    seconds: float = 0.0


class NotFetched(msgspec.Struct, frozen=True, tag_field="event", tag="failed"):
    """It could not be fetched."""

    message: str
    hint: str = ""
    exit_code: int = 1


class Stopped(msgspec.Struct, frozen=True):
    """A person stopped it; what was fetched is kept. The job says so, never the child."""


PullEvent = Planned | Progress | Fetched | NotFetched
Outcome = Fetched | NotFetched | Stopped

_decoder: msgspec.json.Decoder[PullEvent] = msgspec.json.Decoder(PullEvent)


def pull_event(line: bytes) -> PullEvent | None:
    """What this line says; None where it is none of ours."""
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
