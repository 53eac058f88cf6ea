"""Names, speeds and days in as few words as they need."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from localr1.tui.marks import one_line

_LONGEST_NAME = 120


def short_name(name: str, quant: str) -> str:
    """A model's name without what stands in a column anyway, and without whose it is."""
    name = one_line(name, _LONGEST_NAME).removeprefix("DeepSeek-")
    if quant and name.lower().endswith(quant.lower()):
        name = name[: -len(quant)].rstrip("-._ ") or name
    return name


def speed_words(tps: float) -> str:
    """An estimate of the speed."""
    return f"~{tps:.0f} tokens/s" if tps >= 9.5 else f"~{tps:.1f} tokens/s"


def used_words(used_at: str, today: date) -> str:
    """When a model was last used, as one says it; empty where that is not known."""
    try:
        day = datetime.fromisoformat(used_at.replace("Z", "+00:00")).astimezone().date()
    except (ValueError, OverflowError):
        return ""
    if day >= today:
        return "used today"
    if day == today - timedelta(days=1):
        return "used yesterday"
    return f"used {day.day} {day:%b}" if day.year == today.year else f"used {day:%b %Y}"
