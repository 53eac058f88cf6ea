"""The manual page and docs/cli.md have every command and option that there is."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from localr1.cli.main import localr1, run_command_line
from localr1.cli.man_page import EXIT_MEANINGS, commands, page
from localr1.errors import ExitCode
from localr1.settings import settings_reference

DOCUMENTS = Path(__file__).parents[2] / "docs"
CLI = (DOCUMENTS / "cli.md").read_text(encoding="utf-8")
ELSEWHERE = {"convert": "converting.md"}
"""Commands whose options another document describes."""

COMMANDS = list(commands(localr1))
ROFF = "\n".join(page(localr1)) + "\n"


def options_of(command: click.Command) -> list[click.Option]:
    context = click.Context(command)
    options = [each for each in command.get_params(context) if isinstance(each, click.Option)]
    return [each for each in options if not each.hidden and "--help" not in each.opts]


def names_of(option: click.Option) -> list[str]:
    return [*option.opts, *option.secondary_opts]


def escaped(text: str) -> str:
    return text.replace("-", r"\-")


def test_commands_are_found() -> None:
    names = [name for name, _ in COMMANDS]
    assert {"chat", "pull", "history export", "rm", "man"} <= set(names)
    assert "worker" not in names


@pytest.mark.parametrize(("name", "command"), [("", localr1), *COMMANDS])
def test_the_page_has_every_option(name: str, command: click.Command) -> None:
    start = f'.SS "localr1 {escaped(name)}"\n' if name else ".SH OPTIONS\n"
    assert start in ROFF
    section = re.split(r"\n\.S[SH] ", ROFF.partition(start)[2])[0]
    for option in options_of(command):
        for each in names_of(option):
            assert escaped(each) in section, each


@pytest.mark.parametrize(("name", "command"), [("", localr1), *COMMANDS])
def test_the_document_has_every_option(name: str, command: click.Command) -> None:
    first = name.split(maxsplit=1)[0] if name else ""
    text = (DOCUMENTS / ELSEWHERE.get(first, "cli.md")).read_text(encoding="utf-8")
    assert f"localr1 {name}" in CLI
    missing = [
        each
        for option in options_of(command)
        for each in names_of(option)
        if not re.search(rf"`[^`\n]*{re.escape(each)}(?![a-z-])[^`\n]*`", text)
    ]
    assert missing == []


def test_the_page_has_all_settings_and_exit_codes() -> None:
    for setting in settings_reference():
        assert rf"\fB{setting.variable}\fR" in ROFF
    assert set(EXIT_MEANINGS) == set(ExitCode)
    section = CLI.partition("## Exit codes")[2].partition("\n## ")[0]
    for code, meaning in EXIT_MEANINGS.items():
        assert f"| {int(code)} | {meaning}" in section


def test_roff_has_no_stray_requests() -> None:
    known = (".TH ", ".SH ", ".SS ", ".TP", ".PP")
    for line in ROFF.splitlines():
        assert line
        assert not line.startswith("'")
        assert line.startswith(known) or not line.startswith(".")
    assert "\x1b" not in ROFF


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["man"]) == 0
    assert capsys.readouterr().out == ROFF


FORMATTERS = {
    "mandoc": ["mandoc", "-T", "lint", "-W", "error"],
    "groff": ["groff", "-man", "-ww", "-z", "-Tutf8"],
    "man": ["man", "--warnings", "-l", "-"],
}


@pytest.mark.parametrize("name", FORMATTERS)
def test_formatters_accept_it(name: str) -> None:
    if not shutil.which(name):
        pytest.skip(f"{name} is not installed")
    done = subprocess.run(FORMATTERS[name], input=ROFF.encode(), capture_output=True, check=False)
    assert done.returncode == 0
    assert done.stderr == b""
    if name == "man":
        assert b"localr1 pull" in done.stdout
