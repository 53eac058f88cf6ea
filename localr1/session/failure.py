"""An error as the event that front ends show."""

from __future__ import annotations

from localr1.engine.protocol import Failed
from localr1.errors import Localr1Error


def failed(error: Localr1Error) -> Failed:
    """What went wrong, as the last event of what was asked."""
    return Failed(message=error.message, hint=error.hint, exit_code=int(error.exit_code))
