"""A value written into the settings file is read back; what a person wrote around it stays."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localr1 import settings_file
from localr1.errors import Localr1Error, StorageError, UsageError
from localr1.settings import RULES, Rule, load_settings, settings_now
from localr1.settings_file import forget_setting, save_setting

WRITTEN = """\
# Ada's settings
n_ctx = 4096   # enough for my questions

# seed = 3
system = '''
Answer
briefly.'''

[models."R1"]  # the small one
temperature = 0.7 # cooler
# top_p = 0.9

[models.'other "one"']
top_k = 3

[keys]
copy_answer = "f7"  # as I know it
"""


def write(folder: Path, text: str = WRITTEN) -> Path:
    file = folder / "settings.toml"
    file.write_bytes(text.encode())
    return file


def values(rule: Rule) -> st.SearchStrategy[Any]:
    """What a setting of this kind may be."""
    if rule.choices:
        return st.sampled_from(rule.choices)
    if rule.kind is bool:
        return st.booleans()
    low, high = rule.about.at_least, rule.about.at_most
    if rule.kind is str:
        letters = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
        return st.text(letters, max_size=200)
    if rule.kind is int:
        return st.integers(None if low is None else int(low), None if high is None else int(high))
    return st.floats(low, high, allow_nan=False)


NAMED_VALUES = st.sampled_from(sorted(RULES)).flatmap(
    lambda name: st.tuples(st.just(name), values(RULES[name]))
)


@given(st.lists(NAMED_VALUES, min_size=1, max_size=3), st.sampled_from(["\n", "\r\n"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read_back(
    tmp_path: Path, given_values: list[tuple[str, Any]], line_end: str
) -> None:
    file = write(tmp_path, WRITTEN.replace("\n", line_end))
    before = load_settings({}, {}, file)
    for name, value in given_values:
        save_setting(file, name, value)
    after = load_settings({}, {}, file)
    wanted = dict(given_values)
    for name in RULES:
        assert getattr(after, name) == wanted.get(name, getattr(before, name))
    assert (after.models, after.keys) == (before.models, before.keys)
    text = file.read_bytes().decode()
    for comment in WRITTEN.splitlines():
        if "#" in comment:
            assert comment[comment.index("#") :] in text
    for name in wanted:
        forget_setting(file, name)
    assert not set(wanted) & set(load_settings({}, {}, file).origins)


def test_the_line_is_changed_where_it_stands(tmp_path: Path) -> None:
    file = write(tmp_path)
    save_setting(file, "n_ctx", 512)
    save_setting(file, "temperature", 0.5, ["deepseek", "r1"])
    expected = WRITTEN.replace("4096", "512").replace("0.7", "0.5")
    assert file.read_text() == expected
    forget_setting(file, "top_k", ['Other "One"'])
    assert file.read_text() == expected.replace("top_k = 3\n", "")
    forget_setting(file, "seed")
    assert file.read_text() == expected.replace("top_k = 3\n", "")


def test_a_file_that_is_not_there_is_made(tmp_path: Path) -> None:
    file = tmp_path / "new" / "settings.toml"
    forget_setting(file, "seed")
    assert not file.exists()
    save_setting(file, "seed", 7)
    assert file.read_text() == "seed = 7\n"


@pytest.mark.parametrize(
    "text", ["n_ctx = [", "n_ctx = true", "colour = 1", "models = 3", "n_ctx = 1", "a = \xff"]
)
def test_a_broken_file_is_refused_and_left_alone(tmp_path: Path, text: str) -> None:
    file = tmp_path / "settings.toml"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(UsageError, match=r"settings\.toml"):
        save_setting(file, "seed", 7)
    assert file.read_bytes() == text.encode("latin-1")


@pytest.mark.parametrize(
    ("name", "value"),
    [("n_ctx", 3), ("n_ctx", "many"), ("mmap", 1), ("effort", "huge"), ("system", "\0")],
)
def test_a_value_of_no_use_is_refused(tmp_path: Path, name: str, value: object) -> None:
    file = write(tmp_path)
    with pytest.raises(UsageError, match=name):
        save_setting(file, name, value)
    assert file.read_text() == WRITTEN


def test_what_somebody_else_writes_meanwhile_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path)
    real = settings_file._changed
    calls: list[str] = []

    def slowly(*args: Any) -> str:
        changed = real(*args)
        if not calls:
            file.write_text(f"top_p = 0.5\n{WRITTEN}")
        calls.append(changed)
        return changed

    monkeypatch.setattr(settings_file, "_changed", slowly)
    save_setting(file, "seed", 7)
    written = load_settings({}, {}, file)
    assert (written.top_p, written.seed) == (0.5, 7)


def test_a_model_whose_table_is_gone(tmp_path: Path) -> None:
    file = write(tmp_path)
    with pytest.raises(StorageError, match="no table of this model"):
        save_setting(file, "seed", 7, ["another"])


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_stays_a_link_and_a_mark_stays(tmp_path: Path) -> None:
    kept = tmp_path / "dotfiles.toml"
    kept.write_bytes(b"\xef\xbb\xbfseed = 1\n")
    file = tmp_path / "settings.toml"
    file.symlink_to(kept)
    save_setting(file, "seed", 7)
    assert file.is_symlink()
    assert kept.read_bytes() == b"\xef\xbb\xbfseed = 7\n"


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Localr1Error):
        save_setting(tmp_path / "file" / "settings.toml", "seed", 7)


def test_settings_now_keep_what_flags_gave(tmp_path: Path) -> None:
    file = write(tmp_path)
    first = load_settings({"seed": 1}, {"LOCALR1_TOP_P": "0.5"}, file)
    save_setting(file, "seed", 7)
    save_setting(file, "top_k", 9)
    save_setting(file, "top_p", 0.1)
    now = settings_now(first, file, {"LOCALR1_TOP_P": "0.5"})
    assert (now.seed, now.origin("seed")) == (1, "flag")
    assert (now.top_k, now.origin("top_k")) == (9, "settings file")
    assert (now.top_p, now.origin("top_p")) == (0.5, "environment")
