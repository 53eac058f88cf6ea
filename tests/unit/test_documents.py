"""What the documents list is what the program has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from localr1.errors import ExitCode
from localr1.settings import SettingReference, settings_reference

REPOSITORY = Path(__file__).parents[2]
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


@pytest.mark.parametrize(
    "path", sorted(REPOSITORY.glob("*.md")) + sorted(REPOSITORY.glob("docs/*.md"))
)
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target
