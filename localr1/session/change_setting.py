"""A setting changed by a person: saved in the settings file, followed by the session."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from localr1.session.setting_effects import SENTENCES, effect
from localr1.settings import RULES, Settings, settings_now, variable
from localr1.settings_file import forget_setting, save_setting

if TYPE_CHECKING:
    from localr1.session.chat_session import ChatSession


async def change_setting(session: ChatSession, file: Path, name: str, value: object) -> str:
    """Save a setting and follow it; answers a sentence that says from when on it holds.

    Args:
        session: follows it, as far as that can be done without a load.
        file: settings.toml. A value that came from the model's own table is changed there.
        name: of the setting.
        value: a new one; None leaves the choice to localr1.

    Raises:
        UsageError: it cannot be used, or not with the others; nothing has changed.
        StorageError: the file cannot be written; nothing has changed.
    """
    before = session.settings
    names = session.settings_names if before.origin(name) == "model's settings" else None
    if _overriding(before, name) is None:
        # Refused, where it is, before anything is written
        given: dict[str, Any] = {name: RULES[name].default if value is None else value}
        session.check_settings(replace(before, **given))
    if value is None:
        await asyncio.to_thread(forget_setting, file, name, names)
    else:
        await asyncio.to_thread(save_setting, file, name, value, names)
    session.use_settings(await asyncio.to_thread(settings_now, before, file))
    overriding = _overriding(before, name)
    if overriding:
        return f"Saved. {overriding} goes before it: it counts from the next start without that."
    return f"Saved. {SENTENCES[effect(name)]}"


def _overriding(settings: Settings, name: str) -> str | None:
    """What goes before the settings file for this setting."""
    origin = settings.origin(name)
    if origin == "flag":
        return "A flag of this start"
    return f"The variable {variable(name)}" if origin == "environment" else None
