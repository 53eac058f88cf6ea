"""What the documents list is what the program has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from localr1.errors import ExitCode
from localr1.settings import SettingReference, settings_reference
from localr1.tui.actions import ACTIONS, LIST_KEYS, PICKED_KEYS, key_names

REPOSITORY = Path(__file__).parents[2]
DOCUMENTS = sorted(REPOSITORY.glob("*.md")) + sorted(REPOSITORY.glob("docs/*.md"))
GUIDE = (REPOSITORY / "docs" / "user-guide.md").read_text(encoding="utf-8")
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
PICTURES = sorted(REPOSITORY.glob("docs/pictures/*"))
FILM_BYTES = 500_000
CLI = (REPOSITORY / "docs" / "cli.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("row", settings_reference(), ids=lambda row: row.name)
def test_every_setting_is_documented(row: SettingReference) -> None:
    name, variable, values, sentence = row
    assert f"| `{name}` | `{variable}` | {values} | {sentence} |" in CLI


def test_exit_codes_are_documented() -> None:
    section = CLI.partition("## Exit codes")[2].partition("##")[0]
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", section, re.MULTILINE)}
    assert listed == {int(code) for code in ExitCode}


def test_notices_that_are_sent_are_documented() -> None:
    sources = (REPOSITORY / "localr1").rglob("*.py")
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    listed = r'kind="([a-z_]+)", text|\("([a-z_]+)", (?:sent|text|_?[A-Z_]+_TEXT)'
    kinds = set(re.findall(listed, text))
    kinds = {one or other for one, other in kinds}
    assert {"length", "template", "storage", "loop", "vote", "few_shot"} <= kinds
    assert not [kind for kind in kinds if f"| `{kind}` |" not in CLI]


@pytest.mark.parametrize("path", DOCUMENTS)
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target


@pytest.mark.parametrize("text", [GUIDE, README], ids=["guide", "readme"])
def test_keys_that_are_explained_do_something(text: str) -> None:
    named = set(re.findall(r"\b(?:(?:Ctrl|Alt)\+[A-Z]|F\d+)\b", text))
    keys = {key for action in ACTIONS for key in key_names(action.keys, 9).split(", ")}
    assert len(named) >= 5
    assert not named - keys


def test_words_that_are_explained_do_something() -> None:
    named = set(re.findall(r"`/([a-z]+)[^`]*`", GUIDE))
    assert len(named) >= 8
    assert not named - {action.word for action in ACTIONS}


def test_single_keys_that_are_explained_do_something() -> None:
    rows = re.findall(r"^\| ([A-Z](?:, [A-Z])*) \| (.+) \|$", GUIDE, re.MULTILINE)
    of_turns = {key.lower() for keys, _ in rows for key in keys.split(", ")}
    assert len(of_turns) >= 9
    assert not of_turns - set(PICKED_KEYS)
    (of_list,) = re.findall(r"F5 opens the list.*", GUIDE)
    letters = {key.lower() for key in re.findall(r"\b[A-Z]\b(?! begins)", of_list)} - {"n"}
    assert letters == {"p", "r", "d", "u"}
    assert not letters - {key for keys in LIST_KEYS for key in keys.split(",")}


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)
def test_pictures_are_shown_and_load_nothing(path: Path) -> None:
    assert any(f"pictures/{path.name}" in each.read_text(encoding="utf-8") for each in DOCUMENTS)
    picture = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.findall(r"<script|@font-face|@import|url\(|https?://[^<]*[\"')]", picture)
    assert not re.findall(r'href="[^#]', picture)
    assert path.stat().st_size < FILM_BYTES
