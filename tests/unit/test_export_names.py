"""Names of exported files are readable, and harmless on every system."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localr1.chat.exporting import export_name


@pytest.mark.parametrize(
    ("title", "date", "format_", "name"),
    [
        ("Six times seven?", "2026-11-26T04:31", "markdown", "2026-11-26-Six-times-seven.md"),
        ("../../etc/passwd", "2026-11-26", "json", "2026-11-26-etc-passwd.json"),
        ("数学と物理", "2026-11-26", "html", "2026-11-26-数学と物理.html"),
        ("", "2026-11-26", "html", "2026-11-26-conversation.html"),
        ("CON", "", "json", "conversation-CON.json"),
        ("...", "yesterday", "markdown", "conversation.md"),
        ("a" * 99, "2026-11-26", "json", f"2026-11-26-{'a' * 60}.json"),
    ],
)
def test_names(title: str, date: str, format_: str, name: str) -> None:
    assert export_name(title, date, format_) == name


@given(st.text(), st.text(), st.sampled_from(["markdown", "json", "html"]))
def test_any_title_gives_a_name(title: str, date: str, format_: str) -> None:
    name = export_name(title, date, format_)
    assert re.fullmatch(r"[\w-]+\.(md|json|html)", name)
    assert name[0] not in "-."
    assert len(name.encode()) <= 200
