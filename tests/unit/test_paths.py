"""One folder holds everything, and LOCALR1_HOME moves it."""

from __future__ import annotations

from pathlib import Path

import pytest

from localr1 import paths
from localr1.errors import UsageError

PLACES = (
    paths.settings_file,
    paths.history_file,
    paths.locks_folder,
    paths.logs_folder,
    paths.states_folder,
    paths.models_folder,
)


def test_the_variable_moves_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(paths.HOME_VARIABLE, str(tmp_path / "a b"))
    assert paths.home() == tmp_path / "a b"
    assert {place().parent for place in PLACES} == {tmp_path / "a b"}
    assert len({place() for place in PLACES}) == len(PLACES)
    assert list(tmp_path.iterdir()) == [], "asking for a place creates nothing"


@pytest.mark.parametrize("variable", [None, ""])
def test_without_it_the_platform_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str | None
) -> None:
    import platformdirs

    monkeypatch.setenv("HOME", str(tmp_path))
    if variable is None:
        monkeypatch.delenv(paths.HOME_VARIABLE, raising=False)
    else:
        monkeypatch.setenv(paths.HOME_VARIABLE, variable)
    assert paths.home() == Path(platformdirs.user_data_dir("localr1", appauthor=False))
    assert paths.home().is_relative_to(tmp_path)


def test_a_tilde_and_a_relative_folder_are_made_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(paths.HOME_VARIABLE, "~/r1")
    assert paths.home() == tmp_path / "r1"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(paths.HOME_VARIABLE, "here")
    assert paths.home() == tmp_path / "here"


def test_an_unknown_users_home_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(paths.HOME_VARIABLE, "~no-such-user-here/r1")
    with pytest.raises(UsageError, match="LOCALR1_HOME = ~no-such-user-here/r1") as raised:
        paths.home()
    assert raised.value.hint
