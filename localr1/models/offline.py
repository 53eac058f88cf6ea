"""Offline: what needs the network refuses to use it, and says who asked for that."""

from __future__ import annotations

from localr1.errors import Offline
from localr1.settings import Settings, variable

OFFLINE = "localr1 is offline, as the settings say; nothing can be fetched."
"""In place of what needs the network."""

_WAYS_OUT = {
    "flag": "leave out --offline",
    "environment": f"unset {variable('offline')}",
}


def refuse_if_offline(settings: Settings, what: str) -> None:
    """Return only where the network may be used.

    Args:
        settings: that hold.
        what: needs the network, as the beginning of a sentence: "pulling a model".

    Raises:
        Offline: a person wants localr1 to stay offline.
    """
    if settings.offline:
        way_out = _WAYS_OUT.get(settings.origin("offline"), "set offline = false in settings.toml")
        raise Offline(f"{what} needs the network, and localr1 is offline", way_out)
