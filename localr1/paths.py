"""Where localr1 keeps its files: one folder tree, moved as a whole by LOCALR1_HOME."""

from __future__ import annotations

import os
from pathlib import Path

from localr1.errors import UsageError

HOME_VARIABLE = "LOCALR1_HOME"


def home() -> Path:
    """The root of localr1's files: LOCALR1_HOME, else the platform's folder for user data.

    Raises:
        UsageError: LOCALR1_HOME begins with the home folder of an unknown user.
    """
    override = os.environ.get(HOME_VARIABLE)
    if override:
        try:
            return Path(override).expanduser().absolute()
        except RuntimeError as error:
            raise UsageError(
                f"{HOME_VARIABLE} = {override}: there is no such home folder",
                "give the whole path",
            ) from error
    import platformdirs

    return Path(platformdirs.user_data_dir("localr1", appauthor=False))


def settings_file() -> Path:
    """The TOML file a person may write."""
    return home() / "settings.toml"


def catalog_file() -> Path:
    """The TOML file in which a person may name models of their own."""
    return home() / "catalog.toml"


def tuning_file() -> Path:
    """Numbers of threads that `localr1 bench --tune` measured."""
    return home() / "tuning.json"


def history_file() -> Path:
    """The SQLite database of conversations."""
    return home() / "history.sqlite3"


def locks_folder() -> Path:
    """Lock files, one for each conversation that is open for writing."""
    return home() / "locks"


def logs_folder() -> Path:
    """What the engine's native code prints, one file a worker."""
    return home() / "logs"


def states_folder() -> Path:
    """KV states of conversations, one file each; a cache that may be deleted."""
    return home() / "states"


def models_folder() -> Path:
    """Model files that localr1 itself fetched or made."""
    return home() / "models"
