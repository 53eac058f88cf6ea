"""Times of other programs: seconds since 1970, or thousandths and smaller of them."""

from __future__ import annotations

import math
from datetime import datetime, timezone

_SECONDS_AT_MOST = 1e11
"""The year 5138: a larger number counts thousandths, millionths or billionths of seconds."""


def seconds_of(value: object) -> float:
    """Seconds since 1970 of a number of any unit; 0 for what is no time."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return 0.0
    if not 0 < value < 1e20:  # not a number is no time either
        return 0.0
    seconds = float(value)
    while seconds > _SECONDS_AT_MOST:
        seconds /= 1000
    return seconds if math.isfinite(seconds) else 0.0


def iso_time(seconds: float) -> str:
    """ISO 8601 in UTC with milliseconds; empty for 0."""
    if not seconds:
        return ""
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds")
